"""Scopes as they are written in tokens, settings and metadata."""

from collections.abc import Iterable
from typing import cast

OIDC = frozenset({"openid", "profile", "email", "offline_access"})


def parse(claim: object) -> frozenset[str]:
    """The scopes of a `scope` or `scp` claim: a text with blanks or a list; `<app>.read` is `<app>:read`."""
    if isinstance(claim, str):
        return frozenset(map(canonical, claim.split()))
    names = cast("list[object]", claim) if isinstance(claim, list) else ()
    return frozenset(canonical(name) for name in names if isinstance(name, str))


def canonical(name: str) -> str:
    """The form that tools declare: an app, a colon, what is allowed."""
    if ":" in name or "/" in name:
        return name
    app, dot, access = name.rpartition(".")
    return f"{app}:{access}" if dot and access in ("read", "write", "send") else name


def advertised(scopes: Iterable[str], separator: str = ":") -> list[str]:
    """The scopes as metadata and challenges show them: sorted, with the chosen separator, without `offline_access`."""
    return sorted(name.replace(":", separator) for name in scopes if name != "offline_access")


def narrowed(token: frozenset[str] | None, grant: frozenset[str] | None) -> frozenset[str] | None:
    """What token and stored grant allow together; None stands for everything. OpenID's own scopes need no grant."""
    if token is None or grant is None:
        return grant if token is None else token
    return token & (grant | OIDC)
