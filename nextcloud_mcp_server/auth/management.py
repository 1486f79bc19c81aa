"""What the management API may ask of a mode: who is calling there, who that is at Nextcloud, and what they gave this server."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from nextcloud_mcp_server.auth.inbound.management import METHOD
from nextcloud_mcp_server.auth.inbound.token_cache import TOPIC_USER, user_key
from nextcloud_mcp_server.auth.inbound.verified import Verified
from nextcloud_mcp_server.auth.keeping import Keeping
from nextcloud_mcp_server.auth.leftovers import Leftovers
from nextcloud_mcp_server.auth.oidc.discovery import Provider
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.http import OidcHttp
from nextcloud_mcp_server.auth.oidc.urls import origin
from nextcloud_mcp_server.auth.outbound.broker import TokenBroker
from nextcloud_mcp_server.auth.people import Access
from nextcloud_mcp_server.auth.ports import Inbound, Outbound
from nextcloud_mcp_server.auth.provisioning.login import Login
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import BadAnswer, CredentialRefused, NotPermitted, NotProvisioned
from nextcloud_mcp_server.nextcloud import login_flow
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.credentials import Credential, basic
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.nextcloud.transport import Transport


@dataclass(frozen=True)
class Given:
    """Background access: when it was given (epoch seconds; None: untold) and what it is limited to (None: nothing)."""

    at: float | None
    scopes: frozenset[str] | None


class Elsewhere(Protocol):
    """Background access that people give at another place than this server."""

    async def given(self, user: str) -> Given | None:
        """What a person gave there, asked now."""
        ...

    async def revoke(self, user: str) -> str | None:
        """Takes it back; why that could not be, or None."""
        ...


@dataclass(frozen=True)
class Management:
    """One mode's. `passwords` says whether app passwords that are left here are what background work uses; else it is the `broker`."""

    inbound: Inbound
    outbound: Outbound
    kept: Keeping
    transport: Transport
    passwords: bool
    login: Login | None = None
    broker: TokenBroker | None = None
    provider: Callable[[], Awaitable[Provider]] | None = None
    http: OidcHttp | None = None
    discovery: Callable[[], tuple[str, str] | None] = lambda: None
    elsewhere: Elsewhere | None = None

    async def user_of(self, caller: Caller) -> str | None:
        """The caller's Nextcloud user id; None where Nextcloud never told."""
        if caller.method == "basic":
            return caller.subject
        if user := await self.kept.people.user_of(*caller.key):
            return user
        if caller.method == METHOD:
            return await self._asked(caller)
        try:
            return await (await self.outbound.session(caller)).uid()
        except (NotProvisioned, CredentialRefused, NotPermitted):
            return None

    async def proven(self, credential: Credential) -> str | None:
        """The user id of a credential, asked of Nextcloud now and not out of a cache; None where it is refused."""
        try:
            return await Session(self.transport, credential, Cache()).uid()
        except (CredentialRefused, NotPermitted):
            return None

    async def given(self, user: str) -> Given | None:
        """The access to work while they are away that a person gave, in the way that this mode uses; a stored limit counts in all."""
        access = await self.kept.store.get(user)
        if self.broker:
            grant = await self.broker.grant_of(user)
            limit = access.scopes if access else None
            return Given(grant.created_at, grant.scopes if limit is None else grant.scopes & limit) if grant else None
        if access:
            return Given(access.created_at, access.scopes)
        return await self.elsewhere.given(user) if self.elsewhere else None

    async def session(self, caller: Caller, user: str) -> Session | None:
        """The caller's way to Nextcloud; a token of another client is shown to nobody, what the person gave serves instead."""
        try:
            return await (self.outbound.offline(user) if caller.method == METHOD else self.outbound.session(caller))
        except NotProvisioned:
            return None

    async def keep(self, user: str, login: str, password: str, scopes: frozenset[str] | None) -> None:
        """Stores an app password that was just proven; one that this server made before is deleted at Nextcloud."""
        before = await self.kept.store.get(user)
        old = await self.kept.store.password(user, "management") if before and before.method == "login_flow" else None
        async with self.kept.database.transaction() as transaction:
            await self.kept.store.store(user, login, password, scopes, "api", on=transaction)
        await self.kept.store.told()
        if old and old.password != password:
            await Leftovers(self.kept.vault, self.transport).delete(old)

    async def revoke(self, caller: Caller, user: str) -> str:
        """Takes every access of a person back, here and where it can be told; what to say to them."""
        people = dict.fromkeys([caller.key, *await self.kept.people.callers_of(user)])
        if self.login:
            told = [(await self.login.revoke(Caller(*key))).message for key in people]
            return told[0] if len(told) == 1 else next((text for text in told if "could not" in text), told[0])
        access = await self.kept.store.get(user)
        problem = await self._deleted(access) if access else None
        await self.kept.store.remove(user, "revoke")
        if self.elsewhere:
            problem = await self.elsewhere.revoke(user) or problem
        for key in people:
            await self.kept.events.publish(TOPIC_USER, user_key(*key))
        return f"The access is deleted here. Nextcloud could not delete it: {problem}" if problem else "The access is deleted."

    async def _deleted(self, access: Access) -> str | None:
        given = await self.kept.store.password(access.user, "revoke")
        return await login_flow.delete_app_password(self.transport, basic(given.login_name, given.password)) if given else None

    async def _asked(self, caller: Caller) -> str | None:
        """Where the provider is this Nextcloud itself, its userinfo says whose token it is; no other provider is believed."""
        verified = caller.credential
        if self.provider is None or self.http is None or not isinstance(verified, Verified):
            return None
        provider, address = await self.provider(), self.transport.address
        if not provider.userinfo_endpoint or origin(provider.issuer) not in (origin(address.base), origin(address.public)):
            return None
        try:
            told = await self.http.get(provider.userinfo_endpoint, headers={"Authorization": f"Bearer {verified.token}"})
        except (OAuthRefused, BadAnswer):
            return None
        user = told.get("sub")
        if not isinstance(user, str) or not user or user != verified.sub:
            return None
        await self.kept.people.bind(*caller.key, user)
        return user
