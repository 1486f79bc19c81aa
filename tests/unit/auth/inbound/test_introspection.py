from typing import Any

import pytest

from nextcloud_mcp_server.auth.inbound.claims import Expected
from nextcloud_mcp_server.auth.inbound.introspection import IntrospectionVerifier, WithUserinfo
from nextcloud_mcp_server.auth.inbound.verified import Refused
from nextcloud_mcp_server.auth.oidc.discovery import Provider
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.http import ClientSecret
from nextcloud_mcp_server.core.errors import BadAnswer, Unreachable
from tests.unit.auth.stub_http import Reply, StubHttp
from tests.unit.auth.tokens import BAD_CLAIMS, CLIENT, ISSUER, NOW, RESOURCE, claims

PROVIDER = Provider(ISSUER, "a", "t", introspection_endpoint="https://sso/introspect", userinfo_endpoint="https://sso/userinfo")


def verifier(told: Reply, *, userinfo: Reply | None = None, claim: str = "sub") -> tuple[WithUserinfo, StubHttp]:
    http = StubHttp(introspect=told, userinfo=userinfo or {})
    client = ClientSecret(CLIENT, "geheim")
    asked = IntrospectionVerifier(Expected(ISSUER, RESOURCE, client, claim), PROVIDER, client, http, clock=lambda: NOW)
    return WithUserinfo(asked, PROVIDER, claim, http), http


def active(**more: Any) -> dict[str, Any]:
    return {"active": True, "token_type": "Bearer", **claims(**more)}


async def test_an_active_token_tells_who_and_what() -> None:
    check, http = verifier(active(iss=None))
    found = await check.verify("opaque")
    assert (found.subject, found.scopes, found.issuer) == ("alice-id", {"openid", "notes:read"}, ISSUER)
    assert http.asked[0][1]["token"] == "opaque"
    assert http.asked[0][1]["Authorization"].startswith("Basic ")


@pytest.mark.parametrize("given", [c for c in BAD_CLAIMS if c != {"iss": None}], ids=str)
async def test_the_same_rules_as_for_a_jwt(given: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        await verifier(active(**given))[0].verify("opaque")


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"active": False},
        {"active": "true", **claims()},
        {"active": 1, **claims()},
        active(scope=None),
        {**active(), "token_type": "refresh_token"},
        {**active(), "token_type": 7},
        active(aud=None),
        {key: value for key, value in active(aud=CLIENT).items() if key != "token_type"},
    ],
    ids=str,
)
async def test_an_answer_that_does_not_prove_the_token_is_a_refusal(told: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        await verifier(told)[0].verify("opaque")


@pytest.mark.parametrize("failure", [OAuthRefused("invalid_client", status=401), BadAnswer("list"), Unreachable("gone")])
async def test_a_provider_that_does_not_answer_is_no_refusal(failure: Exception) -> None:
    with pytest.raises(Unreachable):
        await verifier(failure)[0].verify("opaque")


@pytest.mark.parametrize("token", ["tökén", "x" * 5000, "a\nb", "a\x00b"])
async def test_what_cannot_be_a_token_is_not_asked_about(token: str) -> None:
    check, http = verifier(active())
    with pytest.raises(Refused):
        await check.verify(token)
    assert http.asked == []


async def test_userinfo_adds_the_claim_and_proves_nothing() -> None:
    check, _ = verifier(active(), userinfo={"sub": "alice-id", "email": "alice@example.org"}, claim="email")
    assert (await check.verify("opaque")).subject == "alice@example.org"
    inactive, http = verifier({"active": False}, userinfo={"sub": "alice-id", "email": "alice@example.org"}, claim="email")
    with pytest.raises(Refused):
        await inactive.verify("opaque")
    assert len(http.asked) == 1


@pytest.mark.parametrize(
    "userinfo", [{"sub": "bob-id", "email": "b@x"}, {"sub": "alice-id"}, {"email": "a@x"}, OAuthRefused("invalid_token", status=401)]
)
async def test_userinfo_about_somebody_else_or_without_the_claim_is_a_refusal(userinfo: Reply) -> None:
    check, _ = verifier(active(), userinfo=userinfo, claim="email")
    with pytest.raises(Refused):
        await check.verify("opaque")
