"""Callers with the limit that they put on this server's access, read anew for each request so that a change counts at once."""

from collections.abc import Mapping
from dataclasses import replace

from nextcloud_mcp_server.auth.people import AccessStore, People
from nextcloud_mcp_server.auth.ports import Inbound
from nextcloud_mcp_server.core.caller import Caller


class Limited:
    """Another inbound side's callers, with `granted` set to the scopes of their stored access (None: no limit)."""

    def __init__(self, inbound: Inbound, people: People, store: AccessStore) -> None:
        self._inbound = inbound
        self._people = people
        self._store = store

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        caller = await self._inbound.identify(headers)
        user = await self._people.user_of(*caller.key)
        access = await self._store.get(user) if user else None
        return replace(caller, granted=access.scopes) if access else caller
