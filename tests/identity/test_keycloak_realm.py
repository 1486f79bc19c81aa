"""What the realm file promises, asked of a real Keycloak."""

import json
from typing import Any

import httpx2
import jwt
import pytest

from tests.providers.keycloak import CLIENT, REALM_FILE, Keycloak
from tests.providers.person import Person, Pkce, authorization

EXCHANGE = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
}


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


@pytest.mark.parametrize(
    ("user", "granted"),
    [("alice", {"notes:read", "notes:write"}), ("reader", {"notes:read"}), ("writer", {"notes:write"}), ("nobody", set())],
)
def test_people_get_only_the_scopes_of_their_roles(keycloak: Keycloak, user: str, granted: set[str]) -> None:
    token = keycloak.tokens(user, "openid notes:read notes:write")["access_token"]
    assert {scope for scope in claims(token)["scope"].split() if ":" in scope} == granted


def test_a_token_names_this_server_lives_300_seconds_and_has_a_subject(keycloak: Keycloak) -> None:
    token = claims(keycloak.tokens("alice", "openid notes:read")["access_token"])
    assert {keycloak.resource, CLIENT} <= set(token["aud"])
    assert (token["exp"] - token["iat"], token["typ"], token["preferred_username"]) == (300, "Bearer", "alice")
    assert token["sub"] != claims(keycloak.tokens("bob")["access_token"])["sub"]


def test_without_s256_nobody_signs_in(keycloak: Keycloak) -> None:
    refused = Person("alice").sign_in(authorization(keycloak.authorize_url, None, client_id=CLIENT, scope="openid"))
    assert refused["error"] == "invalid_request"
    plain = authorization(
        keycloak.authorize_url, None, client_id=CLIENT, scope="openid", code_challenge="x" * 43, code_challenge_method="plain"
    )
    assert Person("alice").sign_in(plain)["error"] == "invalid_request"


def test_a_wrong_verifier_gets_no_token(keycloak: Keycloak) -> None:
    code = Person("alice").sign_in(authorization(keycloak.authorize_url, Pkce(), client_id=CLIENT, scope="openid"))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://127.0.0.1:3333/cb", "code_verifier": "x" * 43}
    assert keycloak.token(form).json()["error"] == "invalid_grant"


def test_a_client_registers_itself_and_its_tokens_name_this_server_only(keycloak: Keycloak) -> None:
    client = keycloak.register(grant_types=["authorization_code", "refresh_token"], scope="openid offline_access notes:read")
    token = claims(keycloak.tokens("alice", "openid notes:read", client=client["client_id"], secret=None)["access_token"])
    assert set(token["aud"]) == {keycloak.resource, CLIENT}
    assert "notes:read" in token["scope"].split()


def test_a_client_of_another_host_cannot_register_itself(keycloak: Keycloak) -> None:
    asked = {"client_name": "X", "redirect_uris": ["https://evil.example/cb"]}
    assert httpx2.post(f"{keycloak.issuer}/clients-registrations/openid-connect", json=asked).status_code == 403


def test_only_trusted_hosts_may_register_clients_unless_the_deployment_says_otherwise(keycloak: Keycloak) -> None:
    policies = keycloak.admin("GET", "/components?name=Trusted Hosts").json()
    assert [policy["config"]["host-sending-registration-request-must-match"] for policy in policies] == [["true"]]
    assert [policy["config"]["client-uris-must-match"] for policy in policies] == [["true"]]


def test_with_resource_indicators_a_token_names_the_resource_alone_and_its_client_may_exchange_it(keycloak: Keycloak) -> None:
    """Why this server's client is named by its resource at a Keycloak with that feature."""
    pkce, desk = Pkce(), keycloak.register()["client_id"]
    asked = authorization(keycloak.authorize_url, pkce, client_id=desk, scope="openid notes:read", resource=keycloak.resource)
    code = Person("alice").sign_in(asked)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://127.0.0.1:3333/cb", "code_verifier": pkce.verifier}
    subject = keycloak.token({**form, "resource": keycloak.resource}, client=desk, secret=None).json()["access_token"]
    assert claims(subject)["aud"] == keycloak.resource
    exchange = {**EXCHANGE, "subject_token": subject, "audience": "nextcloud", "scope": "notes:read"}
    refused = keycloak.token(exchange)
    assert (refused.status_code, refused.json()["error"]) == (403, "access_denied")
    allowed = keycloak.token(exchange, client=keycloak.named_by_its_resource()).json()
    assert claims(allowed["access_token"])["aud"] == "nextcloud"


def test_a_resource_that_is_not_this_server_gets_no_token(keycloak: Keycloak) -> None:
    pkce, elsewhere = Pkce(), {"resource": "https://elsewhere.example/mcp"}
    code = Person("alice").sign_in(authorization(keycloak.authorize_url, pkce, client_id=CLIENT, scope="openid", **elsewhere))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://127.0.0.1:3333/cb", "code_verifier": pkce.verifier}
    assert keycloak.token({**form, **elsewhere}).json()["error"] == "invalid_target"


def test_a_refresh_token_works_once(keycloak: Keycloak) -> None:
    first = keycloak.tokens("alice", "openid offline_access")["refresh_token"]
    second = keycloak.token({"grant_type": "refresh_token", "refresh_token": first}).json()["refresh_token"]
    assert second != first
    assert keycloak.token({"grant_type": "refresh_token", "refresh_token": first}).json()["error"] == "invalid_grant"


def test_an_exchanged_token_is_for_nextcloud_alone_and_keeps_the_subject(keycloak: Keycloak) -> None:
    subject = keycloak.tokens("alice", "openid notes:read files:read")["access_token"]
    answer = keycloak.token({**EXCHANGE, "subject_token": subject, "audience": "nextcloud", "scope": "notes:read"}).json()
    token = claims(answer["access_token"])
    assert (token["aud"], token["sub"]) == ("nextcloud", claims(subject)["sub"])
    assert "files:read" not in token["scope"].split()
    assert "notes:read" in token["scope"].split()


def test_a_registered_clients_token_can_be_exchanged_too(keycloak: Keycloak) -> None:
    client = keycloak.register()["client_id"]
    subject = keycloak.tokens("bob", "openid notes:read", client=client, secret=None)["access_token"]
    answer = keycloak.token({**EXCHANGE, "subject_token": subject, "audience": "nextcloud", "scope": "notes:read"}).json()
    assert claims(answer["access_token"])["aud"] == "nextcloud"


def test_impersonation_changes_the_subject(keycloak: Keycloak) -> None:
    own = keycloak.token({"grant_type": "client_credentials"}).json()["access_token"]
    answer = keycloak.token({**EXCHANGE, "subject_token": own, "requested_subject": "alice"}).json()
    token = claims(answer["access_token"])
    assert token["sub"] == claims(keycloak.tokens("alice")["access_token"])["sub"] != claims(own)["sub"]


def test_every_app_scope_is_optional_and_says_what_it_allows() -> None:
    realm = json.loads(REALM_FILE.read_text())
    apps = [scope for scope in realm["clientScopes"] if ":" in scope["name"]]
    assert {scope["name"] for scope in apps} < set(realm["defaultOptionalClientScopes"])
    assert all(scope["attributes"]["consent.screen.text"] and scope["attributes"]["include.in.token.scope"] == "true" for scope in apps)


def test_the_bearer_only_client_signs_nobody_in(keycloak: Keycloak) -> None:
    page = Person("alice").open(authorization(keycloak.authorize_url, Pkce(), client_id="nextcloud", scope="openid"))
    assert "bearer-only" in page.text.lower() or "bearer only" in page.text.lower()
