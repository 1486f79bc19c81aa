"""ID tokens of a sign-in that this server began (OpenID Connect Core 3.1.3.7)."""

import hmac
from typing import Any

from nextcloud_mcp_server.auth.inbound.claims import LEEWAY, audiences
from nextcloud_mcp_server.auth.inbound.jwt_tokens import header_of, signed_claims
from nextcloud_mcp_server.auth.inbound.verified import Refused
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from nextcloud_mcp_server.auth.oidc.urls import same


async def verify(token: str, jwks: Jwks, *, issuer: str, client_id: str, nonce: str, now: float) -> dict[str, Any]:
    """The claims of an ID token. Raises Refused; Unreachable while the keys cannot be fetched."""
    claims = await signed_claims(token, header_of(token) or {}, jwks, "ID token")
    _check(claims, issuer, client_id, nonce, now)
    return claims


def _check(claims: dict[str, Any], issuer: str, client_id: str, nonce: str, now: float) -> None:
    stated, given, expires, audience = claims.get("iss"), claims.get("nonce"), claims.get("exp"), audiences(claims)
    if not isinstance(stated, str) or not same(stated, issuer):
        raise Refused("The ID token is of another issuer.")
    if client_id not in audience or (len(audience) > 1 and claims.get("azp") != client_id):
        raise Refused("The ID token is for another client.")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise Refused("The ID token is of another sign-in.")
    if isinstance(expires, bool) or not isinstance(expires, int | float) or now >= expires + LEEWAY:
        raise Refused("The ID token has expired.")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise Refused("The ID token names nobody.")
