import json
from pathlib import Path
from typing import Any

import pytest

from nextcloud_mcp_server.auth.oidc import urls
from nextcloud_mcp_server.auth.oidc.discovery import Overrides, discover, read
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused, ProviderUnfit
from nextcloud_mcp_server.auth.oidc.http import ClientSecret
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from nextcloud_mcp_server.core.errors import Unreachable
from tests.unit.auth.stub_http import Reply, StubHttp
from tests.unit.auth.tokens import Signer

URL = "http://keycloak:8080/realms/one/.well-known/openid-configuration"
PUBLIC = "https://sso.example/realms/one"
CAPTURE = Path(__file__).parents[3] / "captures" / "oidc" / "02-wellknown.txt"


def document(issuer: str = "http://keycloak:8080/realms/one", **more: Any) -> dict[str, Any]:
    ends = ("authorization", "token", "introspection", "revocation", "registration", "userinfo")
    return {
        "issuer": issuer,
        **{f"{name}_endpoint": f"{issuer}/{name}" for name in ends},
        "jwks_uri": f"{issuer}/certs",
        "code_challenge_methods_supported": ["plain", "S256"],
        **more,
    }


def test_a_plain_document() -> None:
    found = read(document(), URL, Overrides())
    assert (found.issuer, found.token_endpoint) == ("http://keycloak:8080/realms/one", "http://keycloak:8080/realms/one/token")
    assert not found.exchanges


def test_what_the_server_calls_moves_to_the_inner_host_and_what_a_browser_opens_stays_public() -> None:
    found = read(document(PUBLIC), URL, Overrides(issuer=PUBLIC))
    assert found.issuer == PUBLIC
    assert found.authorization_endpoint == f"{PUBLIC}/authorization"
    inner = "http://keycloak:8080/realms/one"
    moved = (found.token_endpoint, found.jwks_uri, found.introspection_endpoint, found.revocation_endpoint)
    assert moved == (f"{inner}/token", f"{inner}/certs", f"{inner}/introspection", f"{inner}/revocation")
    assert (found.registration_endpoint, found.userinfo_endpoint) == (f"{inner}/registration", f"{inner}/userinfo")


def test_an_endpoint_at_a_third_host_stays() -> None:
    found = read(document(PUBLIC, jwks_uri="https://keys.example/certs"), URL, Overrides(issuer=PUBLIC))
    assert found.jwks_uri == "https://keys.example/certs"


def test_an_inner_document_with_a_public_issuer() -> None:
    assert read(document(), URL, Overrides(issuer=PUBLIC)).issuer == PUBLIC


def test_overrides_win() -> None:
    given = Overrides(jwks_uri="https://a/jwks", introspection_endpoint="https://a/i", userinfo_endpoint="https://a/u")
    found = read(document(), URL, given)
    assert (found.jwks_uri, found.introspection_endpoint, found.userinfo_endpoint) == ("https://a/jwks", "https://a/i", "https://a/u")


@pytest.mark.parametrize(
    ("told", "overrides", "setting"),
    [
        (document(issuer="https://evil.example"), Overrides(), "NEXTCLOUD_PUBLIC_ISSUER_URL"),
        (document(issuer="https://evil.example"), Overrides(issuer=PUBLIC), "NEXTCLOUD_PUBLIC_ISSUER_URL"),
        (document(issuer=PUBLIC), Overrides(), "NEXTCLOUD_PUBLIC_ISSUER_URL=https://sso.example/realms/one"),
        ({**document(), "issuer": 7}, Overrides(), "OIDC_DISCOVERY_URL"),
        ({**document(), "token_endpoint": None}, Overrides(), "OIDC_DISCOVERY_URL"),
        ({**document(), "code_challenge_methods_supported": ["plain"]}, Overrides(), "PKCE"),
        ({**document(), "code_challenge_methods_supported": None}, Overrides(), "PKCE"),
    ],
)
def test_an_unfit_provider_is_named_with_the_setting(told: dict[str, Any], overrides: Overrides, setting: str) -> None:
    with pytest.raises(ProviderUnfit) as refused:
        read(told, URL, overrides)
    assert setting in refused.value.hint


def test_nextclouds_own_provider_as_recorded() -> None:
    told = json.loads(CAPTURE.read_text().partition("----- RESPONSE -----")[2].partition("\n\n")[2])
    found = read(told, "http://127.0.0.1:8080/index.php/.well-known/openid-configuration", Overrides())
    assert (found.issuer, found.exchanges, found.revocation_endpoint) == ("http://127.0.0.1:8080", False, "")
    assert found.auth_methods == {"client_secret_post", "client_secret_basic"}


@pytest.mark.parametrize(
    ("failure", "raised"), [(OAuthRefused("x", status=404), Unreachable), (OAuthRefused("x", status=403), ProviderUnfit)]
)
async def test_a_document_that_is_not_there_yet_is_waited_for(failure: Reply, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        await discover(StubHttp(**{"openid-configuration": failure}), URL)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("https://a.example", "https://A.example:443/", True),
        ("http://a.example:80/x", "http://a.example/x/", True),
        ("http://[::1]:80", "http://[::1]", True),
        ("https://a.example", "http://a.example", False),
        ("https://a.example/x", "https://a.example/X", False),
        ("https://a.example:444", "https://a.example", False),
        ("https://a.example:x", "https://a.example", False),
    ],
)
def test_issuers_are_the_same_but_for_default_ports_case_and_slash(one: str, other: str, equal: bool) -> None:
    assert urls.same(one, other) is equal


@pytest.mark.parametrize(
    ("methods", "headers", "form"),
    [
        ({"client_secret_basic", "client_secret_post"}, {"Authorization": "Basic YSUzQWI6cyUyRjE="}, {}),
        ({"client_secret_post"}, {}, {"client_id": "a:b", "client_secret": "s/1"}),
        ({"private_key_jwt"}, {"Authorization": "Basic YSUzQWI6cyUyRjE="}, {}),
    ],
)
def test_the_client_proves_itself_as_the_provider_allows(methods: set[str], headers: dict[str, str], form: dict[str, str]) -> None:
    assert ClientSecret("a:b", "s/1").authenticate(frozenset(methods)) == (headers, form)
    assert ClientSecret("a:b").authenticate(frozenset(methods)) == ({}, {"client_id": "a:b"})
    assert "s/1" not in repr(ClientSecret("a:b", "s/1"))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_an_unknown_key_is_looked_up_once_in_a_while() -> None:
    clock, old, new = Clock(), Signer("old"), Signer("new")
    http = StubHttp(certs={"keys": [old.jwk()]})
    jwks = Jwks(http, "https://x/certs", clock=clock)
    assert await jwks.key("old", "RS256")
    http.answers["certs"] = {"keys": [new.jwk()]}
    for _ in range(50):
        assert await jwks.key("new", "RS256") is None
    assert len(http.asked) == 1
    clock.now += 15
    assert await jwks.key("new", "RS256")
    assert await jwks.key("old", "RS256") is None
    assert len(http.asked) == 2


async def test_known_keys_go_on_being_good_while_the_provider_is_down() -> None:
    clock, signer = Clock(), Signer()
    http = StubHttp(certs={"keys": [signer.jwk()]})
    jwks = Jwks(http, "https://x/certs", clock=clock)
    await jwks.key("one", "RS256")
    http.answers["certs"] = Unreachable("down")
    clock.now += 10_000
    assert await jwks.key("one", "RS256")
    http.answers["certs"] = {"keys": []}
    clock.now += 20
    assert await jwks.key("one", "RS256") is None


async def test_a_key_for_encryption_verifies_nothing() -> None:
    jwks = Jwks(StubHttp(certs={"keys": [Signer().jwk(use="enc")]}), "https://x/certs")
    assert await jwks.key("one", "RS256") is None
