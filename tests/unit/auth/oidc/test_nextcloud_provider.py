"""Nextcloud's own provider (app `oidc` 1.17) as it was recorded: registration, tokens, renewal, introspection."""

import base64
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from nextcloud_mcp_server.auth.inbound.claims import Expected, accept
from nextcloud_mcp_server.auth.inbound.introspection import IntrospectionVerifier
from nextcloud_mcp_server.auth.inbound.verified import Refused
from nextcloud_mcp_server.auth.oidc.discovery import Overrides, Provider, read
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.auth.oidc.registration import Wish, client_of
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenEndpoint, refused_for_good
from tests.support.wire import Exchange, Wire, reply, wire

FOLDER = Path(__file__).parents[3] / "captures" / "oidc"
THERE = "http://127.0.0.1:8080"
CLIENT = ClientSecret("stXokouUwNhSWN8SwQqvKBHISAcCRcQLBkm1NyXIzAiPsc62okQimPuFwCnYHRaS", "v655")
RESOURCE = "http://127.0.0.1:9000/mcp"
ISSUED = 1795221736.0
"""When the recorded JWT was issued (epoch seconds)."""


@dataclass(frozen=True)
class Recorded:
    """One exchange."""

    request: str
    status: int
    body: bytes

    @property
    def method(self) -> str:
        return self.request.split(" ", 1)[0]

    @property
    def path(self) -> str:
        return self.request.split(" ", 2)[1]

    @property
    def fields(self) -> set[str]:
        """Of the request's form."""
        sent = self.request.partition("\n\n")[2].split("\n\n")[0].strip()
        return set(parse_qs(sent))

    @property
    def told(self) -> dict[str, Any]:
        return json.loads(self.body)


def recorded(number: str) -> Recorded:
    (file,) = FOLDER.glob(f"{number}-*.txt")
    request, _, response = file.read_text().partition("----- RESPONSE -----\n")
    head, _, body = response.partition("\n\n")
    return Recorded(request, int(head.split(" ")[1]), body.strip().encode())


@asynccontextmanager
async def answering(*numbers: str) -> AsyncGenerator[tuple[Wire, Provider, OidcHttp]]:
    """A provider that answers as recorded, in turn, and refuses to be asked anything but what was recorded."""
    turns = iter([recorded(number) for number in numbers])

    def answer(exchange: Exchange) -> bytes:
        now = next(turns)
        assert (exchange.method, exchange.path.removeprefix("/index.php")) == (now.method, now.path.removeprefix("/index.php"))
        return reply(now.status, now.body, Content_Type="application/json; charset=utf-8")

    found = read(recorded("02").told, f"{THERE}/index.php/.well-known/openid-configuration", Overrides())
    async with wire(answer) as served:
        here = {
            name: str(getattr(found, name)).replace(THERE, served.url) for name in ("token_endpoint", "introspection_endpoint", "jwks_uri")
        }
        http = OidcHttp()
        try:
            yield served, replace(found, **here), http
        finally:
            await http.aclose()


async def test_a_code_becomes_tokens_with_the_lifetimes_that_are_told() -> None:
    async with answering("17") as (served, provider, http):
        found = await TokenEndpoint(provider, CLIENT, http, clock=lambda: 1000.0).code("c", "http://127.0.0.1:8090/cb", "v", None)
    told = recorded("17").told
    assert (found.access_token, found.refresh_token, found.id_token) == (told["access_token"], told["refresh_token"], told["id_token"])
    assert (found.expires_at, found.refresh_expires_at) == (1900.0, 1900.0)
    assert set(parse_qs(served.seen[0].body.decode())) == recorded("17").fields
    assert (served.seen[0].header("authorization") or "").startswith("Basic ")


async def test_a_refresh_gives_a_new_refresh_token_too() -> None:
    async with answering("33") as (_, provider, http):
        found = await TokenEndpoint(provider, CLIENT, http).refresh("old", (), None)
    assert found.refresh_token == recorded("33").told["refresh_token"]


async def test_a_refresh_token_of_no_stated_lifetime_ends_with_the_access_token() -> None:
    """74 and 74b: `refresh_expires_in` 0, good after 50 s, dead after 70 s where access tokens live 60 s."""
    async with answering("74") as (_, provider, http):
        found = await TokenEndpoint(provider, CLIENT, http, clock=lambda: 1000.0).refresh("old", (), None)
    assert (found.expires_at, found.refresh_expires_at) == (1060.0, 1060.0)


@pytest.mark.parametrize("number", ["34", "74b", "76", "80"])
async def test_a_refresh_token_that_is_spent_or_over_is_over_for_good(number: str) -> None:
    async with answering(number) as (_, provider, http):
        with pytest.raises(OAuthRefused) as refused:
            await TokenEndpoint(provider, CLIENT, http).refresh("old", (), None)
    assert refused_for_good(refused.value)


async def test_a_wrong_client_secret_ends_nobodys_grant() -> None:
    async with answering("64") as (_, provider, http):
        with pytest.raises(OAuthRefused) as refused:
            await TokenEndpoint(provider, CLIENT, http).refresh("old", (), None)
    assert not refused_for_good(refused.value)
    assert refused.value.status == 401


@pytest.mark.parametrize("number", ["14", "18"])
async def test_a_code_is_good_once_and_with_its_verifier(number: str) -> None:
    async with answering(number) as (_, provider, http):
        with pytest.raises(OAuthRefused):
            await TokenEndpoint(provider, CLIENT, http).code("c", "http://127.0.0.1:8090/cb", "v", None)


def test_a_registered_client_ends_after_an_hour() -> None:
    told = recorded("07").told
    found = client_of(told)
    assert (found.client_id, found.secret) == (told["client_id"], told["client_secret"])
    assert found.expires_at - told["client_id_issued_at"] == 3600
    asked = json.loads(recorded("07").request.partition("\n\n")[2])
    wish = Wish(("http://127.0.0.1:8090/cb",), ("openid",), "opaque", "http://127.0.0.1:8090/logout")
    metadata = wish.metadata(read(recorded("02").told, f"{THERE}/index.php/.well-known/openid-configuration", Overrides()))
    assert asked.keys() <= metadata.keys() | {"client_name"}
    assert "backchannel_logout_uri" not in metadata, "it does not say that it supports that"


async def test_an_opaque_token_is_proven_by_introspection_to_its_own_client_only() -> None:
    async with answering("21", "24", "71") as (_, provider, http):
        expected = Expected(provider.issuer, RESOURCE, CLIENT)
        verifier = IntrospectionVerifier(expected, provider, CLIENT, http, clock=lambda: 1795221710.0)
        found = await verifier.verify("opaque")
        assert (found.subject, found.scopes) == ("alice", frozenset({"openid", "profile", "email", "offline_access"}))
        for _ in ("another client's", "fresh after a late refresh"):
            with pytest.raises(Refused, match="not active"):
                await verifier.verify("opaque")


def payload(token: str) -> dict[str, Any]:
    """The claims of a recorded JWT, whose signature was taken out."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_jwt_is_accepted_for_its_resource_and_its_id_token_never() -> None:
    told = recorded("60").told
    access, identity = payload(told["access_token"]), payload(told["id_token"])
    found = accept(Expected(THERE, access["aud"]), access, "", ISSUED + 10, proven_access=True)
    assert (found.subject, found.audience) == ("alice", (access["aud"],))
    with pytest.raises(Refused, match="audience"):
        accept(Expected(THERE, RESOURCE), access, "", ISSUED + 10, proven_access=True)
    with pytest.raises(Refused, match="ID token"):
        accept(Expected(THERE, RESOURCE, ClientSecret(found.client_id or "")), identity, "", ISSUED + 10, proven_access=False)
