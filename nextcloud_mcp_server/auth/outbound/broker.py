"""The token broker: a bearer token that Nextcloud accepts, for the caller's session or for work while they are away.

Session and background never share a token: a session's comes from the caller's token or sign-in, the background's from
the grant for work while away, each with its own scopes.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from nextcloud_mcp_server.auth.inbound.claims import audiences_name
from nextcloud_mcp_server.auth.inbound.verified import Verified
from nextcloud_mcp_server.auth.oidc.http import ClientSecret
from nextcloud_mcp_server.auth.outbound.exchange import Exchange
from nextcloud_mcp_server.auth.outbound.grants import Fresh, Grant, Grants, NeedsConsent
from nextcloud_mcp_server.auth.outbound.renewing import Source, renewing
from nextcloud_mcp_server.auth.people import People
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import CredentialRefused
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.credentials import ANONYMOUS
from nextcloud_mcp_server.nextcloud.session import Policy, Session
from nextcloud_mcp_server.nextcloud.transport import Transport

BACKGROUND = frozenset({"openid", "offline_access"})


@dataclass(frozen=True)
class Forward:
    """The caller's own token, where its audience names this server and Nextcloud both."""

    resource: str
    client: ClientSecret
    nextcloud: str

    def token(self, verified: Verified) -> Fresh:
        """Raises CredentialRefused."""
        here = audiences_name(verified.audience, self.resource) or self.client.client_id in verified.audience
        if not here or not audiences_name(verified.audience, self.nextcloud):
            shown = ", ".join(verified.audience)
            raise CredentialRefused(
                f"The token cannot be forwarded: its audience is {shown}, and {self.resource} and {self.nextcloud} are both needed.",
                hint="Add Nextcloud's audience at the provider, or set MCP_OAUTH_OUTBOUND=exchange.",
            )
        return Fresh(verified.token, verified.expires_at)


@dataclass
class TokenBroker:
    """`way` is how a session's token is had: an Exchange, the person's own grant (Grants), or Forward.

    `reading` gives the scopes that the enabled sources read by. `impersonate` is the exchange for people who are away, instead
    of their refresh token.
    """

    transport: Transport
    cache: Cache
    people: People
    issuer: str
    way: Exchange | Grants | Forward
    grants: Grants
    reading: Callable[[], Iterable[str]]
    next_step: str
    impersonate: Exchange | None = None
    policy: Policy = field(default_factory=Policy)
    _first: dict[tuple[str, str], asyncio.Lock] = field(default_factory=dict[tuple[str, str], asyncio.Lock])

    async def session(self, caller: Caller) -> Session:
        verified = caller.credential
        if not isinstance(verified, Verified):
            raise CredentialRefused("The request carries no token.")
        user = await self.people.user_of(*caller.key)
        try:
            session = await renewing(self._bare(user), await self._source(caller, verified))
        except NeedsConsent as needed:
            raise NeedsConsent(needed.message, hint=self.next_step) from None
        return session if user else await self._first_call(caller, session)

    async def offline(self, user: str) -> Session | None:
        grant = await self.grant_of(user)
        if grant is None:
            return None
        scopes, impersonate = BACKGROUND | (frozenset(self.reading()) & grant.scopes), self.impersonate

        async def token(refused: str | None) -> Fresh:
            if impersonate:
                return await impersonate.of_person(grant.subject, scopes - {"offline_access"})
            return await self.grants.fresh(grant.id, scopes, unlike=refused)

        try:
            return await renewing(self._bare(user), token)
        except NeedsConsent:
            return None

    async def granted(self, user: str) -> frozenset[str]:
        """What background work may read for a user."""
        grant = await self.grant_of(user)
        return frozenset(self.reading()) & grant.scopes if grant else frozenset()

    async def grant_of(self, user: str) -> Grant | None:
        """The newest grant for work while away, of whichever identity at the provider is this Nextcloud user."""
        for issuer, subject in await self.people.callers_of(user):
            for grant in await self.grants.of(issuer, subject) if issuer == self.issuer else ():
                if grant.offline and grant.state != "lost":
                    return grant
        return None

    async def _source(self, caller: Caller, verified: Verified) -> Source:
        way = self.way
        if isinstance(way, Forward):
            forwarded = way.token(verified)

            async def forward(refused: str | None) -> Fresh:
                if refused is not None:
                    raise CredentialRefused("Nextcloud refuses the caller's token.")
                return forwarded

            return forward
        if isinstance(way, Exchange):
            scopes = caller.scopes if caller.scopes is not None else verified.scopes

            async def exchange(refused: str | None) -> Fresh:
                return await way.of_caller(verified, scopes & verified.scopes, unlike=refused)

            return exchange
        grant = await way.find(verified.session) if verified.session else None
        if grant is None or (grant.issuer, grant.subject) != caller.key:
            raise NeedsConsent("The access that was granted to this server is over.")

        async def own(refused: str | None) -> Fresh:
            return await way.fresh(grant.id, grant.scopes, unlike=refused)

        return own

    def _bare(self, user: str | None) -> Session:
        return Session(self.transport, ANONYMOUS, self.cache, user, self.policy)

    async def _first_call(self, caller: Caller, session: Session) -> Session:
        """A person's first call creates their account at Nextcloud; several at once fail there, so it is made alone."""
        async with self._first.setdefault(caller.key, asyncio.Lock()):
            user = await self.people.user_of(*caller.key)
            if user is None:
                user = await session.uid()
                await self.people.bind(*caller.key, user)
        self._first.pop(caller.key, None)
        return replace(session, user_id=user)
