"""Sessions that ended at a provider: nothing that came from one of them counts any more, on any replica."""

import math
import time
from collections.abc import Callable

from nextcloud_mcp_server.auth.inbound.token_cache import TOPIC_SESSION, TOPIC_USER, user_key
from nextcloud_mcp_server.auth.inbound.verified import Refused, Verified, Verifier
from nextcloud_mcp_server.auth.oidc.logout_tokens import LogoutToken
from nextcloud_mcp_server.storage.audit import Audit
from nextcloud_mcp_server.storage.database import Database
from nextcloud_mcp_server.storage.events import Events

KEEP_SECONDS = 30 * 86_400.0


class SignedOut:
    """What providers told. `clock` gives epoch seconds."""

    def __init__(self, database: Database, events: Events, audit: Audit, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._clock = clock

    async def knows(self, told: LogoutToken) -> bool:
        """Whether this very token came before."""
        sql = "select 1 as one from signed_out where issuer = ? and jti = ?"
        return await self._database.one(sql, told.issuer, told.jti) is not None

    async def note(self, told: LogoutToken) -> None:
        """Remembers it and drops what replicas have cached of the session. Raises Conflict for one that came before."""
        async with self._database.transaction() as transaction:
            sql = "insert into signed_out (issuer, jti, sid, sub, at) values (?, ?, ?, ?, ?)"
            await transaction.run(sql, told.issuer, told.jti, told.sid, told.sub, told.at)
            await self._audit.note("provider.signed_out", told.sub or "", resource=told.issuer, method="logout token", on=transaction)
            if told.sid is not None:
                await self._events.publish(TOPIC_SESSION, told.sid, on=transaction)
            else:
                await self._events.publish(TOPIC_USER, user_key(told.issuer, told.sub or ""), on=transaction)
        await self._events.poll()

    async def ended(self, issuer: str, sid: str | None, sub: str, since: float) -> bool:
        """Whether a session ended, or all sessions of `sub` that began by `since` (epoch seconds)."""
        sql = "select 1 as one from signed_out where issuer = ? and (sid = ? or (sid is null and sub = ? and at >= ?)) limit 1"
        return await self._database.one(sql, issuer, sid or "", sub, since) is not None

    async def prune(self) -> int:
        """Forgets what no token can outlive; the number of entries."""
        return await self._database.run("delete from signed_out where at < ?", self._clock() - KEEP_SECONDS)


class StillSignedIn:
    """Another verifier's tokens, but those of sessions that ended: a JWT stays well signed until it expires."""

    def __init__(self, verifier: Verifier, signed_out: SignedOut) -> None:
        self._verifier = verifier
        self._signed_out = signed_out

    async def verify(self, token: str) -> Verified:
        found = await self._verifier.verify(token)
        # Tokens that do not say since when they are good are introspected ones, about which the provider was asked just now.
        if await self._signed_out.ended(found.issuer, found.session, found.sub, found.issued_at or math.inf):
            raise Refused("The session at the identity provider has ended.")
        return found
