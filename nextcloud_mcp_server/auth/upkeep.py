"""What has to be done from time to time whoever is calling: rotate grants before they end, remove what is over."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import anyio

from nextcloud_mcp_server.auth.leftovers import Leftovers
from nextcloud_mcp_server.auth.outbound.grants import Grants
from nextcloud_mcp_server.auth.server.clients import Clients
from nextcloud_mcp_server.auth.server.rates import Rates
from nextcloud_mcp_server.auth.server.tokens import Tokens
from nextcloud_mcp_server.auth.signed_out import SignedOut
from nextcloud_mcp_server.core.errors import NextcloudError
from nextcloud_mcp_server.storage.audit import Audit
from nextcloud_mcp_server.storage.errors import StorageError
from nextcloud_mcp_server.storage.events import Events
from nextcloud_mcp_server.storage.leases import Leases
from nextcloud_mcp_server.storage.vault import Vault

INTERVAL = 60.0
LEASE_SECONDS = 120.0
# Two rounds may fail before a grant is lost; the shortest lifetime seen is 900 s.
RENEW_WITHIN = 300.0
_LEASE = "upkeep"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upkeep:
    """One round a minute, by one replica. `scopes` gives what a background token asks for; None parts are not in use."""

    vault: Vault
    audit: Audit
    events: Events
    leases: Leases
    tokens: Tokens | None = None
    clients: Clients | None = None
    rates: Rates | None = None
    signed_out: SignedOut | None = None
    leftovers: Leftovers | None = None
    grants: Grants | None = None
    scopes: Callable[[], Iterable[str]] = frozenset

    async def run(self) -> None:
        """For ever; an unreachable database is tried again."""
        while True:
            try:
                if await self.leases.take(_LEASE, LEASE_SECONDS):
                    await self.once()
            except StorageError as error:
                log.warning("Upkeep waits: %s", error)
            await anyio.sleep(INTERVAL)

    async def once(self) -> None:
        """One round."""
        await self.vault.sweep()
        await self.audit.prune()
        await self.events.prune()
        for part in (self.tokens, self.clients, self.rates, self.signed_out):
            if part:
                await part.prune()
        if self.leftovers:
            await self.leftovers.retry()
        if self.grants:
            await self.grants.sweep()
            await self._renew(self.grants)

    async def _renew(self, grants: Grants) -> None:
        for grant in await grants.due(RENEW_WITHIN):
            wanted = (frozenset(self.scopes()) & grant.scopes) | {"openid", "offline_access"}
            try:
                await grants.renew(grant, wanted)
            except NextcloudError as error:
                log.warning("A grant could not be renewed: %s", error.message)
