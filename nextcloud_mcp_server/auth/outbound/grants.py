"""What people granted this server at a provider: refresh tokens in the vault, renewed one at a time across all replicas.

A provider that rotates gives each refresh token once. So a refresh holds the grant's lease, and the new tokens are
committed before the access token is used. Whoever dies in between leaves a token that the provider refuses, and the
person is named as needing consent; nothing else can come of it.
"""

import logging
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio

from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenAnswer, TokenEndpoint, refused_for_good
from nextcloud_mcp_server.auth.people import TOPIC_LOST
from nextcloud_mcp_server.core.errors import NextcloudError, NotProvisioned, Unreachable
from nextcloud_mcp_server.storage.audit import Audit
from nextcloud_mcp_server.storage.database import Database, Queries, Row
from nextcloud_mcp_server.storage.errors import SecretUnreadable
from nextcloud_mcp_server.storage.events import Events
from nextcloud_mcp_server.storage.leases import Leases
from nextcloud_mcp_server.storage.vault import Vault

KIND = "provider-grant"
EARLY_SECONDS = 30.0
LEASE_SECONDS = 75.0
WAIT_SECONDS = 90.0

log = logging.getLogger(__name__)


class NeedsConsent(NotProvisioned):
    """The person has to grant access again; the provider no longer accepts what they granted."""

    hint = "Sign in again, and allow access again where you are asked."


@dataclass(frozen=True)
class Grant:
    """One sign-in's grant. `offline`: the person allowed work while away. `state`: active, refreshing or lost.

    `scopes` are what the person allowed: at the provider, and on our own page where the provider does not know a scope.
    """

    id: str
    issuer: str
    subject: str
    client_id: str
    scopes: frozenset[str]
    offline: bool
    state: str
    created_at: float
    expires_at: float | None


@dataclass(frozen=True)
class Fresh:
    """An access token and its expiry in epoch seconds."""

    token: str = field(repr=False)
    expires_at: float


class Grants:
    """All grants at one provider. `resource` is Nextcloud's audience where the provider takes resource indicators."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        audit: Audit,
        events: Events,
        endpoint: TokenEndpoint,
        *,
        resource: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit
        self._events = events
        self._endpoint = endpoint
        self._resource = resource
        self._clock = clock

    async def store(
        self,
        id: str,
        issuer: str,
        subject: str,
        client_id: str,
        answer: TokenAnswer,
        scopes: frozenset[str],
        offline: bool,
        *,
        sid: str | None = None,
        sub: str | None = None,
    ) -> None:
        """Keeps what a sign-in gave; `sid` and `sub` are the provider's names for the session and the person."""
        sql = """
            insert into offline_grant (id, issuer, subject, client_id, scopes, offline, state, created_at, expires_at, sid, sub)
            values (?, ?, ?, ?, ?, ?, 'active', ?, ?, ?, ?)
        """
        named = " ".join(sorted(scopes))
        async with self._database.transaction() as transaction:
            place = (id, issuer, subject, client_id, named, int(offline), self._clock(), answer.refresh_expires_at, sid, sub)
            await transaction.run(sql, *place)
            await self._keep(transaction, id, subject, answer, named, None)
            await self._audit.note("grant.stored", subject, resource=client_id, method="offline" if offline else "session", on=transaction)

    async def find(self, id: str) -> Grant | None:
        row = await self._database.one("select * from offline_grant where id = ?", id)
        return _grant(row) if row else None

    async def of(self, issuer: str, subject: str) -> list[Grant]:
        """A person's grants, the newest first."""
        sql = "select * from offline_grant where issuer = ? and subject = ? order by created_at desc, id"
        return [_grant(row) for row in await self._database.all(sql, issuer, subject)]

    async def offline(self) -> list[Grant]:
        """Every grant for work while its person is away, lost ones included."""
        return [_grant(row) for row in await self._database.all("select * from offline_grant where offline = 1 order by created_at")]

    async def access_token(self, id: str, scopes: Iterable[str], *, unlike: str | None = None) -> str:
        """An access token with these scopes that is good for half a minute at least.

        `unlike` is a token that was refused: another is fetched. Raises NeedsConsent, and Unreachable while the
        provider does not answer.
        """
        return (await self.fresh(id, scopes, unlike=unlike)).token

    async def fresh(self, id: str, scopes: Iterable[str], *, unlike: str | None = None) -> Fresh:
        """The same, with its expiry."""
        wanted = " ".join(sorted(scopes))
        if found := _usable(await self._value(id), wanted, self._clock() + EARLY_SECONDS, unlike):
            return found
        async with self._alone(id):
            return await self._renewed(id, wanted, unlike)

    async def remove(self, id: str, event: str = "grant.removed") -> bool:
        """Revokes a grant at the provider where that is possible, and deletes it here in any case."""
        async with self._alone(id):
            try:
                secret = await self._vault.take(KIND, id)
            except SecretUnreadable:
                secret = None
            async with self._database.transaction() as transaction:
                row = await transaction.one("delete from offline_grant where id = ? returning subject, client_id, offline", id)
                if row:
                    await self._audit.note(event, row["subject"], resource=row["client_id"], on=transaction)
                if row and row["offline"]:
                    await self._events.publish(TOPIC_LOST, id, on=transaction)
            await self._events.poll()
        if secret and secret.value.get("refresh_token"):
            try:
                await self._endpoint.revoke(secret.value["refresh_token"])
            except (OAuthRefused, NextcloudError) as error:
                log.warning("The provider did not revoke a grant: %s", type(error).__name__)
        return row is not None

    async def forget(self, id: str) -> None:
        """Deletes a grant here alone: revoked at the provider, its session would no longer tell when the person signs out there."""
        async with self._database.transaction() as transaction:
            await self._vault.remove(KIND, id, on=transaction)
            await transaction.run("delete from offline_grant where id = ?", id)

    async def due(self, seconds: float) -> list[Grant]:
        """Active grants for work while away whose refresh token ends within `seconds`: they are renewed before it does."""
        sql = "select * from offline_grant where offline = 1 and state <> 'lost' and expires_at is not null and expires_at < ?"
        return [_grant(row) for row in await self._database.all(sql, self._clock() + seconds)]

    async def renew(self, grant: Grant, scopes: Iterable[str]) -> None:
        """Rotates a grant's tokens whether or not its access token is still good. Raises as `access_token`."""
        value = await self._value(grant.id)
        await self.access_token(grant.id, scopes, unlike=value.get("tokens", {}).get(" ".join(sorted(scopes)), {}).get("token", ""))

    async def lose_all(self) -> None:
        """Marks every grant as needing consent: they belong to a client that this server no longer is."""
        for row in await self._database.all("select id from offline_grant where state <> 'lost'"):
            await self._lose(row["id"])

    async def sign_out(self, issuer: str, sid: str | None, sub: str | None) -> list[str]:
        """A session at the provider ended (without `sid`, all of `sub`): the ids of the grants that came from it.

        Those that served the session alone are lost; what somebody allowed while they are away, they did not take back.
        """
        place, value = ("sid = ?", sid) if sid is not None else ("coalesce(sub, subject) = ?", sub)
        sql = f"select id, offline, state from offline_grant where issuer = ? and {place}"  # noqa: S608 - two constant texts
        rows = await self._database.all(sql, issuer, value)
        for row in rows:
            if not row["offline"] and row["state"] != "lost":
                await self._lose(row["id"])
        return [row["id"] for row in rows]

    async def sweep(self) -> int:
        """Ends grants that served one session alone and whose session is over; their number."""
        sql = """
            select id from offline_grant where offline = 0 and not exists (
                select 1 from oauth_family f join oauth_token t on t.family = f.id
                where f.id = offline_grant.id and f.revoked_at is null and t.used_at is null and t.expires_at > ?
            )
        """
        over = await self._database.all(sql, self._clock())
        for row in over:
            await self.remove(row["id"], "grant.session_over")
        return len(over)

    @asynccontextmanager
    async def _alone(self, id: str) -> AsyncGenerator[None]:
        """Holds the grant against everybody on every replica; waits while another has it."""
        leases = Leases(self._database, uuid.uuid4().hex)
        deadline = time.monotonic() + WAIT_SECONDS
        while not await leases.take(f"grant:{id}", LEASE_SECONDS):
            if time.monotonic() > deadline:
                raise Unreachable("The access is being renewed elsewhere for too long.", retry_after=10.0)
            await anyio.sleep(0.05)
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True):
                await leases.release(f"grant:{id}")

    async def _value(self, id: str) -> Mapping[str, Any]:
        row = await self._database.one("select state from offline_grant where id = ?", id)
        if row is None or row["state"] == "lost":
            raise NeedsConsent("The access that was granted to this server is over.")
        secret = await self._vault.find(KIND, id)
        if secret is None:
            raise NeedsConsent("The access that was granted to this server is over.")
        return secret.value

    async def _renewed(self, id: str, wanted: str, unlike: str | None) -> Fresh:
        """Under the lease: looks again, asks the provider, commits, and only then gives the token away."""
        value = await self._value(id)
        if found := _usable(value, wanted, self._clock() + EARLY_SECONDS, unlike):
            return found
        refresh = value.get("refresh_token")
        if not refresh:
            raise NeedsConsent("The provider gave this server no refresh token.")
        await self._database.run("update offline_grant set state = 'refreshing' where id = ? and state <> 'lost'", id)
        try:
            answer = await self._endpoint.refresh(refresh, self._endpoint.provider.askable(wanted.split()), self._resource)
        except OAuthRefused as refused:
            raise await self._refused(id, refused) from None
        subject = value["subject"]
        async with self._database.transaction() as transaction:
            sql = "update offline_grant set state = 'active', expires_at = ? where id = ? and state = 'refreshing'"
            expires_at = answer.refresh_expires_at if answer.refresh_token else value["refresh_expires_at"]
            if not await transaction.run(sql, expires_at, id):
                raise NeedsConsent("The access that was granted to this server is over.")
            await self._keep(transaction, id, subject, answer, wanted, value)
        return Fresh(answer.access_token, answer.expires_at)

    async def _keep(self, on: Queries, id: str, subject: str, answer: TokenAnswer, named: str, before: Mapping[str, Any] | None) -> None:
        refresh = answer.refresh_token or (before or {}).get("refresh_token")
        ends = answer.refresh_expires_at if answer.refresh_token else (before or {}).get("refresh_expires_at")
        tokens = {
            name: token for name, token in (before or {}).get("tokens", {}).items() if token["expires_at"] > self._clock() + EARLY_SECONDS
        }
        tokens[named] = {"token": answer.access_token, "expires_at": answer.expires_at}
        value = {"subject": subject, "refresh_token": refresh, "refresh_expires_at": ends, "tokens": tokens}
        await self._vault.put(KIND, id, value, user=subject, on=on)

    async def _refused(self, id: str, refused: OAuthRefused) -> NextcloudError:
        if not refused_for_good(refused):
            await self._database.run("update offline_grant set state = 'active' where id = ? and state = 'refreshing'", id)
            return Unreachable(
                f"The provider refuses to renew the access ({refused.error}).", retry_after=60.0, hint="Check this server's client."
            )
        await self._lose(id)
        return NeedsConsent("The provider no longer accepts the access that was granted to this server.")

    async def _lose(self, id: str) -> None:
        async with self._database.transaction() as transaction:
            row = await transaction.one("update offline_grant set state = 'lost' where id = ? returning subject, client_id", id)
            await self._vault.remove(KIND, id, on=transaction)
            if row:
                await self._audit.note("grant.lost", row["subject"], resource=row["client_id"], on=transaction)
            await self._events.publish(TOPIC_LOST, id, on=transaction)
        await self._events.poll()


def _usable(value: Mapping[str, Any], wanted: str, until: float, unlike: str | None) -> Fresh | None:
    token = value.get("tokens", {}).get(wanted)
    if not token or token["expires_at"] <= until or token["token"] == unlike:
        return None
    return Fresh(token["token"], token["expires_at"])


def _grant(row: Row) -> Grant:
    scopes = frozenset(row["scopes"].split())
    place = (row["id"], row["issuer"], row["subject"], row["client_id"], scopes)
    return Grant(*place, bool(row["offline"]), row["state"], row["created_at"], row["expires_at"])
