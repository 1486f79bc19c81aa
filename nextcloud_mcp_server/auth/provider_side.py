"""An OpenID provider as this server uses it: discovered, with credentials of our own, for verifying and for acting."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Literal

from nextcloud_mcp_server.auth.back_channel import PATH as LOGOUT
from nextcloud_mcp_server.auth.back_channel import BackChannelLogout
from nextcloud_mcp_server.auth.inbound.bearer import ByForm
from nextcloud_mcp_server.auth.inbound.claims import Expected
from nextcloud_mcp_server.auth.inbound.introspection import IntrospectionVerifier, WithUserinfo
from nextcloud_mcp_server.auth.inbound.jwt_tokens import JwtVerifier
from nextcloud_mcp_server.auth.inbound.verified import Verifier
from nextcloud_mcp_server.auth.keeping import Keeping
from nextcloud_mcp_server.auth.oidc.discovery import Overrides, Provider, discover
from nextcloud_mcp_server.auth.oidc.errors import ProviderUnfit
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from nextcloud_mcp_server.auth.oidc.registration import Origin, Registration, Wish
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenEndpoint
from nextcloud_mcp_server.auth.outbound.broker import Forward, TokenBroker
from nextcloud_mcp_server.auth.outbound.exchange import Exchange
from nextcloud_mcp_server.auth.outbound.grants import Grants
from nextcloud_mcp_server.auth.server.provider_gate import ProviderGate
from nextcloud_mcp_server.auth.server.tokens import Tokens
from nextcloud_mcp_server.auth.signed_out import StillSignedIn
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.session import Policy
from nextcloud_mcp_server.nextcloud.transport import Address, Transport
from nextcloud_mcp_server.settings import Identity, Settings, SettingsError

Way = Literal["exchange", "own", "forward"]


def discovery_url(identity: Identity) -> str | None:
    """Where the discovery document is, by the setting or the older ones for Keycloak."""
    if identity.discovery_url:
        return identity.discovery_url
    if identity.keycloak_url and identity.keycloak_realm:
        return f"{identity.keycloak_url}/realms/{identity.keycloak_realm}/.well-known/openid-configuration"
    return None


def integrated_url(nextcloud: Address) -> str:
    """Where Nextcloud's own provider describes itself."""
    return f"{nextcloud.base}/.well-known/openid-configuration"


def overrides(identity: Identity) -> Overrides:
    """What the settings know better than a discovery document."""
    return Overrides(identity.public_issuer or identity.issuer, identity.jwks_uri, identity.introspection_uri, identity.userinfo_uri)


@dataclass(frozen=True)
class ProviderSide:
    """One provider. `origin` says where our credentials there came from; `way` how a session's token is had."""

    settings: Settings
    kept: Keeping
    issuer: str
    http: OidcHttp
    provider: Provider
    client: ClientSecret
    origin: Origin
    registration: Registration
    grants: Grants
    way: Way

    @classmethod
    async def discovered(
        cls, settings: Settings, kept: Keeping, issuer: str, scopes: frozenset[str], nextcloud: Address, *, integrated: bool = False
    ) -> "ProviderSide":
        """Asks the provider what it is; an `integrated` one is used behind the facade. Raises Unreachable, ProviderUnfit, SettingsError."""
        identity = settings.identity
        url = discovery_url(identity) or integrated_url(nextcloud)
        async with AsyncExitStack() as unless_done:
            http = OidcHttp(nextcloud.ca_bundle or nextcloud.verify)
            unless_done.push_async_callback(http.aclose)
            provider = await discover(http, url, overrides(identity))
            wish = Wish((f"{issuer}/oauth/callback",), identity.scopes.split() or scopes, identity.token_type, f"{issuer}{LOGOUT}")
            nobody = TokenEndpoint(provider, ClientSecret(""), http)
            before = Grants(kept.database, kept.vault, kept.audit, kept.events, nobody)
            registration = Registration(kept.database, kept.vault, http, wish, orphaned=before.lose_all)
            client, origin = await registration.resolve(provider, given_client(identity), identity.client_storage)
            endpoint = TokenEndpoint(provider, client, http)
            resource = identity.resource if "://" in identity.resource else None
            grants = Grants(kept.database, kept.vault, kept.audit, kept.events, endpoint, resource=resource)
            way = _way(identity, provider, integrated)
            unless_done.pop_all()
        return cls(settings, kept, issuer, http, provider, client, origin, registration, grants, way)

    async def follow(self) -> None:
        """Keeps a registered client from ending, for ever."""
        await self.registration.follow(self.provider, self.client)

    @property
    def cautions(self) -> list[str]:
        """What an administrator should know of this provider as it is used."""
        found: list[str] = []
        if self.way == "forward":
            found.append(
                "MCP_OAUTH_OUTBOUND=forward shows callers' tokens to Nextcloud, which the MCP specification rules out: use exchange or own."
            )
        if self.client.expires_at:
            found.append(
                f"This server's client at {self.provider.issuer} ends again and again, and all people have to sign in anew each time: "
                "make a lasting client there and set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET."
            )
        return found

    @property
    def endpoint(self) -> TokenEndpoint:
        return TokenEndpoint(self.provider, self.client, self.http)

    @property
    def jwks(self) -> Jwks:
        return Jwks(self.http, self.provider.jwks_uri)

    def gate(self, *, offline: bool | None = None) -> ProviderGate:
        """People signing in there, for the facade; `offline` as of ProviderGate."""
        identity = self.settings.identity
        return ProviderGate(
            self.endpoint, self.jwks, self.http, self.grants, f"{self.issuer}/oauth/callback",
            user_claim=identity.user_claim, resource=identity.resource, offline=offline,
        )  # fmt: skip

    def verifier(self, resource: str) -> Verifier:
        """Its access tokens whose audience is this server: JWTs by its keys, others by introspection."""
        claim = self.settings.identity.user_claim
        expected = Expected(self.provider.issuer, resource, self.client, claim)
        jwts = JwtVerifier(expected, self.jwks) if self.provider.jwks_uri else None
        opaque = None
        if self.provider.introspection_endpoint and self.client.secret:
            opaque = WithUserinfo(IntrospectionVerifier(expected, self.provider, self.client, self.http), self.provider, claim, self.http)
        return StillSignedIn(ByForm(jwts and WithUserinfo(jwts, self.provider, claim, self.http), opaque), self.kept.signed_out)

    def back_channel(self) -> BackChannelLogout:
        """Where this provider tells who signed out there."""
        kept, tokens = self.kept, Tokens(self.kept.database, self.kept.events, self.kept.audit)
        return BackChannelLogout(self.provider.issuer, self.client, self.jwks, kept.signed_out, self.grants, tokens)

    def broker(
        self, transport: Transport, cache: Cache, policy: Policy, resource: str, reading: Callable[[], frozenset[str]], next_step: str
    ) -> TokenBroker:
        """Acting at Nextcloud with tokens of this provider."""
        identity = self.settings.identity
        exchange = Exchange(
            self.endpoint, identity.resource, JwtVerifier(Expected(self.provider.issuer, identity.resource), self.jwks), self.kept.audit
        )
        ways = {"exchange": exchange, "own": self.grants, "forward": Forward(resource, self.client, identity.resource)}
        impersonate = exchange if identity.impersonation else None
        return TokenBroker(
            transport, cache, self.kept.people, self.provider.issuer, ways[self.way], self.grants,
            lambda: (scope for scope in reading() if scope.endswith(":read")), next_step, impersonate, policy,
        )  # fmt: skip

    async def users(self) -> list[str]:
        """The Nextcloud user ids of everybody who granted work while away."""
        found: list[str] = []
        for grant in await self.grants.offline():
            user = await self.kept.people.user_of(grant.issuer, grant.subject)
            if user and grant.state != "lost" and user not in found:
                found.append(user)
        return found


def given_client(identity: Identity) -> ClientSecret | None:
    """Our credentials from the settings. Raises SettingsError where the older and newer names differ."""
    for name, new, old in (
        ("OIDC_CLIENT_ID", identity.client_id, identity.older_client_id),
        ("OIDC_CLIENT_SECRET", identity.client_secret, identity.older_client_secret),
    ):
        if new and old and new != old:
            raise SettingsError(f"{name} and NEXTCLOUD_{name} differ: remove one.")
    client_id, secret = identity.client_id or identity.older_client_id, identity.client_secret or identity.older_client_secret
    return ClientSecret(client_id, secret.get_secret_value() if secret else None) if client_id else None


def _way(identity: Identity, provider: Provider, integrated: bool) -> Way:
    if integrated:
        # Behind the facade callers show tokens of this server, which no provider exchanges and no Nextcloud takes.
        if identity.outbound in ("exchange", "forward"):
            raise SettingsError(
                f"MCP_OAUTH_OUTBOUND={identity.outbound} does not go with MCP_IDENTITY_PROVIDER=nextcloud: use own or auto."
            )
        return "own"
    if identity.outbound == "auto":
        return "exchange" if provider.exchanges else "own"
    if identity.outbound == "exchange" and not provider.exchanges:
        raise ProviderUnfit(f"The provider {provider.issuer} lists no token exchange.", "Set MCP_OAUTH_OUTBOUND=own, or enable it there.")
    return identity.outbound
