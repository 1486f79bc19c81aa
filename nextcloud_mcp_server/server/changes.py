"""Tells connected clients when the list of tools changes: an app was installed, removed, enabled or disabled."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ToolsListChanged
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.server.surface import View

EVERY = 30.0
REMEMBERED = 1000

Look = Callable[[Caller], Awaitable[View]]


@dataclass
class Changes:
    """Remembers what each caller saw last and looks again while somebody may want to know.

    Clients of the 2026-07-28 protocol listen on `bus`; those of older ones are told on their own connection.
    """

    look: Look
    bus: InMemorySubscriptionBus = field(default_factory=InMemorySubscriptionBus)
    _seen: dict[tuple[str, str], tuple[Caller, View]] = field(default_factory=dict[tuple[str, str], tuple[Caller, View]])
    _connections: dict[int, tuple[tuple[str, str], ServerSession]] = field(default_factory=dict[int, tuple[tuple[str, str], ServerSession]])

    def listed(self, caller: Caller, view: View, context: Any) -> None:
        """A caller was given the list of this view."""
        self._seen.pop(caller.key, None)
        self._seen[caller.key] = (caller, view)
        if context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            # The SDK makes a session object per request; the handshake's parameters are one object per connection.
            self._connections[id(context.session.client_params)] = (caller.key, context.session)
        for remembered in (self._seen, self._connections):
            while len(remembered) > REMEMBERED:
                del remembered[next(iter(remembered))]  # type: ignore[arg-type]

    async def run(self, every: float = EVERY) -> None:
        """Looks again and again; ends by cancellation."""
        while True:
            await asyncio.sleep(every)
            await self.look_again()

    async def look_again(self) -> None:
        """Tells those whose tools changed since they listed them."""
        for key, (caller, before) in list(self._seen.items()):
            now = await self.look(caller)
            if now.available != before.available:
                self._seen[key] = (caller, now)
                await self._tell(key)

    async def _tell(self, key: tuple[str, str]) -> None:
        await self.bus.publish(ToolsListChanged())
        for connection, (owner, session) in list(self._connections.items()):
            if owner == key:
                try:
                    await session.send_tool_list_changed()
                except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                    del self._connections[connection]
