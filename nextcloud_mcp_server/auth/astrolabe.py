"""App passwords for work in the background that people left at Nextcloud, in its app Astrolabe; fetched, and kept in memory only.

This server shows Astrolabe a token of its own (`client_credentials`, scope `openid`), which is never used for anybody's data.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from nextcloud_mcp_server.auth.management import Given
from nextcloud_mcp_server.auth.oidc.discovery import Provider
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.http import ClientSecret
from nextcloud_mcp_server.auth.oidc.late import LateProvider
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenAnswer, TokenEndpoint
from nextcloud_mcp_server.auth.outbound.vault_password import VaultPasswords
from nextcloud_mcp_server.auth.people import People
from nextcloud_mcp_server.core.errors import BadAnswer, CredentialRefused, NextcloudError, NotFound, NotPermitted, Unreachable
from nextcloud_mcp_server.nextcloud import login_flow
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.credentials import Credential, basic, bearer
from nextcloud_mcp_server.nextcloud.session import Policy, Session, segment
from nextcloud_mcp_server.nextcloud.transport import Transport

PATH = "/apps/astrolabe/api/v1/background-sync/credentials"
SECONDS = 10.0
EARLY_SECONDS = 60.0
GRANT = "client_credentials"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Left:
    """What somebody left there; `credential_type` is `app_password` or None. `provisioned_at` is as Astrolabe writes it."""

    has_access: bool
    credential_type: str | None = None
    provisioned_at: str | None = None
    password: str | None = field(default=None, repr=False)
    login: str | None = None


NOTHING = Left(False)


@dataclass
class Astrolabe:
    """The app at one Nextcloud, asked as the client `client` of `provider`. `clock` gives epoch seconds."""

    transport: Transport
    provider: LateProvider
    client: ClientSecret
    clock: Callable[[], float] = time.time
    _token: TokenAnswer | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def unfit(self) -> str | None:
        """Why this way is closed for good, or None. Raises Unreachable while the provider does not answer."""
        return _unfit(await self.provider.get())

    async def left(self, user: str) -> Left:
        """What a person left, asked now. Raises Unreachable, CredentialRefused, BadAnswer."""
        try:
            return await self._ask(user)
        except CredentialRefused:
            self._token = None
            return await self._ask(user)

    async def _ask(self, user: str) -> Left:
        credential, what = bearer(await self._fresh()), "the background access at Astrolabe"
        try:
            async with asyncio.timeout(SECONDS):
                answer = await self.transport.send(credential, "GET", f"{PATH}/{segment(user)}", what=what, headers=_JSON)
        except NotFound:
            return NOTHING
        except TimeoutError:
            raise Unreachable("Astrolabe does not answer within ten seconds.", retry_after=60.0) from None
        return _read(answer.json(), user)

    async def _fresh(self) -> str:
        async with self._turn:
            if self._token is None or self._token.expires_at - self.clock() < EARLY_SECONDS:
                endpoint = TokenEndpoint(await self.provider.get(), self.client, self.provider.http, clock=self.clock)
                try:
                    self._token = await endpoint.client_credentials(["openid"])
                except OAuthRefused as refused:
                    raise Unreachable(
                        f"The identity provider gives this server no token for Astrolabe ({refused.error}).",
                        retry_after=60.0,
                        hint="Allow client_credentials for this server's client there.",
                    ) from None
            return self._token.access_token


@dataclass
class WithAstrolabe:
    """App passwords of the vault, and for people seen calling who have none there, of Astrolabe."""

    vault: VaultPasswords
    astrolabe: Astrolabe
    people: People
    issuer: str
    transport: Transport
    cache: Cache
    policy: Policy = field(default_factory=Policy)
    _known: dict[str, Credential | None] = field(default_factory=dict[str, Credential | None])
    _seen: set[str] = field(default_factory=set[str])

    async def seen(self, user: str) -> None:
        """Somebody called: they are looked up from now on, after a restart too."""
        if user not in self._seen:
            await self.people.bind(self.issuer, user, user)
            self._seen.add(user)

    async def users(self) -> list[str]:
        """Everybody who lets the server work while they are away. Raises while that cannot be known."""
        stored = await self.vault.store.users()
        others = [subject for subject in await self.people.subjects(self.issuer) if subject not in stored]
        if not others or await self.closed():
            return stored
        return [*stored, *[user for user in others if await self._look_up(user)]]

    async def offline(self, user: str) -> Session | None:
        if session := await self.vault.offline(user):
            return session
        if user not in await self.people.subjects(self.issuer) or await self.closed():
            return None
        credential = self._known.get(user) or await self._look_up(user)
        return Session(self.transport, credential, self.cache, user, self.policy) if credential else None

    async def given(self, user: str) -> Given | None:
        """What a person left there that Nextcloud accepts now."""
        if await self.closed():
            return None
        left = await self.astrolabe.left(user)
        credential = _credential(left, user)
        return Given(_epoch(left.provisioned_at), None) if credential and await self._is(credential, user) else None

    async def revoke(self, user: str) -> str | None:
        """Deletes at Nextcloud what a person left, which Astrolabe goes on handing over in vain."""
        if await self.closed():
            return None
        credential = _credential(await self.astrolabe.left(user), user)
        problem = await login_flow.delete_app_password(self.transport, credential) if credential else None
        if problem is None:
            self._known[user] = None
        return problem

    async def closed(self) -> bool:
        """Whether this way is off: the provider has no such grant."""
        return await self.astrolabe.unfit() is not None

    async def announce(self) -> None:
        """Says once, at start, that the way is off."""
        try:
            if problem := await self.astrolabe.unfit():
                log.warning("App passwords cannot be fetched from Astrolabe: %s", problem)
        except NextcloudError as error:
            log.warning("Astrolabe is asked later: %s", error.message)

    async def _look_up(self, user: str) -> Credential | None:
        """Asks now; while Astrolabe does not answer, what was known before holds."""
        try:
            left = await self.astrolabe.left(user)
        except NextcloudError as error:
            if user not in self._known:
                raise
            log.warning("Astrolabe: %s", error.message)
            return self._known[user]
        before, found = self._known.get(user), _credential(left, user)
        if found and (before is None or before.key != found.key) and not await self._is(found, user):
            found = None
        self._known[user] = found
        return found

    async def _is(self, credential: Credential, user: str) -> bool:
        """Whether Nextcloud says that a password is this person's."""
        try:
            return await Session(self.transport, credential, Cache()).uid() == user
        except (CredentialRefused, NotPermitted):
            return False


def _credential(left: Left, user: str) -> Credential | None:
    return basic(left.login or user, left.password) if left.password else None


def _epoch(told: str | None) -> float | None:
    """Epoch seconds of a time as Astrolabe writes it: such seconds, or ISO 8601."""
    try:
        return float(told or "")
    except ValueError:
        try:
            return datetime.fromisoformat(told or "").timestamp()
        except ValueError:
            return None


_JSON: Mapping[str, str] = {"Accept": "application/json"}


def _unfit(provider: Provider) -> str | None:
    if GRANT in provider.grant_types:
        return None
    return f"the provider {provider.issuer} has no {GRANT} grant. People can leave one at this server's management API."


def _read(value: object, user: str) -> Left:
    told = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if told.get("user_id", user) != user:
        raise BadAnswer("Astrolabe answers about somebody else.")
    password, kind, at, login = (told.get(name) for name in ("app_password", "credential_type", "provisioned_at", "login_name"))
    return Left(
        told.get("has_background_access") is True or isinstance(password, str),
        (kind if isinstance(kind, str) else "app_password") if isinstance(password, str) and password else None,
        str(at) if isinstance(at, str | int) else None,
        password if isinstance(password, str) and password else None,
        login if isinstance(login, str) and login else None,
    )
