"""How a person proves who they are to this authorization server: at Nextcloud by Login Flow v2, or at a provider."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from nextcloud_mcp_server.auth.server.sign_ins import Browser, SignIn


@dataclass(frozen=True)
class Leaving:
    """Where the browser goes after the person approved: to `url` at once, or to a page that links there and waits."""

    url: str
    away: Mapping[str, Any]
    waits: bool


@dataclass(frozen=True)
class Arrived:
    """Who signed in, what they may grant, and the family whose tokens go with the provider's (facade)."""

    who: Browser
    scopes: frozenset[str]
    family: str | None = None


class NotArrived(Exception):
    """The person came back without proof; `error` is the OAuth error for the client."""

    def __init__(self, message: str, error: str = "access_denied") -> None:
        super().__init__(message)
        self.message = message
        self.error = error


class Gate(Protocol):
    """One way."""

    offers_offline: bool

    async def shortcut(self, who: Browser, scopes: frozenset[str]) -> Arrived | None:
        """A person whose browser is signed in here and who granted enough already needs no other way."""
        ...

    async def leave(self, sign_in: SignIn) -> Leaving:
        """The way out. Raises the kinds of core.errors."""
        ...

    async def arrive(self, sign_in: SignIn, parameters: Mapping[str, str]) -> Arrived | None:
        """Who came back; None while the person is not done. Raises NotArrived and the kinds of core.errors."""
        ...
