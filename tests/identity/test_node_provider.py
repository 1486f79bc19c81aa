"""What the second provider does, so that the tests that lean on it lean on something."""

import httpx2
import jwt
import pytest

from tests.providers.node_provider import CLIENT, NEXTCLOUD, RESOURCE, SECRET, NodeProvider

EXCHANGE = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
}


def introspected(provider: NodeProvider, token: str) -> dict[str, object]:
    return httpx2.post(f"{provider.issuer}/token/introspection", data={"token": token}, auth=(CLIENT, SECRET)).json()


@pytest.mark.parametrize(("user", "granted"), [("alice", {"notes:read", "notes:write"}), ("reader", {"notes:read"}), ("nobody", set())])
def test_a_token_for_this_server_is_opaque_and_introspection_tells_audience_and_scopes(
    node_provider: NodeProvider, user: str, granted: set[str]
) -> None:
    token = node_provider.tokens(user, "openid notes:read notes:write")["access_token"]
    assert "." not in token
    told = introspected(node_provider, token)
    assert (told["active"], told["aud"], told["sub"]) == (True, RESOURCE, user)
    assert {scope for scope in str(told.get("scope", "")).split() if ":" in scope} == granted


def test_a_reused_refresh_token_ends_its_family(node_provider: NodeProvider) -> None:
    first = node_provider.tokens("alice", "openid offline_access notes:read")["refresh_token"]
    second = node_provider.token({"grant_type": "refresh_token", "refresh_token": first}).json()["refresh_token"]
    for spent in (first, second):
        assert node_provider.token({"grant_type": "refresh_token", "refresh_token": spent}).json()["error"] == "invalid_grant"


def test_exchange_gives_a_jwt_for_nextcloud_and_keeps_the_subject(node_provider: NodeProvider) -> None:
    subject = node_provider.tokens("bob", "openid notes:read files:read")["access_token"]
    answer = node_provider.token({**EXCHANGE, "subject_token": subject, "resource": NEXTCLOUD, "scope": "notes:read"}).json()
    token = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert (token["aud"], token["sub"], token["scope"]) == (NEXTCLOUD, "bob", "notes:read")


def test_an_unknown_resource_is_refused(node_provider: NodeProvider) -> None:
    with pytest.raises(KeyError):
        node_provider.tokens("alice", "openid", resource="http://evil.example")
