"""Tells connected clients when the list of tools changes: an app was installed, removed, enabled or disabled.

A credential is used only while its owner is asking: clients of the 2026-07-28 protocol are looked after as long as their
`subscriptions/listen` is open, those of older ones with each call. Only the process owner's own account is looked at in between.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import mcp_types as mcp
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from nextcloud_mcp_server.core.caller import OWNER, Caller
from nextcloud_mcp_server.server.surface import View

EVERY = 30.0
MOST_LISTENERS = 1024
MOST_CONNECTIONS = 1000

Look = Callable[[Caller], Awaitable[View]]


@dataclass
class Watched:
    """A client that may be told, and what it was shown last."""

    caller: Caller
    view: View
    tell: Callable[[], Awaitable[None]]

    async def compare(self, now: View) -> None:
        """Tells the client if `now` differs. What could not be asked of Nextcloud is no change."""
        if now.asked and now.available != self.view.available:
            self.view = now
            await self.tell()


@dataclass
class Changes:
    """The clients that want to know, and what decides their lists."""

    look: Look
    _listening: dict[int, Watched] = field(default_factory=dict[int, Watched])
    _connections: dict[int, Watched] = field(default_factory=dict[int, Watched])

    async def listen(self, caller: Caller, context: Any, params: mcp.SubscriptionsListenRequestParams) -> mcp.SubscriptionsListenResult:
        """Serves `subscriptions/listen` until the client leaves."""
        if len(self._listening) >= MOST_LISTENERS:
            raise MCPError(mcp.INTERNAL_ERROR, f"{MOST_LISTENERS} clients are listening already; list the tools again from time to time.")
        bus = InMemorySubscriptionBus()
        watched = Watched(caller, await self.look(caller), lambda: bus.publish(ToolsListChanged()))
        self._listening[id(bus)] = watched
        try:
            return await ListenHandler(bus)(context, params)
        finally:
            del self._listening[id(bus)]

    def listed(self, caller: Caller, view: View, context: Any) -> None:
        """A caller was given the list of this view."""
        if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return
        session: ServerSession = context.session
        # The SDK makes a session object per request; the handshake's parameters are one object per connection.
        connection = id(session.client_params)
        self._connections.pop(connection, None)
        self._connections[connection] = Watched(caller, view, lambda: self._send(connection, session))
        if len(self._connections) > MOST_CONNECTIONS:
            del self._connections[next(iter(self._connections))]

    async def called(self, caller: Caller, context: Any) -> None:
        """A caller of an older protocol is here: the moment to look as them."""
        watched = self._connections.get(id(context.session.client_params))
        if watched and watched.caller.key == caller.key and caller != OWNER:
            await watched.compare(await self.look(caller))

    async def run(self, every: float = EVERY) -> None:
        """Looks again and again; ends by cancellation."""
        while True:
            await asyncio.sleep(every)
            await self.look_again()

    async def look_again(self) -> None:
        """Tells those whose tools changed since they listed them."""
        owners = [one for one in self._connections.values() if one.caller == OWNER]
        for watched in [*self._listening.values(), *owners]:
            await watched.compare(await self.look(watched.caller))

    async def _send(self, connection: int, session: ServerSession) -> None:
        try:
            await session.send_tool_list_changed()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            self._connections.pop(connection, None)
