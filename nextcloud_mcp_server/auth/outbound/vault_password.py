"""People's own app passwords, out of the vault."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field

from nextcloud_mcp_server.auth.people import Access, AccessStore, People
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import NotProvisioned
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.credentials import Credential
from nextcloud_mcp_server.nextcloud.session import Policy, Session
from nextcloud_mcp_server.nextcloud.transport import Transport
from nextcloud_mcp_server.storage.errors import SecretUnreadable

KEEP_SECONDS = 30.0
_KEEP = 1000


@dataclass
class VaultPasswords:
    """Whoever gave an app password. `next_step` tells a person without one what to do, in the words of the mode.

    Whether there is one is asked of the database each time; only an opened password is kept, for half a minute.
    """

    transport: Transport
    cache: Cache
    people: People
    store: AccessStore
    next_step: str
    policy: Policy = field(default_factory=Policy)
    _opened: OrderedDict[str, tuple[float, float, Credential]] = field(default_factory=OrderedDict[str, tuple[float, float, Credential]])

    async def session(self, caller: Caller) -> Session:
        user = await self.people.user_of(*caller.key)
        found = await self._open(user, caller.method) if user else None
        if found is None:
            raise NotProvisioned("This server has no access to your Nextcloud yet.", hint=self.next_step)
        return found

    async def offline(self, user: str) -> Session | None:
        return await self._open(user, "background")

    async def _open(self, user: str, method: str) -> Session | None:
        access = await self.store.get(user)
        credential = await self._credential(access, method) if access else None
        return Session(self.transport, credential, self.cache, user, self.policy) if credential else None

    async def _credential(self, access: Access, method: str) -> Credential | None:
        now = time.monotonic()
        at, updated, credential = self._opened.get(access.user, (0.0, 0.0, None))
        if credential and updated == access.updated_at and now - at < KEEP_SECONDS:
            return credential
        try:
            credential = await self.store.credential(access.user, method)
        except SecretUnreadable as unreadable:
            raise NotProvisioned(unreadable.message, hint=self.next_step) from None
        if credential:
            self._opened[access.user] = (now, access.updated_at, credential)
            while len(self._opened) > _KEEP:
                self._opened.popitem(last=False)
        return credential
