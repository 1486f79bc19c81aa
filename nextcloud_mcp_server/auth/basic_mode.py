"""Pass-through: everybody shows their own login name and app password with each request."""

from collections.abc import Callable
from dataclasses import dataclass

from nextcloud_mcp_server.auth.astrolabe import Astrolabe, WithAstrolabe
from nextcloud_mcp_server.auth.inbound.basic import PassThrough
from nextcloud_mcp_server.auth.keeping import Keeping, keeping
from nextcloud_mcp_server.auth.leftovers import Leftovers
from nextcloud_mcp_server.auth.managing import late_provider, managed
from nextcloud_mcp_server.auth.outbound.pass_through import CallersOwn
from nextcloud_mcp_server.auth.outbound.vault_password import VaultPasswords
from nextcloud_mcp_server.auth.provider_side import given_client
from nextcloud_mcp_server.auth.sides import Ready, Sides, Work
from nextcloud_mcp_server.auth.upkeep import Upkeep
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.credentials import Credential
from nextcloud_mcp_server.nextcloud.session import Policy, Session
from nextcloud_mcp_server.nextcloud.transport import Transport
from nextcloud_mcp_server.settings import Settings
from nextcloud_mcp_server.storage import Leases

ACTS = "as each caller by the login name and app password of the request"
NEXT_STEP = "Allow background work by an app password: POST /api/v1/users/{you}/app-password."


@dataclass(frozen=True)
class BasicMode:
    """Nothing is stored unless background work is switched on, and then only what people leave for it."""

    settings: Settings
    transport: Transport
    cache: Cache
    session: Callable[[Credential], Session]
    policy: Policy

    def sides(self) -> Sides:
        # Search follows changes while people are away, so it switches background work on.
        if not (self.settings.identity.background or self.settings.sync.enabled):

            async def alone() -> Ready:
                inbound = PassThrough(self.transport.address.base, self.session)
                return Ready(inbound, CallersOwn(self.transport, self.cache, None, self.policy), acts=ACTS)

            return Sides(alone)
        kept = keeping(self.settings)

        async def prepare() -> Ready:
            async with kept.opened():
                return self._ready(kept)

        return Sides(prepare)

    def _ready(self, kept: Keeping) -> Ready:
        vault = VaultPasswords(self.transport, self.cache, kept.people, kept.store, NEXT_STEP, self.policy)
        upkeep = Upkeep(
            kept.vault, kept.audit, kept.events, Leases(kept.database), rates=kept.rates, leftovers=Leftovers(kept.vault, self.transport)
        )
        provider = late_provider(self.settings, self.transport)
        base, client = self.transport.address.base, given_client(self.settings.identity)
        background: list[Work] = [kept.events.run, upkeep.run]
        passwords, seen, users, elsewhere = vault, None, kept.store.users, None
        if client and client.secret:
            astrolabe = Astrolabe(self.transport, provider, client)
            passwords = elsewhere = WithAstrolabe(vault, astrolabe, kept.people, base, self.transport, self.cache, self.policy)
            seen, users = passwords.seen, passwords.users
            background.append(passwords.announce)
        inbound, outbound = PassThrough(base, self.session, seen), CallersOwn(self.transport, self.cache, passwords, self.policy)
        management = managed(self.settings, kept, inbound, outbound, self.transport, provider, elsewhere=elsewhere)
        close = (kept.database.close, provider.http.aclose)
        acts = f"{ACTS}; in the background by app passwords that people left"
        return Ready(inbound, outbound, (), None, background, close, users, kept.store.granted, management, acts)
