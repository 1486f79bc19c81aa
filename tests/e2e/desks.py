"""Unmodified MCP clients as a person uses them: given nothing but the server's address, sent to a browser where that is needed."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Protocol

from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import OAuthClientInformationFull

from tests.e2e.leaks import Watch
from tests.e2e.modes import CALLBACK, Browser, Memory, Refused, called, connected, names, sign_in


class Desk(Protocol):
    """One client. `opened` are the addresses to which it sent the person; `browser` is what the person does there."""

    opened: list[str]
    browser: Browser

    async def know(self, client_id: str) -> None:
        """The client was registered by somebody before: it is a public one with this id."""
        ...

    async def connect(self) -> None:
        """Signs in, where that is needed."""
        ...

    async def again(self) -> None:
        """The client is started anew, with what it kept."""
        ...

    async def names(self) -> set[str]: ...

    async def called(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """A tool's answer. Raises Refused where the client gets no further."""
        ...

    async def expire(self) -> None:
        """Its access token is not good any more."""
        ...

    async def forget_tokens(self) -> None: ...

    async def kept(self) -> dict[str, Any]:
        """What it keeps: `client` and `tokens`."""
        ...


class PythonDesk:
    """A `Desk` made of the Python SDK."""

    def __init__(self, url: str, browser: Browser, watch: Watch, document: str | None) -> None:
        self._url, self._document = url, document
        self.browser = browser
        self.memory = Memory(watch)
        self.opened = list[str]()
        self._auth = self._new()

    def _new(self) -> OAuthClientProvider:
        async def go(address: str) -> dict[str, str]:
            self.opened.append(address)
            return await self.browser(address)

        return sign_in(self._url, self.memory, go, document=self._document)

    async def know(self, client_id: str) -> None:
        given = {"client_id": client_id, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
        self.memory.client = OAuthClientInformationFull.model_validate(given)

    async def connect(self) -> None:
        await self.names()

    async def again(self) -> None:
        self._auth = self._new()
        await self.connect()

    async def names(self) -> set[str]:
        async with connected(self._url, self._auth) as client:
            return await names(client)

    async def called(self, tool: str, **arguments: Any) -> dict[str, Any]:
        try:
            async with connected(self._url, self._auth) as client:
                return await called(client, tool, **arguments)
        except* Refused as group:
            raise _first(group) from None

    async def expire(self) -> None:
        self._auth.context.token_expiry_time = 1.0

    async def forget_tokens(self) -> None:
        self.memory.tokens = None
        self._auth = self._new()

    async def kept(self) -> dict[str, Any]:
        assert self.memory.client
        assert self.memory.tokens
        return {"client": self.memory.client.model_dump(), "tokens": self.memory.tokens.model_dump()}


@asynccontextmanager
async def python_desk(url: str, browser: Browser, watch: Watch, document: str | None = None) -> AsyncGenerator[PythonDesk]:
    """`document` is the address of its client id metadata document, where it has one."""
    yield PythonDesk(url, browser, watch, document)


def _first(group: BaseExceptionGroup[Refused]) -> Refused:
    """Out of the groups that the SDK's tasks make of it."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, Refused)
    return error
