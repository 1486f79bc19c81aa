"""The modes with bearer tokens: Login Flow v2 and the token broker, with whoever signs people in.

`own`: this server, by Login Flow v2 at a stock Nextcloud. `nextcloud`: Nextcloud's `oidc` app behind the facade, because that lacks
resource indicators. `external`: another provider, whose tokens name this server; in OAuth mode without an exchange grant behind the
facade too.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nextcloud_mcp_server.auth.browsing import Browsing
from nextcloud_mcp_server.auth.facade import Facade
from nextcloud_mcp_server.auth.inbound import challenges
from nextcloud_mcp_server.auth.inbound.bearer import Bearer
from nextcloud_mcp_server.auth.inbound.limited import Limited
from nextcloud_mcp_server.auth.inbound.resource_metadata import WELL_KNOWN, document, metadata_url
from nextcloud_mcp_server.auth.inbound.token_cache import CachedVerifier
from nextcloud_mcp_server.auth.inbound.verified import Verifier
from nextcloud_mcp_server.auth.keeping import Keeping, keeping
from nextcloud_mcp_server.auth.leftovers import Leftovers
from nextcloud_mcp_server.auth.managing import late_provider, managed
from nextcloud_mcp_server.auth.offline import PAGE as OFFLINE_PAGE
from nextcloud_mcp_server.auth.oidc.urls import is_secure, origin
from nextcloud_mcp_server.auth.outbound.broker import TokenBroker
from nextcloud_mcp_server.auth.outbound.vault_password import VaultPasswords
from nextcloud_mcp_server.auth.ports import Outbound
from nextcloud_mcp_server.auth.provider_side import ProviderSide, discovery_url
from nextcloud_mcp_server.auth.provisioning.flows import Flows
from nextcloud_mcp_server.auth.provisioning.login import Login
from nextcloud_mcp_server.auth.scopes import OIDC, advertised
from nextcloud_mcp_server.auth.server.consents import Consents
from nextcloud_mcp_server.auth.server.login_flow_gate import LoginFlowGate
from nextcloud_mcp_server.auth.server.tokens import OwnVerifier
from nextcloud_mcp_server.auth.sides import Ready, Sides
from nextcloud_mcp_server.auth.upkeep import Upkeep
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.credentials import Credential
from nextcloud_mcp_server.nextcloud.session import Policy, Session
from nextcloud_mcp_server.nextcloud.transport import Transport
from nextcloud_mcp_server.settings import Mode, Settings, SettingsError
from nextcloud_mcp_server.storage import Leases

LOGIN_FLOW_STEP = "Call nc_auth_provision_access and let the person open the address it answers."
SIGN_IN_STEP = "Let the person sign in again in this client."


@dataclass(frozen=True)
class TokenModes:
    """Builds either mode. `scopes` gives those of the tools that are switched on."""

    settings: Settings
    transport: Transport
    cache: Cache
    session: Callable[[Credential], Session]
    policy: Policy
    scopes: Callable[[], frozenset[str]]

    @cached_property
    def issuer(self) -> str:
        """This server's public address. Raises SettingsError."""
        url = self.settings.server.public_url
        if not url:
            raise SettingsError(
                f"NEXTCLOUD_MCP_SERVER_URL is missing: MCP_AUTH_MODE={self.settings.mode} needs the public address of this server."
            )
        if not is_secure(url):
            raise SettingsError(f"NEXTCLOUD_MCP_SERVER_URL is wrong, {url!r}: use https (http only on this machine).")
        return url

    @property
    def resource(self) -> str:
        return f"{self.issuer}/mcp"

    @cached_property
    def provider(self) -> str:
        """Who signs people in: the setting, else by where the discovery document is."""
        identity = self.settings.identity
        if identity.provider:
            return identity.provider
        found = discovery_url(identity)
        address = self.transport.address
        if found and origin(found) not in (origin(address.base), origin(address.public)):
            return "external"
        return "own" if self.settings.mode is Mode.LOGIN_FLOW else "nextcloud"

    def sides(self) -> Sides:
        """Raises SettingsError for what is missing."""
        if self.provider == "own" and self.settings.mode is Mode.OAUTH:
            raise SettingsError("MCP_IDENTITY_PROVIDER=own signs people in by Login Flow v2: use MCP_AUTH_MODE=login_flow.")
        kept, metadata = keeping(self.settings), metadata_url(self.resource)

        async def prepare() -> Ready:
            async with kept.opened():
                return await self._prepare(kept)

        def challenge(needed: Iterable[str], description: str) -> str:
            return challenges.insufficient_scope(metadata, advertised(needed, self.settings.identity.scope_separator), description)

        return Sides(prepare, challenge)

    async def _prepare(self, kept: Keeping) -> Ready:
        if self.provider == "own":
            gate = LoginFlowGate(self.issuer, self.transport, self.session, kept.people, kept.store)
            return self._ready(kept, Facade(self.settings, kept, self.issuer, self.resource, self._wanted, gate), None)
        integrated = self.provider == "nextcloud"
        side = await ProviderSide.discovered(
            self.settings, kept, self.issuer, self._wanted(), self.transport.address, integrated=integrated
        )
        if not self._needs_facade(side):
            return self._ready(kept, None, side)

        async def ended(family: str) -> None:
            await side.grants.remove(family)

        facade = Facade(self.settings, kept, self.issuer, self.resource, self._wanted, side.gate(), ended)
        return self._ready(kept, facade, side)

    def _needs_facade(self, side: ProviderSide) -> bool:
        """An integrated provider has it always; another one where this server's own grant is what acts at Nextcloud."""
        return self.provider == "nextcloud" or (self.settings.mode is Mode.OAUTH and side.way == "own")

    def _wanted(self) -> frozenset[str]:
        return self.scopes() | OIDC

    def _ready(self, kept: Keeping, facade: Facade | None, side: ProviderSide | None) -> Ready:
        verifier = self._verifier(facade, side)
        cached = CachedVerifier(verifier)
        cached.listen(kept.events)
        separator = self.settings.identity.scope_separator
        bearer = Bearer(cached, metadata_url(self.resource), lambda: advertised(self.scopes(), separator))
        login = self._login(kept, side)
        outbound, users = self._outbound(kept, side)
        upkeep = self._upkeep(kept, facade, side)
        routes = [*self._metadata(facade, side), *self._pages(kept, facade, login, side)]
        inbound, background = Limited(bearer, kept.people, kept.store), [kept.events.run, upkeep.run]
        if side:
            background.append(side.follow)
        provider = late_provider(self.settings, self.transport, side)
        close = (kept.database.close, provider.http.aclose)
        management = managed(
            self.settings, kept, inbound, outbound, self.transport, provider, resource=self.resource, login=login, side=side
        )
        acts, cautions = self._acts(side), side.cautions if side else ()
        granted = outbound.granted if isinstance(outbound, TokenBroker) else kept.store.granted
        return Ready(inbound, outbound, routes, login, background, close, users, granted, management, acts, cautions)

    def _acts(self, side: ProviderSide | None) -> str:
        if side is None:
            return "by the app password that each person granted; this server signs people in"
        ways = {
            "exchange": "by exchanging each caller's token",
            "own": "by what each person granted this server",
            "forward": "by each caller's own token",
        }
        how = "by the app password that each person granted" if self.settings.mode is Mode.LOGIN_FLOW else ways[side.way]
        return f"{how}; {side.provider.issuer} signs people in, client credentials: {side.origin}"

    def _verifier(self, facade: Facade | None, side: ProviderSide | None) -> Verifier:
        """With `own` and the facade only tokens that this server issued."""
        if facade:
            return OwnVerifier(facade.tokens, self.resource)
        if side is None:
            raise AssertionError("unreachable: without a facade there is a provider")
        return side.verifier(self.resource)

    def _outbound(self, kept: Keeping, side: ProviderSide | None) -> tuple[Outbound, Callable[[], Awaitable[list[str]]]]:
        if self.settings.mode is Mode.LOGIN_FLOW or side is None:
            return VaultPasswords(self.transport, self.cache, kept.people, kept.store, LOGIN_FLOW_STEP, self.policy), kept.store.users
        return side.broker(self.transport, self.cache, self.policy, self.resource, self.scopes, SIGN_IN_STEP), side.users

    def _login(self, kept: Keeping, side: ProviderSide | None) -> Login:
        flows = Flows(kept.vault)
        grants = side.grants if side else None
        page = f"{self.issuer}/app/provision"
        consent = f"{self.issuer}{OFFLINE_PAGE}" if self.settings.mode is Mode.OAUTH else None
        consents, people, store = Consents(kept.database), kept.people, kept.store
        return Login(self.transport, self.session, people, store, flows, kept.events, consents, page, self._wanted, grants, consent)

    def _pages(self, kept: Keeping, facade: Facade | None, login: Login, side: ProviderSide | None) -> list[Route]:
        with_passwords = self.settings.mode is Mode.LOGIN_FLOW
        browsing = Browsing(self.issuer, kept, login, side, self.scopes)
        return browsing.routes(facade.routes() if facade else (), provisions=with_passwords, consents=not with_passwords)

    def _upkeep(self, kept: Keeping, facade: Facade | None, side: ProviderSide | None) -> Upkeep:
        tokens, clients = (facade.tokens, facade.clients) if facade else (None, None)
        grants = side.grants if side else None
        leases, leftovers = Leases(kept.database), Leftovers(kept.vault, self.transport)
        return Upkeep(
            kept.vault, kept.audit, kept.events, leases, tokens, clients, kept.rates, kept.signed_out, leftovers, grants, self.scopes
        )

    def _metadata(self, facade: Facade | None, side: ProviderSide | None) -> list[Route]:
        server = self.issuer if facade or side is None else side.provider.issuer
        separator = self.settings.identity.scope_separator

        async def about(_: Request) -> Response:
            told = document(self.resource, server, self.scopes(), separator=separator)
            return JSONResponse(told, headers={"Access-Control-Allow-Origin": "*"})

        return [Route(WELL_KNOWN, about), Route(f"{WELL_KNOWN}/mcp", about)]
