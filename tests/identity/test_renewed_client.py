"""This server's client at a provider ends and is registered anew, with another id, while the server runs."""

import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from nextcloud_mcp_server.auth.back_channel import PATH
from nextcloud_mcp_server.auth.inbound.management import ManagementTokens
from nextcloud_mcp_server.auth.inbound.verified import Refused, Verified, Verifier
from nextcloud_mcp_server.auth.keeping import keeping
from nextcloud_mcp_server.auth.outbound.broker import Forward
from nextcloud_mcp_server.auth.provider_side import ProviderSide
from nextcloud_mcp_server.core.errors import CredentialRefused
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.session import Policy
from nextcloud_mcp_server.settings import read
from nextcloud_mcp_server.storage import new_key
from tests.identity.own_server import nextcloud_at, serving
from tests.identity.test_management_tokens import Stub
from tests.providers.shared import free_port
from tests.unit.auth.oidc.test_logout_tokens import told

ISSUER = "http://127.0.0.1:8000"
RESOURCE = f"{ISSUER}/mcp"


@dataclass
class Registering(Stub):
    """Registers `client-1`, which ends at once, and then `client-2`, which never does; opaque tokens are `opaque:<audience>`."""

    registered: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def metadata(self) -> dict[str, Any]:
        ends = {f"{name}_endpoint": f"{self.url}/{name}" for name in ("registration", "introspection")}
        return {**super().metadata(), **ends}

    def app(self) -> Starlette:
        async def register(http: Request) -> JSONResponse:
            self.registered.append(await http.json())
            number = len(self.registered)
            ends = int(time.time()) + 60 if number == 1 else 0
            return JSONResponse({"client_id": f"client-{number}", "client_secret": "geheim", "client_secret_expires_at": ends}, 201)

        async def introspect(http: Request) -> JSONResponse:
            audience = str((await http.form())["token"]).partition(":")[2]
            now = int(time.time())
            person = {"sub": "alice", "client_id": "desk", "scope": "openid", "exp": now + 300}
            return JSONResponse({"active": True, "token_type": "Bearer", "aud": audience, **person})

        routes = [Route("/registration", register, methods=["POST"]), Route("/introspection", introspect, methods=["POST"])]
        return Starlette(routes=[*routes, *super().app().routes])


@dataclass
class Server:
    """This server as `client-1`, and what it made of that before the client ended."""

    stub: Registering
    side: ProviderSide
    verifier: Verifier
    management: Verifier
    logout: httpx2.AsyncClient
    forward: Forward

    async def renewed(self) -> None:
        with anyio.fail_after(30):
            await self.side.follow()
        assert self.side.client.client_id == "client-2"

    async def audiences(self, verifier: Verifier) -> list[str]:
        """The tokens that are accepted, JWTs and opaque ones, for either client id."""
        found: list[str] = []
        for audience in ("client-1", "client-2"):
            for token in (self.stub.token(aud=audience, client_id="desk"), f"opaque:{audience}"):
                try:
                    await verifier.verify(token)
                except Refused:
                    continue
                found.append(f"{audience}, {'opaque' if ':' in token else 'JWT'}")
        return found

    async def told_of(self, audience: str) -> int:
        now = int(time.time())
        claims = told(iss=self.stub.url, aud=audience, iat=now, exp=now + 100, jti=uuid.uuid4().hex)
        token = self.stub.signer.sign(claims, typ="logout+jwt")
        return (await self.logout.post(PATH, data={"logout_token": token})).status_code


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    monkeypatch.setattr("nextcloud_mcp_server.auth.oidc.registration.AGAIN_SECONDS", 0.01)
    stub = Registering(f"http://127.0.0.1:{free_port()}")
    given = {"MCP_AUTH_MODE": "oauth", "MCP_OAUTH_OUTBOUND": "forward", "NEXTCLOUD_HOST": "http://127.0.0.1:1"}
    urls = {"NEXTCLOUD_MCP_SERVER_URL": ISSUER, "OIDC_DISCOVERY_URL": f"{stub.url}/.well-known/openid-configuration"}
    settings = read({**given, **urls, "TOKEN_ENCRYPTION_KEY": new_key(), "MCP_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)})
    kept, transport = keeping(settings), nextcloud_at("http://127.0.0.1:1")
    async with serving(stub.app(), stub.url), kept.opened():
        side = await ProviderSide.discovered(settings, kept, ISSUER, frozenset({"openid"}), transport.address)
        broker = side.broker(transport, Cache(), Policy(), RESOURCE, frozenset, "Sign in again.")
        assert isinstance(broker.way, Forward)

        async def provider() -> Any:
            return side.provider

        management = ManagementTokens(provider, side.http, ("desk",), RESOURCE, side.client)
        routes = Starlette(routes=side.back_channel().routes())
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(routes), base_url=ISSUER) as logout:
            yield Server(stub, side, side.verifier(RESOURCE), management, logout, broker.way)
        await side.http.aclose()
        await transport.aclose()
        await kept.database.close()


async def test_tokens_for_the_new_client_are_accepted_and_those_for_the_old_one_no_more(server: Server) -> None:
    old, new = ["client-1, JWT", "client-1, opaque"], ["client-2, JWT", "client-2, opaque"]
    for verifier in (server.verifier, server.management):
        assert await server.audiences(verifier) == old
    await server.renewed()
    for verifier in (server.verifier, server.management):
        assert await server.audiences(verifier) == new


async def test_the_provider_signs_people_out_as_the_new_client_and_no_more_as_the_old_one(server: Server) -> None:
    assert [await server.told_of("client-1"), await server.told_of("client-2")] == [200, 400]
    await server.renewed()
    assert [await server.told_of("client-1"), await server.told_of("client-2")] == [400, 200]


async def test_only_tokens_for_the_client_of_now_are_forwarded(server: Server) -> None:
    def found(audience: str) -> Verified:
        token = server.stub.token(aud=[audience, "nextcloud"])
        return Verified(server.stub.url, "alice", frozenset(), "desk", (audience, "nextcloud"), time.time() + 300, token)

    old, new = found("client-1"), found("client-2")
    assert server.forward.token(old).token == old.token
    await server.renewed()
    assert server.forward.token(new).token == new.token
    with pytest.raises(CredentialRefused, match="are both needed"):
        server.forward.token(old)


async def test_tokens_for_this_servers_own_address_outlive_a_renewal(server: Server) -> None:
    token = server.stub.token(aud=RESOURCE, client_id="desk")
    before = await server.verifier.verify(token)
    await server.renewed()
    assert await server.verifier.verify(token) == before
