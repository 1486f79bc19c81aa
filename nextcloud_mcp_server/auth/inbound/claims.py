"""The rules that a token's claims have to keep, whether they come from a JWT or from introspection.

RFC 9068 for JWT access tokens, RFC 8707 for audiences; what is refused here was accepted somewhere else and did harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from nextcloud_mcp_server.auth.inbound.verified import MissingClaim, Refused, Verified
from nextcloud_mcp_server.auth.oidc.http import ClientSecret
from nextcloud_mcp_server.auth.oidc.urls import same
from nextcloud_mcp_server.auth.scopes import parse

LEEWAY = 10.0
_ID_TOKEN_ONLY = ("nonce", "at_hash", "c_hash", "s_hash")


@dataclass(frozen=True)
class Expected:
    """What this server accepts: tokens of `issuer` for `resource`, or for `client` where it is proven an access token.

    A client that is registered anew has another id from then on: tokens for the id that it had before are for nobody here.
    """

    issuer: str
    resource: str
    client: ClientSecret | None = None
    user_claim: str = "sub"


def accept(expected: Expected, claims: Mapping[str, Any], token: str, now: float, *, proven_access: bool) -> Verified:
    """The verified token. `proven_access` says that something else than the claims proves it to be an access token.

    Raises Refused. Times are epoch seconds, with ten seconds of leeway.
    """
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not same(issuer, expected.issuer):
        raise Refused(f"The issuer is {_shown(issuer)}, not {expected.issuer}.")
    expires_at = _times(claims, now)
    kind = claims.get("typ")
    _is_access_token(claims, kind)
    audience = audiences(claims)
    _is_for_us(expected, audience, proven_access=proven_access or kind == "Bearer")
    sub, session = claims.get("sub"), claims.get("sid")
    if not isinstance(sub, str) or not sub:
        raise Refused("The token has no claim 'sub'.")
    client = next((value for name in ("client_id", "azp") if isinstance(value := claims.get(name), str)), None)
    if sub == client:
        raise Refused("The token belongs to a client, not to a person.")
    verified = Verified(
        issuer=expected.issuer,
        subject=sub,
        scopes=parse(claims.get("scope", claims.get("scp"))),
        client_id=client,
        audience=audience,
        expires_at=expires_at,
        token=token,
        session=session if isinstance(session, str) else None,
        sub=sub,
        issued_at=_number(claims, "iat") or 0.0,
    )
    return _as_user(verified, claims.get(expected.user_claim), expected.user_claim)


def _as_user(verified: Verified, subject: object, claim: str) -> Verified:
    if isinstance(subject, str) and subject:
        return replace(verified, subject=subject)
    raise MissingClaim(f"The token has no claim {claim!r} (NEXTCLOUD_OIDC_USER_CLAIM).", verified)


def audiences(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The `aud` claim as a tuple, whatever its form."""
    value = claims.get("aud")
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in cast("list[object]", value) if isinstance(item, str)) if isinstance(value, list) else ()


def audiences_name(audience: tuple[str, ...], wanted: str) -> bool:
    """Whether an audience is among those of a token; addresses are compared as such."""
    return any(item == wanted or same(item, wanted) for item in audience)


def _times(claims: Mapping[str, Any], now: float) -> float:
    expires = _number(claims, "exp")
    if expires is None:
        raise Refused("The token has no expiry.")
    if now >= expires + LEEWAY:
        raise Refused("The token has expired.")
    for name in ("nbf", "iat"):
        begins = _number(claims, name)
        if begins is not None and begins > now + LEEWAY:
            raise Refused(f"The token is not valid yet ({name}).")
    return expires


def _number(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e12 < value < 1e12:
        raise Refused(f"The claim {name} is not a time.")
    return float(value)


def _is_access_token(claims: Mapping[str, Any], kind: object) -> None:
    if kind not in (None, "Bearer", "at+jwt"):
        raise Refused(f"A token of type {_shown(kind)} is not an access token.")
    if any(name in claims for name in _ID_TOKEN_ONLY):
        raise Refused("An ID token is not an access token.")
    if "events" in claims:
        raise Refused("A logout token is not an access token.")
    if "cnf" in claims:
        raise Refused("The token is bound to a key, and the request does not prove that key.")


def _is_for_us(expected: Expected, audience: tuple[str, ...], *, proven_access: bool) -> None:
    if audiences_name(audience, expected.resource):
        return
    if expected.client and (client_id := expected.client.client_id) in audience:
        if proven_access:
            return
        raise Refused(f"The token for {client_id} is not proven to be an access token.")
    received = ", ".join(_shown(item) for item in audience[:5]) or "none"
    raise Refused(f"The audience has to be {expected.resource}; the token's is {received}.")


def _shown(value: object) -> str:
    """Something out of a token, short enough and plain enough for a header."""
    text = value if isinstance(value, str) else "missing" if value is None else "malformed"
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in text[:200])
