"""Builds what the management API is told of a mode."""

from nextcloud_mcp_server.auth.inbound.management import ForManagement, ManagementTokens
from nextcloud_mcp_server.auth.inbound.token_cache import CachedVerifier
from nextcloud_mcp_server.auth.keeping import Keeping
from nextcloud_mcp_server.auth.management import Elsewhere, Management
from nextcloud_mcp_server.auth.oidc.http import OidcHttp
from nextcloud_mcp_server.auth.oidc.late import LateProvider
from nextcloud_mcp_server.auth.outbound.broker import TokenBroker
from nextcloud_mcp_server.auth.ports import Inbound, Outbound
from nextcloud_mcp_server.auth.provider_side import ProviderSide, discovery_url, given_client, integrated_url, overrides
from nextcloud_mcp_server.auth.provisioning.login import Login
from nextcloud_mcp_server.auth.signed_out import StillSignedIn
from nextcloud_mcp_server.nextcloud.transport import Transport
from nextcloud_mcp_server.settings import Mode, Settings


def late_provider(settings: Settings, transport: Transport, side: ProviderSide | None = None) -> LateProvider:
    """The provider in use, else the one that the settings name or Nextcloud's own, asked when it is needed."""
    identity, address = settings.identity, transport.address
    url = discovery_url(identity) or integrated_url(address)
    if side:
        return LateProvider(side.http, url, found=side.provider)
    return LateProvider(OidcHttp(address.ca_bundle or address.verify), url, overrides(identity))


def managed(
    settings: Settings,
    kept: Keeping,
    inbound: Inbound,
    outbound: Outbound,
    transport: Transport,
    provider: LateProvider,
    *,
    resource: str = "",
    login: Login | None = None,
    side: ProviderSide | None = None,
    elsewhere: Elsewhere | None = None,
) -> Management:
    """`resource` is this server's address for tokens, where it has one."""
    identity = settings.identity
    if identity.management_clients:
        own = side.client if side else given_client(identity)
        tokens = ManagementTokens(provider.get, provider.http, identity.management_clients, resource, own, identity.user_claim)
        cached = CachedVerifier(StillSignedIn(tokens, kept.signed_out))
        cached.listen(kept.events)
        inbound = ForManagement(inbound, cached)

    def discovery() -> tuple[str, str] | None:
        found = provider.found
        return (provider.url, found.issuer) if found else None

    passwords = settings.mode is not Mode.OAUTH
    broker = outbound if isinstance(outbound, TokenBroker) else None
    return Management(inbound, outbound, kept, transport, passwords, login, broker, provider.get, provider.http, discovery, elsewhere)
