"""JWT access tokens (RFC 9068, and what providers issued before it)."""

import base64
import time
from collections.abc import Callable
from typing import Any, cast

import jwt
import orjson

from nextcloud_mcp_server.auth.inbound.claims import Expected, accept
from nextcloud_mcp_server.auth.inbound.verified import Refused, Verified
from nextcloud_mcp_server.auth.oidc.jwks import Jwks

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
MAX_CHARACTERS = 16_384
_TYPES = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})


def header_of(token: str) -> dict[str, Any] | None:
    """The header of what looks like a signed JWT; None for an opaque token."""
    first, dot, rest = token.partition(".")
    if not dot or rest.count(".") != 1:
        return None
    try:
        header: object = orjson.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except ValueError:
        return None
    return cast("dict[str, Any]", header) if isinstance(header, dict) and "alg" in header else None


class JwtVerifier:
    """Signature by the provider's keys, then the rules of `claims`. `clock` gives epoch seconds."""

    def __init__(self, expected: Expected, jwks: Jwks, *, clock: Callable[[], float] = time.time) -> None:
        self._expected = expected
        self._jwks = jwks
        self._clock = clock

    async def verify(self, token: str) -> Verified:
        header = header_of(token)
        if header is None or len(token) > MAX_CHARACTERS or not _canonical(token.rpartition(".")[2]):
            raise Refused("This is not a JWT.")
        if "crit" in header or type_of(header) not in _TYPES:
            raise Refused("The token's header is not that of an access token.")
        # The claims are checked by `accept`, the same way for introspected tokens.
        claims = await signed_claims(token, header, self._jwks, "token")
        proven = type_of(header) in ("at+jwt", "application/at+jwt")
        return accept(self._expected, claims, token, self._clock(), proven_access=proven)


_UNCHECKED: Any = {"verify_signature": True, **{f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}}


async def signed_claims(token: str, header: dict[str, Any], jwks: Jwks, what: str) -> dict[str, Any]:
    """The claims of a JWT that the provider signed, not yet looked at; `what` names it in refusals.

    Raises Refused; Unreachable while the keys cannot be fetched.
    """
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Refused(f"The {what}'s algorithm is not accepted.")
    key = await jwks.key(kid if isinstance(kid, str) else None, algorithm)
    if key is None:
        raise Refused(f"The {what} is signed with a key that the provider does not have.")
    try:
        return jwt.decode(token, key.key, algorithms=[algorithm], options=_UNCHECKED)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise Refused(f"The {what}'s signature does not fit.") from None


def _canonical(signature: str) -> bool:
    """Whether no other text stands for the same bytes: a changed token must never pass for the one it was made from."""
    try:
        raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    except ValueError:
        return False
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == signature


def type_of(header: dict[str, Any]) -> str:
    """The `typ` of a header in lower case."""
    kind = header.get("typ", "")
    return kind.lower() if isinstance(kind, str) else "?"
