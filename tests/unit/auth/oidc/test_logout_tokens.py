"""OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.6."""

from typing import Any

import pytest

from nextcloud_mcp_server.auth.inbound.verified import Refused
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from nextcloud_mcp_server.auth.oidc.logout_tokens import EVENT, OLDEST_SECONDS, LogoutToken, verify
from nextcloud_mcp_server.core.errors import Unreachable
from tests.unit.auth.stub_http import StubHttp
from tests.unit.auth.tokens import CLIENT, ISSUER, NOW, RESOURCE, Signer, claims, encoded

WRONG: list[dict[str, Any]] = [
    {"iss": None},
    {"iss": "https://sso.example/realms/two"},
    {"iss": [ISSUER]},
    {"aud": None},
    {"aud": "another-client"},
    {"aud": [RESOURCE]},
    {"iat": None},
    {"iat": int(NOW) + 60},
    {"iat": int(NOW - OLDEST_SECONDS) - 1},
    {"iat": True},
    {"exp": None},
    {"exp": int(NOW) - 60},
    {"exp": "9999999999"},
    {"jti": None},
    {"jti": ""},
    {"jti": 7},
    {"jti": "x" * 256},
    {"sub": None, "sid": None},
    {"sub": ["alice"]},
    {"sid": {"a": 1}},
    {"sid": "a\nb"},
    {"nonce": "n"},
    {"nonce": ""},
    {"events": None},
    {"events": {}},
    {"events": EVENT},
    {"events": [EVENT]},
    {"events": {EVENT: None}},
    {"events": {EVENT: "x"}},
    {"events": {"http://schemas.openid.net/event/other": {}}},
    {"typ": "ID"},
    {"typ": "Bearer"},
]


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


def told(**more: Any) -> dict[str, Any]:
    """Claims of a good logout token; a value of None leaves one out."""
    good = {"iss": ISSUER, "aud": CLIENT, "iat": int(NOW), "exp": int(NOW) + 120, "jti": "one", "sub": "alice-id", "sid": "session-1"}
    return {name: value for name, value in {**good, "events": {EVENT: {}}, **more}.items() if value is not None}


async def check(signer: Signer, token: str) -> LogoutToken:
    jwks = Jwks(StubHttp(certs={"keys": [signer.jwk()]}), "https://sso.example/certs")
    return await verify(token, jwks, issuer=ISSUER, client_id=CLIENT, now=NOW)


@pytest.mark.parametrize("kind", ["logout+jwt", "application/logout+jwt", "JWT", None])
async def test_a_good_token_names_the_session_and_the_person(signer: Signer, kind: str | None) -> None:
    found = await check(signer, signer.sign(told(), typ=kind))
    assert found == LogoutToken(ISSUER, "one", "session-1", "alice-id", NOW)


@pytest.mark.parametrize("given", [{"sub": None}, {"sid": None}, {"aud": ["x", CLIENT]}, {"typ": "Logout"}, {"iss": ISSUER + "/"}])
async def test_what_else_is_accepted(signer: Signer, given: dict[str, Any]) -> None:
    found = await check(signer, signer.sign(told(**given), typ="logout+jwt"))
    assert (found.sid, found.sub) == (told(**given).get("sid"), told(**given).get("sub"))


@pytest.mark.parametrize("given", WRONG, ids=str)
async def test_a_wrong_claim_is_refused(signer: Signer, given: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        await check(signer, signer.sign(told(**given), typ="logout+jwt"))


@pytest.mark.parametrize("header", [{"typ": "at+jwt"}, {"typ": "dpop+jwt"}, {"typ": 7}, {"crit": ["exp"]}, {"kid": "other"}], ids=str)
async def test_a_wrong_header_is_refused(signer: Signer, header: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        await check(signer, signer.sign(told(), **header))


async def test_another_key_no_signature_or_a_changed_claim_is_refused(signer: Signer) -> None:
    good = signer.sign(told(), typ="logout+jwt")
    head, _, signature = good.split(".")
    none = encoded({"alg": "none", "typ": "logout+jwt", "kid": signer.kid})
    forged = [
        Signer(signer.kid).sign(told(), typ="logout+jwt"),
        f"{none}.{encoded(told())}.",
        f"{head}.{encoded(told(sid='session-2'))}.{signature}",
        f"{head}.{encoded(told())}.",
        good[:-8],
        "",
        "x",
        "a.b.c",
        good + "A" * 20_000,
    ]
    for token in forged:
        with pytest.raises(Refused):
            await check(signer, token)


async def test_neither_an_access_token_nor_an_id_token_signs_anybody_out(signer: Signer) -> None:
    for token in (signer.sign(claims()), signer.sign(claims(aud=CLIENT, nonce="n"), typ="JWT"), signer.sign(claims(aud=CLIENT), typ=None)):
        with pytest.raises(Refused):
            await check(signer, token)


async def test_keys_that_cannot_be_fetched_are_no_refusal(signer: Signer) -> None:
    jwks = Jwks(StubHttp(certs=Unreachable("gone")), "https://sso.example/certs")
    with pytest.raises(Unreachable):
        await verify(signer.sign(told(), typ="logout+jwt"), jwks, issuer=ISSUER, client_id=CLIENT, now=NOW)
