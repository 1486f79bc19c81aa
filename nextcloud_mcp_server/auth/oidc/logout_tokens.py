"""Logout tokens: a provider tells that a person's session there has ended (OpenID Connect Back-Channel Logout 1.0)."""

from dataclasses import dataclass
from typing import Any, cast

from nextcloud_mcp_server.auth.inbound.claims import LEEWAY, audiences
from nextcloud_mcp_server.auth.inbound.jwt_tokens import MAX_CHARACTERS, header_of, signed_claims, type_of
from nextcloud_mcp_server.auth.inbound.verified import Refused
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from nextcloud_mcp_server.auth.oidc.urls import same

EVENT = "http://schemas.openid.net/event/backchannel-logout"
OLDEST_SECONDS = 600.0
_LONGEST = 255
# The type is recommended only; a token without it is told from others by its events.
_TYPES = ("logout+jwt", "application/logout+jwt", "jwt", "")


@dataclass(frozen=True)
class LogoutToken:
    """Whose session ended: with `sid` that one, else all of `sub`. `at` is when the provider said so (epoch seconds)."""

    issuer: str
    jti: str
    sid: str | None
    sub: str | None
    at: float


async def verify(token: str, jwks: Jwks, *, issuer: str, client_id: str, now: float) -> LogoutToken:
    """What a logout token says (section 2.6). Raises Refused; Unreachable while the keys cannot be fetched."""
    header = header_of(token) if len(token) <= MAX_CHARACTERS else None
    if header is None:
        raise Refused("This is not a JWT.")
    if "crit" in header or type_of(header) not in _TYPES:
        raise Refused("The header is not that of a logout token.")
    return _read(await signed_claims(token, header, jwks, "logout token"), issuer, client_id, now)


def _read(claims: dict[str, Any], issuer: str, client_id: str, now: float) -> LogoutToken:
    stated = claims.get("iss")
    if not isinstance(stated, str) or not same(stated, issuer) or client_id not in audiences(claims):
        raise Refused("The logout token is of another issuer or for another client.")
    at, expires = _time(claims, "iat"), _time(claims, "exp")
    if now >= expires + LEEWAY or at > now + LEEWAY or at < now - OLDEST_SECONDS:
        raise Refused("The logout token is not of now.")
    events = claims.get("events")
    told = cast("dict[str, Any]", events).get(EVENT) if isinstance(events, dict) else None
    if not isinstance(told, dict) or "nonce" in claims or claims.get("typ") not in (None, "Logout"):
        raise Refused("This is not a logout token.")
    jti, sid, sub = (_text(claims, name) for name in ("jti", "sid", "sub"))
    if jti is None or (sid is None and sub is None):
        raise Refused("The logout token names itself or the session not at all.")
    return LogoutToken(issuer, jti, sid, sub, at)


def _time(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:
        raise Refused(f"The claim {name} is not a time.")
    return float(value)


def _text(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or not value.isprintable():
        raise Refused(f"The claim {name} is not a name.")
    return value
