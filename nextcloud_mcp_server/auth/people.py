"""Who is who at Nextcloud, and the access that people gave: app passwords with the scopes they are limited to."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from nextcloud_mcp_server.nextcloud.credentials import Credential, basic
from nextcloud_mcp_server.nextcloud.login_flow import Granted
from nextcloud_mcp_server.storage.database import Database, Queries
from nextcloud_mcp_server.storage.events import Events
from nextcloud_mcp_server.storage.vault import Vault

PASSWORD = "app-password"  # noqa: S105 - a kind of secret
TOPIC_ACCESS = "access-changed"
TOPIC_LOST = "grant-lost"


class OtherUser(Exception):
    """The caller is bound to another Nextcloud user than the one that just signed in."""


class People:
    """The Nextcloud user id of each (issuer, subject): asked of Nextcloud once, never guessed from a claim."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def user_of(self, issuer: str, subject: str, on: Queries | None = None) -> str | None:
        row = await (on or self._database).one("select user_id from person where issuer = ? and subject = ?", issuer, subject)
        return row["user_id"] if row else None

    async def bind(self, issuer: str, subject: str, user: str, on: Queries | None = None) -> None:
        """Raises OtherUser where the pair is bound to somebody else already."""
        sql = "insert into person (issuer, subject, user_id, created_at) values (?, ?, ?, ?) on conflict (issuer, subject) do nothing"
        await (on or self._database).run(sql, issuer, subject, user, self._clock())
        if await self.user_of(issuer, subject, on) != user:
            raise OtherUser

    async def subjects(self, issuer: str) -> list[str]:
        """Everybody of one issuer."""
        return [row["subject"] for row in await self._database.all("select subject from person where issuer = ? order by subject", issuer)]

    async def callers_of(self, user: str) -> list[tuple[str, str]]:
        """Every (issuer, subject) that is this Nextcloud user."""
        rows = await self._database.all("select issuer, subject from person where user_id = ?", user)
        return [(row["issuer"], row["subject"]) for row in rows]


@dataclass(frozen=True)
class Access:
    """What a Nextcloud user gave: `scopes` None is everything. Times are epoch seconds."""

    user: str
    login_name: str
    scopes: frozenset[str] | None
    method: str
    created_at: float
    updated_at: float


class AccessStore:
    """Access by Nextcloud user id. Every change is told to all replicas (`access-changed` with the user id)."""

    def __init__(self, database: Database, vault: Vault, events: Events, *, clock: Callable[[], float] = time.time) -> None:
        self.database = database
        self.vault = vault
        self._events = events
        self._clock = clock

    async def get(self, user: str, on: Queries | None = None) -> Access | None:
        """What a user gave, without the password."""
        row = await (on or self.database).one("select * from access where user_id = ?", user)
        if row is None:
            return None
        scopes = None if row["scopes"] is None else frozenset(orjson.loads(row["scopes"]))
        return Access(user, row["login_name"], scopes, row["method"], row["created_at"], row["updated_at"])

    async def granted(self, user: str) -> frozenset[str] | None:
        """The scopes that a user's access is limited to; None is no limit."""
        access = await self.get(user)
        return access.scopes if access else None

    async def credential(self, user: str, method: str) -> Credential | None:
        """The app password as a credential. Raises SecretUnreadable for one that does not open; `method` is for the audit."""
        secret = await self.vault.get(PASSWORD, user, method=method)
        return basic(secret.value["login"], secret.value["password"]) if secret else None

    async def password(self, user: str, method: str) -> Granted | None:
        """The app password that is about to be replaced or deleted; None for one that does not open, too: only its deletion is lost."""
        secret = await self.vault.find(PASSWORD, user, method=method)
        return Granted(secret.value["login"], secret.value["password"]) if secret else None

    async def users(self) -> list[str]:
        """Every user who gave access."""
        return [row["user_id"] for row in await self.database.all("select user_id from access order by user_id")]

    async def store(self, user: str, login: str, password: str, scopes: frozenset[str] | None, method: str, on: Queries) -> None:
        """Stores or replaces an app password inside a transaction; the time of the first one survives."""
        now = self._clock()
        sql = """
            insert into access (user_id, login_name, scopes, method, created_at, updated_at) values (?, ?, ?, ?, ?, ?)
            on conflict (user_id) do update set login_name = excluded.login_name, scopes = excluded.scopes,
                method = excluded.method, updated_at = excluded.updated_at
        """
        shown = None if scopes is None else orjson.dumps(sorted(scopes)).decode()
        await on.run(sql, user, login, shown, method, now, now)
        await self.vault.put(PASSWORD, user, {"login": login, "password": password}, user=user, method=method, on=on)
        await self._events.publish(TOPIC_ACCESS, user, on=on)

    async def limit(self, user: str, scopes: frozenset[str] | None) -> bool:
        """Changes what a user's access is limited to; whether they gave any."""
        shown = None if scopes is None else orjson.dumps(sorted(scopes)).decode()
        async with self.database.transaction() as transaction:
            sql = "update access set scopes = ?, updated_at = ? where user_id = ?"
            changed = await transaction.run(sql, shown, self._clock(), user) > 0
            await self._events.publish(TOPIC_ACCESS, user, on=transaction)
        await self._events.poll()
        return changed

    async def remove(self, user: str, method: str) -> bool:
        """Deletes a user's access here; whether there was one."""
        async with self.database.transaction() as transaction:
            removed = await transaction.run("delete from access where user_id = ?", user) > 0
            await self.vault.remove(PASSWORD, user, method=method, on=transaction)
            await self._events.publish(TOPIC_ACCESS, user, on=transaction)
        await self._events.poll()
        return removed

    async def told(self) -> None:
        """Lets this process hear what a transaction just published."""
        await self._events.poll()
