"""Signing in at a stock Nextcloud: Login Flow v2 proves the person and gives the app password in one."""

from collections.abc import Callable, Mapping

from nextcloud_mcp_server.auth.leftovers import Leftovers
from nextcloud_mcp_server.auth.people import Access, AccessStore, People
from nextcloud_mcp_server.auth.scopes import OIDC
from nextcloud_mcp_server.auth.server.gate import Arrived, Leaving
from nextcloud_mcp_server.auth.server.sign_ins import SIGN_IN_SECONDS, Browser, SignIn
from nextcloud_mcp_server.nextcloud import login_flow
from nextcloud_mcp_server.nextcloud.credentials import Credential, basic
from nextcloud_mcp_server.nextcloud.login_flow import Granted
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.nextcloud.transport import Transport


class LoginFlowGate:
    """`issuer` is this server's; a person's subject is the Nextcloud user id. `session` makes a session of a credential."""

    offers_offline = False

    def __init__(
        self, issuer: str, transport: Transport, session: Callable[[Credential], Session], people: People, store: AccessStore
    ) -> None:
        self._issuer = issuer
        self._transport = transport
        self._session = session
        self._people = people
        self._store = store
        self._leftovers = Leftovers(store.vault, transport)

    async def shortcut(self, who: Browser, scopes: frozenset[str]) -> Arrived | None:
        user = await self._people.user_of(who.issuer, who.subject)
        access = await self._store.get(user) if user else None
        return Arrived(who, scopes) if access and _covers(access, scopes) else None

    async def leave(self, sign_in: SignIn) -> Leaving:
        flow = await login_flow.begin(self._transport, f"{sign_in.request.client_name} (Nextcloud MCP)")
        return Leaving(flow.login_url, {"poll": flow.token, "login_url": flow.login_url}, waits=True)

    async def arrive(self, sign_in: SignIn, parameters: Mapping[str, str]) -> Arrived | None:
        granted = await self._leftovers.held(sign_in.id) or await self._polled(sign_in)
        if granted is None:
            return None
        user = await self._session(basic(granted.login_name, granted.password)).uid()
        asked = frozenset(sign_in.request.scopes)
        before = await self._store.get(user)
        old = await self._store.password(user, "sign-in") if before else None
        async with self._store.database.transaction() as transaction:
            await self._people.bind(self._issuer, user, user, on=transaction)
            await self._leftovers.settle(sign_in.id, on=transaction)
            scopes = _together(before, asked)
            await self._store.store(user, granted.login_name, granted.password, scopes, "login_flow", on=transaction)
        await self._store.told()
        if old and old != granted:
            await self._leftovers.delete(old)
        return Arrived(Browser(self._issuer, user), asked)

    async def _polled(self, sign_in: SignIn) -> Granted | None:
        granted = await login_flow.poll(self._transport, sign_in.away["poll"])
        if granted:
            await self._leftovers.hold(sign_in.id, granted, sign_in.expires_at + SIGN_IN_SECONDS)
        return granted


def _covers(access: Access, scopes: frozenset[str]) -> bool:
    return access.scopes is None or scopes - OIDC <= access.scopes


def _together(before: Access | None, asked: frozenset[str]) -> frozenset[str] | None:
    """What the person's access is limited to from now on: what they granted before and what they grant now."""
    if before is None:
        return asked - OIDC
    return None if before.scopes is None else before.scopes | (asked - OIDC)
