"""The server in each mode as a process, and people who sign in to it with unmodified clients."""

import base64
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import mcp_types as types
from anyio.to_thread import run_sync
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from nextcloud_mcp_server.storage import new_key
from nextcloud_sandbox.areas.core import loginflow
from nextcloud_sandbox.server import Running
from tests.e2e.conftest import Served, environment, server
from tests.e2e.leaks import Watch
from tests.identity.own_server import login_link
from tests.providers.person import Person
from tests.providers.shared import free_port

CALLBACK = "http://127.0.0.1:3333/cb"
Browser = Callable[[str], Awaitable[dict[str, str]]]
"""What a person does with an authorization address; gives the parameters with which the client's address was called."""


class Refused(Exception):
    """What a client hears where it gets no further."""


def without_account(nextcloud: str, **more: str) -> dict[str, str]:
    """The environment of a mode with many people."""
    env = environment(Running(nextcloud, None, 0), LOG_LEVEL="trace", **more)  # type: ignore[arg-type]
    return {name: value for name, value in env.items() if name not in ("NEXTCLOUD_USERNAME", "NEXTCLOUD_PASSWORD")}


@dataclass
class Home:
    """One server's address, key and folder, so that it can be stopped and started again as the same."""

    folder: Path
    watch: Watch
    nextcloud: str
    more: dict[str, str]
    port: int = field(default_factory=free_port)
    key: str = field(default_factory=new_key)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def mcp(self) -> str:
        return f"{self.url}/mcp"

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Served]:
        """A process of it; what it logs is watched."""
        self.watch.secret("the encryption key", self.key)
        database = self.folder / "tokens.db"
        env = without_account(
            self.nextcloud, MCP_DATA_DIR=str(self.folder), TOKEN_STORAGE_DB=str(database), TOKEN_ENCRYPTION_KEY=self.key,
            NEXTCLOUD_MCP_SERVER_URL=self.url, **self.more,
        )  # fmt: skip
        async with server(env, "--port", str(self.port)) as served:
            self.watch.said.append((f"the log of {self.more}", served.log))
            if database not in self.watch.databases:
                self.watch.databases.append(database)
            yield served


@dataclass
class Memory:
    """Where the Python client keeps what it got."""

    watch: Watch
    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.watch.tokens(tokens.model_dump())
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


def sign_in(url: str, memory: Memory, browser: Browser, scope: str | None = None, document: str | None = None) -> OAuthClientProvider:
    """The Python SDK's own OAuth, given nothing but the server's address; `document` is where the client describes itself."""
    answered: dict[str, str] = {}

    async def redirect(address: str) -> None:
        answered.update(await browser(address))

    async def callback() -> AuthorizationCodeResult:
        if "error" in answered:
            raise Refused(answered["error"])
        memory.watch.secret("the code", answered["code"])
        return AuthorizationCodeResult(code=answered["code"], state=answered.get("state"), iss=answered.get("iss"))

    metadata = OAuthClientMetadata.model_validate(
        {"client_name": "Desk", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none", "scope": scope}
    )
    return OAuthClientProvider(url, metadata, memory, redirect, callback, document)


@asynccontextmanager
async def connected(url: str, auth: httpx2.Auth | None = None, **headers: str) -> AsyncGenerator[Client]:
    """An MCP client on a server."""
    async with httpx2.AsyncClient(auth=auth, headers=headers, timeout=30) as http:
        async with Client(streamable_http_client(url, http_client=http)) as client:
            yield client


async def names(client: Client) -> set[str]:
    return {tool.name for tool in (await client.list_tools()).tools}


async def called(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """A tool's answer; fails with its text where it is an error."""
    return answered(await client.call_tool(tool, arguments))


def answered(result: types.CallToolResult) -> dict[str, Any]:
    """What a call answered; fails with its text where it is an error."""
    content = result.content[0]
    assert isinstance(content, types.TextContent)
    assert not result.is_error, content.text
    return json.loads(content.text)


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    """The text of a tool's error."""
    result = await client.call_tool(tool, arguments)
    content = result.content[0]
    assert isinstance(content, types.TextContent)
    assert result.is_error, content.text
    return content.text


def at_nextcloud(sandbox: Running, user: str, person: Person | None = None, watch: Watch | None = None) -> Browser:
    """A person who approves our page and grants access at a stock Nextcloud."""
    who = person or Person(user)

    def go(address: str) -> dict[str, str]:
        page = who.open(address)
        if answered := who.answer(page):
            return answered
        page = who.submit(page, approve="yes")
        if answered := who.answer(page):
            return answered
        grant(sandbox, login_link(page.text), user, watch)
        answered = who.answer(who.open(str(page.url)))
        assert answered is not None
        return answered

    return lambda address: run_sync(go, address)


def grant(sandbox: Running, login_url: str, user: str, watch: Watch | None = None) -> None:
    """What the person does at Nextcloud; the app password that comes of it is watched."""
    flow = loginflow.flows_of(sandbox.sandbox)[login_url.partition("?")[0].rpartition("/")[2]]
    loginflow.finish(sandbox.sandbox, flow, user)
    if watch:
        watch.secret("the app password", flow.granted)
        watch.secret("the poll token", flow.poll_token)
        watch.secret("the app password's header", base64.b64encode(f"{user}:{flow.granted}".encode()).decode())


def flows(sandbox: Running) -> list[loginflow.Flow]:
    """The Login Flows in progress at a sandbox."""
    return list(loginflow.flows_of(sandbox.sandbox).values())


def at_provider(user: str, watch: Watch | None = None, *, offline: bool = False) -> Browser:
    """A person who approves our page, where there is one, and signs in at a provider."""
    who = Person(user)

    def go(address: str) -> dict[str, str]:
        page = who.open(address)
        if 'name="csrf"' in page.text:
            page = who.submit(page, approve="yes", **({"offline": "yes"} if offline else {}))
        assert page.status_code < 400, page.text
        return who.answer(page) or who.sign_in(str(page.url))

    return lambda address: run_sync(go, address)
