"""Tokens of the Nextcloud side's own client: accepted on the management API alone, and only from allowed clients."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.identity.management_world import LOGIN_FLOW, PASS_THROUGH, World, world
from tests.identity.own_server import serving
from tests.providers.shared import free_port
from tests.unit.auth.tokens import Signer


@dataclass
class Stub:
    """An OpenID provider: its metadata, keys, userinfo, and the tokens it signs."""

    url: str
    signer: Signer = field(default_factory=Signer)
    userinfo_of: dict[str, str] = field(default_factory=dict)

    def token(self, user: str = "alice", **more: Any) -> str:
        now = int(time.time())
        good = {"iss": self.url, "sub": user, "aud": "astro", "client_id": "astro", "iat": now, "exp": now + 300, "scope": "openid"}
        token = self.signer.sign({name: value for name, value in {**good, **more}.items() if value is not None})
        self.userinfo_of[token] = user
        return token

    def metadata(self) -> dict[str, Any]:
        ends = {f"{name}_endpoint": f"{self.url}/{name}" for name in ("authorization", "token", "userinfo")}
        return {"issuer": self.url, "jwks_uri": f"{self.url}/certs", "code_challenge_methods_supported": ["S256"], **ends}

    def app(self) -> Starlette:
        async def metadata(_: Request) -> JSONResponse:
            return JSONResponse(self.metadata())

        async def certs(_: Request) -> JSONResponse:
            return JSONResponse({"keys": [self.signer.jwk()]})

        async def userinfo(http: Request) -> JSONResponse:
            user = self.userinfo_of.get(http.headers["authorization"].removeprefix("Bearer "))
            return JSONResponse({"sub": user} if user else {"error": "invalid_token"}, 200 if user else 401)

        routes = [("/.well-known/openid-configuration", metadata), ("/certs", certs), ("/userinfo", userinfo)]
        return Starlette(routes=[Route(path, run) for path, run in routes])


@asynccontextmanager
async def beside(folder: Path, *, integrated: bool, **settings: str) -> AsyncIterator[tuple[World, Stub]]:
    """The server with a provider; an `integrated` one is at Nextcloud's public address."""
    stub = Stub(f"http://127.0.0.1:{free_port()}")
    more = {"OIDC_DISCOVERY_URL": f"{stub.url}/.well-known/openid-configuration", "ALLOWED_MGMT_CLIENT": "astro,other", **settings}
    if integrated:
        more["NEXTCLOUD_PUBLIC_URL"] = stub.url
    async with serving(stub.app(), stub.url), world(folder, **more) as here:
        yield here, stub


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[World, Stub]]:
    async with beside(tmp_path, integrated=True, **PASS_THROUGH) as both:
        yield both


async def test_the_nextcloud_sides_token_opens_the_management_api_for_its_person(pair: tuple[World, Stub]) -> None:
    here, stub = pair
    await here.provisioned("bob")
    told = await here.ask("GET", "/users/alice/session", token=stub.token())
    assert told.json() == {"session_id": "alice", "background_access_granted": False}
    assert (await here.ask("GET", "/users/bob/session", token=stub.token())).status_code == 403
    assert (await here.ask("POST", "/users/bob/revoke", token=stub.token())).status_code == 403
    bob = (await here.ask("GET", "/users/bob/session", token=stub.token("bob"))).json()
    assert bob["background_access_granted"] is True
    assert "files" in (await here.ask("GET", "/apps", token=stub.token("bob"))).json()["apps"]
    assert (await here.ask("GET", "/apps", token=stub.token("alice"))).status_code == 428
    status = (await here.ask("GET", "/status", token=stub.token())).json()
    assert status["oidc"] == {"discovery_url": f"{stub.url}/.well-known/openid-configuration", "issuer": stub.url}


async def test_the_same_token_is_nothing_to_mcp(pair: tuple[World, Stub]) -> None:
    here, stub = pair
    ping = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    for headers in ({"Authorization": f"Bearer {stub.token()}"}, {}):
        answer = await here.http.post(f"{here.url}/mcp", json=ping, headers={"Accept": "application/json, text/event-stream", **headers})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "stranger", "aud": "astro"},
        {"client_id": None, "aud": "astro"},
        {"aud": "stranger"},
        {"aud": None},
        {"aud": "other"},
        {"iss": "https://elsewhere.example"},
        {"exp": 1},
        {"nonce": "n"},
        {"sub": "astro"},
    ],
    ids=str,
)
async def test_another_client_audience_issuer_or_kind_is_refused(pair: tuple[World, Stub], wrong: dict[str, Any]) -> None:
    here, stub = pair
    refused = await here.ask("GET", "/users/alice/session", token=stub.token(**wrong))
    assert refused.status_code == 401


async def test_a_token_signed_by_somebody_else_is_refused(pair: tuple[World, Stub]) -> None:
    here, stub = pair
    forged = Stub(stub.url).token()
    assert (await here.ask("GET", "/users/alice/session", token=forged)).status_code == 401


async def test_a_token_for_this_server_from_an_allowed_client_is_taken(tmp_path: Path) -> None:
    async with beside(tmp_path, integrated=True, OIDC_CLIENT_ID="us", OIDC_CLIENT_SECRET="geheim", **PASS_THROUGH) as (here, stub):
        assert (await here.ask("GET", "/users/alice/session", token=stub.token(aud="us"))).status_code == 200
        assert (await here.ask("GET", "/users/alice/session", token=stub.token(aud="us", client_id="stranger"))).status_code == 401


async def test_another_providers_word_about_who_it_is_is_not_believed(tmp_path: Path) -> None:
    async with beside(tmp_path, integrated=False, **PASS_THROUGH) as (here, stub):
        assert (await here.ask("GET", "/users/alice/session", token=stub.token())).status_code == 428
        await here.management.kept.people.bind(stub.url, "alice", "bob")
        assert (await here.ask("GET", "/users/alice/session", token=stub.token())).status_code == 403
        assert (await here.ask("GET", "/users/bob/session", token=stub.token())).status_code == 200


async def test_without_an_allowed_client_no_such_token_is_taken(tmp_path: Path) -> None:
    async with beside(tmp_path, integrated=True, **{**PASS_THROUGH, "ALLOWED_MGMT_CLIENT": ""}) as (here, stub):
        assert (await here.ask("GET", "/users/alice/session", token=stub.token())).status_code == 401


async def test_a_provider_that_does_not_answer_is_503_for_its_tokens_and_nothing_for_the_rest(tmp_path: Path) -> None:
    more = {"OIDC_DISCOVERY_URL": "http://127.0.0.1:9/.well-known/openid-configuration", "ALLOWED_MGMT_CLIENT": "astro"}
    async with world(tmp_path, **PASS_THROUGH, **more) as here:
        later = await here.ask("GET", "/users/alice/session", token="opaque")
        assert later.status_code == 503
        assert "retry-after" in later.headers
        assert (await here.ask("GET", "/users/alice/session", auth=here.basic("alice"))).status_code == 200


async def test_login_flow_with_the_own_authorization_server_takes_both_kinds(tmp_path: Path) -> None:
    async with beside(tmp_path, integrated=True, MCP_IDENTITY_PROVIDER="own", **LOGIN_FLOW) as (here, stub):
        await here.provisioned("alice")
        for token in (stub.token(), await here.bearer("alice")):
            told = (await here.ask("GET", "/users/alice/session", token=token)).json()
            assert told["background_access_granted"] is True
        assert (await here.ask("POST", "/users/alice/revoke", token=stub.token())).json()["success"] is True
        assert await here.management.kept.store.users() == []
