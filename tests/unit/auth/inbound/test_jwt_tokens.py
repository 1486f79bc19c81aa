from itertools import islice
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from nextcloud_mcp_server.auth.inbound.bearer import Bearer, ByForm
from nextcloud_mcp_server.auth.inbound.claims import Expected
from nextcloud_mcp_server.auth.inbound.jwt_tokens import JwtVerifier
from nextcloud_mcp_server.auth.inbound.token_cache import CachedVerifier
from nextcloud_mcp_server.auth.inbound.verified import Refused
from nextcloud_mcp_server.auth.oidc.http import ClientSecret
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from nextcloud_mcp_server.auth.ports import Unauthorized
from nextcloud_mcp_server.core.errors import Unreachable
from tests.unit.auth.stub_http import StubHttp
from tests.unit.auth.tokens import BAD_CLAIMS, BAD_HEADERS, CLIENT, ISSUER, NOW, RESOURCE, Signer, claims, forged

METADATA = "https://mcp.example/.well-known/oauth-protected-resource/mcp"
EXPECTED = Expected(ISSUER, RESOURCE, ClientSecret(CLIENT))


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


def verifier(*jwks: dict[str, Any], expected: Expected = EXPECTED) -> JwtVerifier:
    http = StubHttp(certs={"keys": list(jwks)})
    return JwtVerifier(expected, Jwks(http, "https://sso.example/certs"), clock=lambda: NOW)


async def test_a_good_token_tells_who_and_what(signer: Signer) -> None:
    found = await verifier(signer.jwk()).verify(signer.sign(claims()))
    assert (found.issuer, found.subject, found.client_id) == (ISSUER, "alice-id", "assistant")
    assert found.scopes == {"openid", "notes:read"}
    caller = found.caller()
    assert caller.key == (ISSUER, "alice-id")
    assert signer.sign(claims()) not in repr(caller) + repr(found)


@pytest.mark.parametrize(
    "given",
    [
        {"aud": [RESOURCE, "nextcloud"]},
        {"aud": RESOURCE + "/"},
        {"aud": "https://mcp.example:443/mcp"},
        {"aud": CLIENT},
        {"iss": ISSUER + "/"},
        {"exp": int(NOW) - 5},
        {"nbf": int(NOW) + 5},
        {"scope": None},
    ],
)
async def test_what_is_accepted_beside_the_plain_form(signer: Signer, given: dict[str, Any]) -> None:
    assert (await verifier(signer.jwk()).verify(signer.sign(claims(**given)))).subject == "alice-id"


@pytest.mark.parametrize("given", BAD_CLAIMS, ids=str)
async def test_a_wrong_claim_is_refused(signer: Signer, given: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        await verifier(signer.jwk()).verify(signer.sign(claims(**given)))


@pytest.mark.parametrize("given", BAD_HEADERS, ids=str)
async def test_a_wrong_header_is_refused(signer: Signer, given: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        await verifier(signer.jwk()).verify(signer.sign(claims(), **given))


async def test_our_client_id_is_an_audience_only_for_a_proven_access_token(signer: Signer) -> None:
    for more, header in ({"typ": "Bearer"}, {"typ": "JWT"}), ({}, {"typ": "at+jwt"}), ({}, {"typ": "application/at+jwt"}):
        await verifier(signer.jwk()).verify(signer.sign(claims(aud=CLIENT, **more), **header))
    with pytest.raises(Refused, match="not proven to be an access token"):
        await verifier(signer.jwk()).verify(signer.sign(claims(aud=CLIENT), typ="JWT"))
    with pytest.raises(Refused, match="audience"):
        await verifier(signer.jwk(), expected=Expected(ISSUER, RESOURCE, None)).verify(signer.sign(claims(aud=CLIENT)))


async def test_the_refusal_names_the_audience_expected_and_the_one_received(signer: Signer) -> None:
    with pytest.raises(Refused, match=f"{RESOURCE}.*nextcloud, account"):
        await verifier(signer.jwk()).verify(signer.sign(claims(aud=["nextcloud", "account"])))


async def test_another_claim_can_name_the_subject_and_its_absence_is_told(signer: Signer) -> None:
    wanted = Expected(ISSUER, RESOURCE, user_claim="preferred_username")
    found = await verifier(signer.jwk(), expected=wanted).verify(signer.sign(claims(preferred_username="alice")))
    assert found.subject == "alice"
    with pytest.raises(Refused, match="preferred_username"):
        await verifier(signer.jwk(), expected=wanted).verify(signer.sign(claims()))


async def test_scopes_written_with_a_dot_or_as_a_list_are_the_same(signer: Signer) -> None:
    check = verifier(signer.jwk())
    assert (await check.verify(signer.sign(claims(scope="notes.read mail.send a.b.read x.y")))).scopes == {
        "notes:read", "mail:send", "a.b:read", "x.y",
    }  # fmt: skip
    assert (await check.verify(signer.sign(claims(scope=None, scp=["notes:read", 7])))).scopes == {"notes:read"}


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS256"])
async def test_every_algorithm_of_the_keys_family(signer: Signer, algorithm: str) -> None:
    await verifier(signer.jwk()).verify(signer.sign(claims(), alg=algorithm))


async def test_an_elliptic_key(signer: Signer) -> None:
    import json

    import jwt

    key = ec.generate_private_key(ec.SECP256R1())
    jwk = {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())), "kid": "ec"}
    token = jwt.encode(claims(), key, "ES256", {"kid": "ec"})
    await verifier(signer.jwk(), jwk).verify(token)


async def test_a_token_without_key_id_needs_a_single_fitting_key(signer: Signer) -> None:
    token = signer.sign(claims(), kid=None)
    await verifier(signer.jwk()).verify(token)
    with pytest.raises(Refused):
        await verifier(signer.jwk(), Signer("two").jwk()).verify(token)


@pytest.mark.parametrize(
    "document", [{}, {"keys": []}, {"keys": None}, {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "one"}, 7, {"kty": "RSA"}]}]
)
async def test_a_provider_without_usable_keys_accepts_nothing(signer: Signer, document: dict[str, Any]) -> None:
    check = JwtVerifier(EXPECTED, Jwks(StubHttp(certs=document), "https://x/certs"), clock=lambda: NOW)
    with pytest.raises(Refused):
        await check.verify(signer.sign(claims()))


async def test_keys_that_cannot_be_fetched_are_no_refusal(signer: Signer) -> None:
    check = JwtVerifier(EXPECTED, Jwks(StubHttp(certs=Unreachable("gone")), "https://x/certs"), clock=lambda: NOW)
    with pytest.raises(Unreachable):
        await check.verify(signer.sign(claims()))


async def test_ten_thousand_forged_tokens_none_accepted_each_with_the_challenge(signer: Signer) -> None:
    asked = ByForm(verifier(signer.jwk()), None)
    inbound = Bearer(
        CachedVerifier(asked, clock=lambda: NOW), "https://mcp.example/.well-known/oauth-protected-resource/mcp", lambda: ["notes:read"]
    )
    assert (await inbound.identify({"authorization": f"Bearer {signer.sign(claims())}"})).subject == "alice-id"
    kinds: dict[str, int] = {}
    for kind, token in islice(forged(signer), 10_000):
        with pytest.raises(Unauthorized) as told:
            await inbound.identify({"authorization": f"Bearer {token}"})
        kinds[kind] = kinds.get(kind, 0) + 1
        challenge = told.value.challenge
        assert challenge.startswith("Bearer ")
        assert f'resource_metadata="{METADATA}"' in challenge
        assert 'scope="notes:read"' in challenge
        assert challenge.isascii()
        assert challenge.isprintable()
        assert ('error="invalid_token"' in challenge) == bool(token.strip())
        assert len(token) < 20 or token not in challenge
    assert len(kinds) == 23
    assert min(kinds.values()) > 300
