"""Answers 403 before MCP begins where a token's scopes do not cover what is called, so that a client can ask for more (RFC 6750 3.1)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

import orjson
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import NotFound
from nextcloud_mcp_server.server.catalog import in_scope
from nextcloud_mcp_server.server.protocol import CALLER
from nextcloud_mcp_server.server.resources import Shelf
from nextcloud_mcp_server.server.surface import Surface

Challenge = Callable[[Iterable[str], str], str]
MAX_BODY = 4 * 1024 * 1024


@dataclass(frozen=True)
class StepUp:
    """In front of the MCP application; looks only at requests of callers whose token limits them."""

    app: ASGIApp
    surface: Surface
    challenge: Challenge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller: Caller = scope[CALLER]
        if caller.scopes is None or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        body = await _body(receive)
        for needed in map(self._needed, _messages(body)):
            if not in_scope(needed, caller.scopes):
                await self._refuse(needed, scope, receive, send)
                return
        await self.app(scope, _again(body, receive), send)

    async def _refuse(self, needed: frozenset[str], scope: Scope, receive: Receive, send: Send) -> None:
        text = f"The token lacks a scope: {' and '.join(sorted(needed))} is needed."
        headers = {"WWW-Authenticate": self.challenge(needed, text)}
        await JSONResponse({"error": "insufficient_scope", "error_description": text}, 403, headers)(scope, receive, send)

    def _needed(self, message: dict[str, Any]) -> frozenset[str]:
        """The scopes of the tool, resource or prompt that a message names; nothing for what does not exist."""
        parameters: Any = message.get("params")
        if not isinstance(parameters, dict):
            return frozenset()
        given = cast("dict[str, Any]", parameters)
        name, uri = str(given.get("name", "")), str(given.get("uri", ""))
        match message.get("method"):
            case "tools/call":
                bound = self.surface.bound.get(self.surface.catalog.aliases.get(name, name))
                return bound.tool.scopes if bound else frozenset()
            case "resources/read":
                try:
                    return self._shelf().find(uri).resource.scopes
                except NotFound:
                    return frozenset()
            case "prompts/get":
                prompt = self._shelf().prompts.get(name)
                return prompt.scopes if prompt else frozenset()
            case _:
                return frozenset()

    def _shelf(self) -> Shelf:
        return Shelf(self.surface.catalog.apps.values(), None)


async def _body(receive: Receive) -> bytes:
    """The body as far as the SDK would read it; a longer one is refused there."""
    pieces: list[bytes] = []
    more, size = True, 0
    while more and size <= MAX_BODY:
        message = await receive()
        if message["type"] != "http.request":
            break
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        more = message.get("more_body", False)
    return b"".join(pieces)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever comes (a disconnect)."""
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _messages(body: bytes) -> list[dict[str, Any]]:
    try:
        value: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    many: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [cast("dict[str, Any]", one) for one in many if isinstance(one, dict)]
