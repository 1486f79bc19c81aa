"""Callers with a bearer token in the `Authorization` header (RFC 6750 2.1, the only way accepted)."""

from collections.abc import Callable, Iterable, Mapping

from nextcloud_mcp_server.auth.inbound import challenges
from nextcloud_mcp_server.auth.inbound.jwt_tokens import header_of
from nextcloud_mcp_server.auth.inbound.verified import Refused, Verified, Verifier
from nextcloud_mcp_server.auth.ports import Unauthorized
from nextcloud_mcp_server.core.caller import Caller


class Bearer:
    """Everybody whose token `verifier` proves. `scopes` gives what the tools that are switched on need, for the challenge."""

    def __init__(self, verifier: Verifier, metadata_url: str, scopes: Callable[[], Iterable[str]]) -> None:
        self._verifier = verifier
        self._metadata_url = metadata_url
        self._scopes = scopes

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        """Raises Unauthorized; Unreachable while the provider that could prove the token does not answer."""
        scheme, _, token = headers.get("authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized("This server asks for a bearer token.", challenges.bearer(self._metadata_url, self._scopes()))
        try:
            return (await self._verifier.verify(token.strip())).caller()
        except Refused as refused:
            challenge = challenges.bearer(self._metadata_url, self._scopes(), error="invalid_token", description=str(refused))
            raise Unauthorized(str(refused), challenge) from None


class ByForm:
    """JWTs to one verifier, everything else to another; a JWT that is refused is not tried again as an opaque token."""

    def __init__(self, jwts: Verifier | None, opaque: Verifier | None) -> None:
        self._jwts = jwts
        self._opaque = opaque

    async def verify(self, token: str) -> Verified:
        chosen = self._jwts if header_of(token) is not None else self._opaque
        if chosen is None:
            raise Refused("Tokens of this form are not accepted here.")
        return await chosen.verify(token)
