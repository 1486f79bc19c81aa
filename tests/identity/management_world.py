"""A whole server in one of its modes with its management API, in front of a sandboxed Nextcloud with alice and bob."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from nextcloud_mcp_server.auth.management import Management
from nextcloud_mcp_server.auth.server.tokens import Asked, Tokens
from nextcloud_mcp_server.server.compose import Product, build
from nextcloud_mcp_server.server.listening import asgi
from nextcloud_mcp_server.settings import read
from nextcloud_mcp_server.storage import new_key
from nextcloud_sandbox.server import Running, running
from tests.identity.own_server import serving
from tests.providers.person import Pkce
from tests.providers.shared import free_port

CLIENT, CB = "desk", "http://127.0.0.1:3333/cb"


@dataclass
class World:
    """The server and the ways to ask it."""

    url: str
    nextcloud: Running
    product: Product
    http: httpx2.AsyncClient
    settings: Mapping[str, str]
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def management(self) -> Management:
        found = self.product.sides.now().management
        assert found
        return found

    def app_password(self, user: str) -> str:
        """An app password that this person made at Nextcloud."""
        if user not in self.passwords:
            self.passwords[user] = self.nextcloud.sandbox.new_app_password(user, "Astrolabe", user).token
        return self.passwords[user]

    def basic(self, user: str, password: str | None = None) -> httpx2.BasicAuth:
        return httpx2.BasicAuth(user, password or self.app_password(user))

    async def bearer(self, user: str, scopes: frozenset[str] = frozenset({"openid", "notes:read"})) -> str:
        """An access token that this server issued to a client for a person, as after a sign-in."""
        kept, pkce = self.management.kept, Pkce()
        tokens = Tokens(kept.database, kept.events, kept.audit)
        asked = Asked(CLIENT, CB, pkce.challenge, f"{self.url}/mcp", scopes)
        code = await tokens.code(asked, self.url, user)
        return (await tokens.redeem(code, CLIENT, CB, pkce.verifier, None)).access_token

    async def ask(self, method: str, path: str, *, token: str | None = None, **more: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.http.request(method, f"{self.url}/api/v1{path}", headers=headers, **more)

    async def provisioned(self, *users: str, scopes: list[str] | None = None) -> None:
        """These people left an app password here, and their sign-in tokens are theirs."""
        for user in users:
            body = {} if scopes is None else {"scopes": scopes}
            answer = await self.ask("POST", f"/users/{user}/app-password", auth=self.basic(user), json=body)
            assert answer.status_code == 200, answer.text
            await self.management.kept.people.bind(self.url, user, user)


LOGIN_FLOW: Mapping[str, str] = {"MCP_AUTH_MODE": "login_flow"}
PASS_THROUGH: Mapping[str, str] = {"MCP_AUTH_MODE": "basic", "ENABLE_BACKGROUND_OPERATIONS": "true"}


@asynccontextmanager
async def world(folder: Path, **settings: str) -> AsyncGenerator[World]:
    """The server with these settings, and a database and key of its own."""
    async with running(seed=False) as nextcloud:
        for user in ("alice", "bob"):
            nextcloud.sandbox.users[user].password = user
        given = {
            "NEXTCLOUD_HOST": nextcloud.url,
            "NEXTCLOUD_MCP_SERVER_URL": f"http://127.0.0.1:{free_port()}",
            "TOKEN_STORAGE_DB": str(folder / "tokens.db"),
            "MCP_DATA_DIR": str(folder),
            "TOKEN_ENCRYPTION_KEY": new_key(),
            "ENABLE_SEMANTIC_SEARCH": "false",
            "HOME": str(folder),
            **settings,
        }
        async with _served(nextcloud, given, given["NEXTCLOUD_MCP_SERVER_URL"]) as one:
            yield one


@asynccontextmanager
async def replica(one: World) -> AsyncGenerator[World]:
    """A second server with the same settings and database, behind the same public address."""
    async with _served(one.nextcloud, one.settings, f"http://127.0.0.1:{free_port()}") as other:
        yield other


@asynccontextmanager
async def _served(nextcloud: Running, settings: Mapping[str, str], url: str) -> AsyncGenerator[World]:
    product = build(read(settings))
    app = asgi(product, "127.0.0.1")
    async with app.router.lifespan_context(app), serving(app, url), httpx2.AsyncClient(timeout=30, verify=False) as http:
        yield World(url, nextcloud, product, http, settings)
