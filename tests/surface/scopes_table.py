"""Every tool x token scopes x stored grant x mode, through the real surface and the layer that answers 403.

`python -m tests.surface.scopes_table` prints how many cells there were and every one in which the server is not of the
table's opinion. It uses no `assert`, so that it proves the same under `python -O`.
"""

import asyncio
import itertools
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import mcp_types as types
import orjson

from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import Unreachable
from nextcloud_mcp_server.core.tools import Tool
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.server.binding import Call
from nextcloud_mcp_server.server.catalog import Catalog, Limits, find_apps
from nextcloud_mcp_server.server.protocol import CALLER
from nextcloud_mcp_server.server.step_up import StepUp
from nextcloud_mcp_server.server.surface import Surface

CATALOG = Catalog(find_apps())
EVERY = frozenset(scope for tool in CATALOG.tools.values() for scope in tool.scopes)
WITH_TOKENS, WITHOUT = ("login_flow", "oauth"), ("single_user", "basic")
NO_SUCH_ARGUMENT = {"no_such_argument": 1}
Scopes = frozenset[str] | None


@dataclass(frozen=True)
class Cell:
    """One combination."""

    mode: str
    token: Scopes
    grant: Scopes
    tool: Tool

    def __str__(self) -> str:
        token, grant = (sorted(one) if one is not None else "all" for one in (self.token, self.grant))
        return f"{self.tool.name} in {self.mode} with token {token} and grant {grant}"

    @property
    def exists(self) -> bool:
        return not self.tool.modes or self.mode in self.tool.modes

    @property
    def token_covers(self) -> bool:
        return self.token is None or all(scope in self.token for scope in self.tool.scopes)

    @property
    def grant_covers(self) -> bool:
        return self.grant is None or all(scope in self.grant for scope in self.tool.scopes if scope != "openid")


def token_scopes() -> list[Scopes]:
    """None at all, OpenID's alone, one app's read or write each, everything."""
    single: list[Scopes] = [frozenset({"openid", scope}) for scope in sorted(EVERY - {"openid"})]
    return [frozenset(), frozenset({"openid"}), *single, frozenset({"notes.read"}), EVERY]


def grants() -> list[Scopes]:
    return [None, EVERY, frozenset({"notes:read"}), frozenset()]


def cells(surfaces: dict[str, Surface]) -> Iterator[Cell]:
    for mode in surfaces:
        tokens: Iterable[Scopes] = token_scopes() if mode in WITH_TOKENS else [None]
        for token, grant in itertools.product(tokens, grants() if mode in WITH_TOKENS else [None]):
            canonical = token and frozenset(scope.replace("notes.read", "notes:read") for scope in token)
            yield from (Cell(mode, canonical if token is not None else None, grant, tool) for tool in CATALOG.tools.values())


def surfaces() -> dict[str, Surface]:
    """A surface per mode, for a Nextcloud that does not answer: every app counts as there, no tool gets far."""

    async def nowhere(_: Caller) -> Session:
        raise Unreachable("nowhere")

    limits = Limits(frozenset(CATALOG.apps))
    return {mode: Surface(CATALOG, limits, nowhere, mode) for mode in (*WITHOUT, *WITH_TOKENS)}


def caller(cell: Cell) -> Caller:
    return Caller("https://sso", "somebody", cell.token, granted=cell.grant)


async def disagreements(one: Cell, surface: Surface, listed: frozenset[str]) -> list[str]:
    """Where list, call and 403 are not what the table says. An unknown argument keeps an allowed call from doing anything."""
    visible = one.exists and one.token_covers and one.grant_covers
    found: list[str] = []
    if (one.tool.name in listed) != visible:
        found.append(f"{one}: listed is {not visible}")
    result = await surface.call(one.tool.name, NO_SUCH_ARGUMENT, Call(caller(one), surface.open_session))
    content = result.content[0]
    text = content.text if isinstance(content, types.TextContent) else ""
    if ("no_such_argument" in text) != visible:
        found.append(f"{one}: the call says {text!r}")
    if one.exists and one.token_covers and not one.grant_covers and "nc_auth_update_scopes" not in text:
        found.append(f"{one}: the refusal does not say how the grant is widened: {text!r}")
    return found


async def refused_before_mcp(one: Cell, surface: Surface) -> list[str]:
    """403 where the token's scopes do not cover the tool, never because of the grant."""
    inner: list[int] = []
    sent: list[dict[str, Any]] = []
    body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": one.tool.name}})

    async def app(scope: Any, receive: Any, send: Any) -> None:
        inner.append(1)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    layer = StepUp(app, surface, lambda needed, _: " ".join(sorted(needed)))
    await layer({"type": "http", "method": "POST", CALLER: caller(one)}, receive, send)
    refused = one.exists and not one.token_covers
    if bool(inner) == refused:
        return [f"{one}: 403 is {not refused}"]
    if refused and dict(sent[0]["headers"])[b"www-authenticate"] != " ".join(sorted(one.tool.scopes)).encode():
        return [f"{one}: the challenge does not name all scopes of the tool"]
    return []


async def table() -> tuple[int, list[str]]:
    """The number of cells, and every disagreement."""
    every, count, found = surfaces(), 0, list[str]()
    lists: dict[tuple[str, Scopes, Scopes], frozenset[str]] = {}
    for one in cells(every):
        surface, key = every[one.mode], (one.mode, one.token, one.grant)
        if key not in lists:
            view = await surface.view(caller(one))
            lists[key] = frozenset(tool.name for tool in surface.tools(view).tools)
        found += await disagreements(one, surface, lists[key])
        if one.mode in WITH_TOKENS and one.grant is None:
            found += await refused_before_mcp(one, surface)
        count += 1
    return count, found


if __name__ == "__main__":
    cells_seen, wrong = asyncio.run(table())
    print(f"optimize={sys.flags.optimize} cells={cells_seen} wrong={len(wrong)}", *wrong[:50], sep="\n")
    sys.exit(1 if wrong or not cells_seen else 0)
