"""This server as an authorization server, in front of whichever gate proves people."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property

from starlette.routing import Route

from nextcloud_mcp_server.auth.keeping import Keeping
from nextcloud_mcp_server.auth.server.authorize import Authorize
from nextcloud_mcp_server.auth.server.clients import Clients, static_clients
from nextcloud_mcp_server.auth.server.consents import Consents
from nextcloud_mcp_server.auth.server.gate import Gate
from nextcloud_mcp_server.auth.server.metadata_documents import MetadataDocuments
from nextcloud_mcp_server.auth.server.routes import routes
from nextcloud_mcp_server.auth.server.sign_ins import SignIns
from nextcloud_mcp_server.auth.server.token_endpoints import TokenEndpoints
from nextcloud_mcp_server.auth.server.tokens import Tokens
from nextcloud_mcp_server.settings import Settings, SettingsError


@dataclass(frozen=True)
class Facade:
    """Its parts and routes. `scopes` gives what clients may ask for; `ended` is told of families that a client revoked."""

    settings: Settings
    kept: Keeping
    issuer: str
    resource: str
    scopes: Callable[[], frozenset[str]]
    gate: Gate
    ended: Callable[[str], Awaitable[None]] | None = None

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(self.kept.database, self.kept.events, self.kept.audit)

    @cached_property
    def clients(self) -> Clients:
        try:
            static = static_clients(self.settings.identity.allowed_clients)
        except ValueError as error:
            raise SettingsError(str(error)) from None
        return Clients(self.kept.database, static, MetadataDocuments())

    def routes(self) -> list[Route]:
        consents, place = Consents(self.kept.database), self.settings.nextcloud
        sign_ins = SignIns(self.kept.vault, signed_out=self.kept.signed_out)
        shown = (place.public_url or place.host).partition("://")[2]
        authorize = Authorize(
            self.issuer, self.resource, self.scopes, self.clients, sign_ins, consents, self.tokens, self.gate, self.kept.rates, shown
        )
        endpoints = TokenEndpoints(self.clients, self.tokens, self.kept.rates, self.ended)
        return routes(authorize, endpoints, self.scopes, self.settings.identity.scope_separator)
