"""Sign-ins in progress and browsers that are signed in: in the database, encrypted, bound to the browser by a cookie."""

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nextcloud_mcp_server.auth.inbound.token_cache import digest
from nextcloud_mcp_server.auth.server.requests import AuthorizationRequest
from nextcloud_mcp_server.auth.signed_out import SignedOut
from nextcloud_mcp_server.storage.vault import Vault

SIGN_IN_SECONDS = 600.0
BROWSER_SECONDS = 12 * 3600.0
_SIGN_IN, _BROWSER = "sign-in", "browser"


@dataclass(frozen=True)
class SignIn:
    """One sign-in. `id` is its state; `csrf` is in the consent form; `browser` the hash of the binding cookie.

    `away` holds what the way to Nextcloud or the provider needs at the return; empty before the person approved.
    """

    id: str = field(repr=False)
    request: AuthorizationRequest
    csrf: str = field(repr=False)
    browser: str
    expires_at: float
    offline: bool = False
    away: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)

    @property
    def cookie(self) -> str:
        """The name of the binding cookie; each sign-in has its own, so that two at once do not disturb each other."""
        return f"__Host-mcp-sign-in-{digest(self.id)[:12]}"

    def is_bound_to(self, shown: str | None) -> bool:
        return shown is not None and hmac.compare_digest(digest(shown), self.browser)


@dataclass(frozen=True)
class Browser:
    """Who is signed in with a browser; `sid` and `sub` are the provider's names for the session and the person."""

    issuer: str
    subject: str
    sid: str | None = None
    sub: str = ""


class SignIns:
    """All of one `kind`: the state of one kind is nothing to the pages of another. `clock` gives epoch seconds.

    Browsers of sessions that `signed_out` names are signed in no more.
    """

    def __init__(
        self, vault: Vault, *, kind: str = _SIGN_IN, signed_out: SignedOut | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._vault = vault
        self._kind = kind
        self._signed_out = signed_out
        self._clock = clock

    async def begin(self, request: AuthorizationRequest) -> tuple[SignIn, str]:
        """A new sign-in and the value of its binding cookie."""
        cookie = secrets.token_urlsafe(32)
        expires_at = self._clock() + SIGN_IN_SECONDS
        begun = SignIn(secrets.token_urlsafe(32), request, secrets.token_urlsafe(32), digest(cookie), expires_at)
        await self._put(begun)
        return begun, cookie

    async def find(self, id: str) -> SignIn | None:
        """A sign-in that is not over."""
        secret = await self._vault.find(self._kind, digest(id))
        return _restored(id, secret.value) if secret else None

    async def approved(self, sign_in: SignIn, away: Mapping[str, Any], *, offline: bool) -> tuple[SignIn, str]:
        """Binds what comes next to this browser anew: the sign-in, and the value of its cookie from now on."""
        cookie = secrets.token_urlsafe(32)
        changed = replace(sign_in, browser=digest(cookie), away=away, offline=offline)
        await self._put(changed)
        return changed, cookie

    async def finish(self, sign_in: SignIn) -> bool:
        """Ends a sign-in; whether this call was the one that did."""
        return await self._vault.take(self._kind, digest(sign_in.id)) is not None

    async def remember_browser(self, who: Browser) -> str:
        """The value of a cookie that says who is signed in with this browser."""
        cookie = secrets.token_urlsafe(32)
        value = {"issuer": who.issuer, "subject": who.subject, "sid": who.sid, "sub": who.sub}
        await self._vault.put(_BROWSER, digest(cookie), value, user=who.subject, expires_at=self._clock() + BROWSER_SECONDS)
        return cookie

    async def browser(self, cookie: str | None) -> Browser | None:
        """Who is signed in with a browser."""
        secret = await self._vault.find(_BROWSER, digest(cookie)) if cookie else None
        if secret is None:
            return None
        who = Browser(secret.value["issuer"], secret.value["subject"], secret.value.get("sid"), secret.value.get("sub", ""))
        if self._signed_out and await self._signed_out.ended(who.issuer, who.sid, who.sub, secret.created_at):
            return None
        return who

    async def forget_browser(self, cookie: str) -> None:
        await self._vault.remove(_BROWSER, digest(cookie))

    async def _put(self, sign_in: SignIn) -> None:
        value = {
            "request": sign_in.request.stored(),
            "csrf": sign_in.csrf,
            "browser": sign_in.browser,
            "expires_at": sign_in.expires_at,
            "offline": sign_in.offline,
            "away": dict(sign_in.away),
        }
        await self._vault.put(self._kind, digest(sign_in.id), value, expires_at=sign_in.expires_at)


def _restored(id: str, value: Mapping[str, Any]) -> SignIn:
    given: dict[str, Any] = {**value, "request": AuthorizationRequest.restored(value["request"])}
    return SignIn(id, **given)
