"""Tokens that only the management API takes: access tokens of clients that the administrator allows there (ALLOWED_MGMT_CLIENT)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from nextcloud_mcp_server.auth.inbound.bearer import ByForm
from nextcloud_mcp_server.auth.inbound.claims import Expected, audiences_name
from nextcloud_mcp_server.auth.inbound.introspection import IntrospectionVerifier, WithUserinfo
from nextcloud_mcp_server.auth.inbound.jwt_tokens import JwtVerifier
from nextcloud_mcp_server.auth.inbound.verified import Refused, Verified, Verifier
from nextcloud_mcp_server.auth.oidc.discovery import Provider
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from nextcloud_mcp_server.auth.ports import Inbound, Unauthorized
from nextcloud_mcp_server.core.caller import Caller

METHOD = "management"


@dataclass
class ManagementTokens:
    """`clients` are the allowed ones, `own` is this server's client at the provider, `resource` its address.

    A token is for the client that shows it or for this server; which client that is, the provider says.
    """

    provider: Callable[[], Awaitable[Provider]]
    http: OidcHttp
    clients: tuple[str, ...]
    resource: str
    own: ClientSecret | None = None
    user_claim: str = "sub"
    _verifiers: tuple[Verifier, ...] = ()

    async def verify(self, token: str) -> Verified:
        """Raises Refused, and Unreachable while the provider does not answer."""
        if not self._verifiers:
            self._verifiers = self._made(await self.provider())
        why = Refused("The token is not accepted.")
        for verifier in self._verifiers:
            try:
                return self._allowed(await verifier.verify(token))
            except Refused as refused:
                why = refused
        raise why

    def _allowed(self, found: Verified) -> Verified:
        if found.client_id not in self.clients:
            raise Refused("The token's client is not in ALLOWED_MGMT_CLIENT.")
        names_us = audiences_name(found.audience, self.resource) or (self.own is not None and self.own.client_id in found.audience)
        if not names_us and found.client_id not in found.audience:
            raise Refused("The token's audience is neither its own client nor this server.")
        return found

    def _made(self, provider: Provider) -> tuple[Verifier, ...]:
        jwks = Jwks(self.http, provider.jwks_uri) if provider.jwks_uri else None
        audiences = (*map(ClientSecret, self.clients), *((self.own,) if self.own else ()))
        return tuple(self._verifier(provider, jwks, audience) for audience in audiences)

    def _verifier(self, provider: Provider, jwks: Jwks | None, audience: ClientSecret) -> Verifier:
        expected = Expected(provider.issuer, self.resource, audience, self.user_claim)
        opaque = None
        if provider.introspection_endpoint and self.own and self.own.secret:
            opaque = IntrospectionVerifier(expected, provider, self.own, self.http)
        jwts = JwtVerifier(expected, jwks) if jwks else None
        return WithUserinfo(ByForm(jwts, opaque), provider, self.user_claim, self.http)


@dataclass(frozen=True)
class ForManagement:
    """The mode's own callers; whom it refuses may show a token of an allowed client."""

    inbound: Inbound
    tokens: Verifier

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        """Raises Unauthorized as the mode does, and Unreachable."""
        try:
            return await self.inbound.identify(headers)
        except Unauthorized as unauthorized:
            scheme, _, token = headers.get("authorization", "").strip().partition(" ")
            if scheme.lower() != "bearer" or not token.strip():
                raise
            try:
                found = await self.tokens.verify(token.strip())
            except Refused:
                raise unauthorized from None
        return replace(found.caller(), method=METHOD)
