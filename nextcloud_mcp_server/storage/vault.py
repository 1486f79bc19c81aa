"""Everybody's secrets: one encrypted table, its keys, and a note for every use.

Fernet (AES-128-CBC with HMAC-SHA256) under `TOKEN_ENCRYPTION_KEY`; of several keys the first encrypts and every one
opens. What is encrypted names the row that it belongs to, so that a row moved to another person does not open.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from nextcloud_mcp_server.storage.audit import Audit
from nextcloud_mcp_server.storage.database import Database, Queries, Row
from nextcloud_mcp_server.storage.errors import KeyProblem, SecretUnreadable

log = logging.getLogger(__name__)

_CHECK = ("key-check", "")
_COLUMNS = "kind, key, user_id, value, created_at, updated_at, expires_at"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that was opened. Times are epoch seconds; `created_at` survives a replacement."""

    kind: str
    key: str
    user: str
    value: Mapping[str, Any]
    created_at: float
    updated_at: float
    expires_at: float | None

    def __repr__(self) -> str:
        return f"Secret({self.kind!r}, {self.key!r})"


@dataclass(frozen=True, slots=True)
class Rotation:
    """How many secrets are now under the first key, and which (kind, key) did not open."""

    count: int
    unreadable: tuple[tuple[str, str], ...]


def new_key() -> str:
    """A new value for TOKEN_ENCRYPTION_KEY: 32 random bytes, URL-safe Base64."""
    return Fernet.generate_key().decode()


def cipher(keys: Sequence[str]) -> MultiFernet:
    """The cipher of some keys. Raises KeyProblem, without the key, for none or a malformed one."""
    if not keys:
        raise KeyProblem("TOKEN_ENCRYPTION_KEY is not set, and this mode stores secrets of people.")
    fernets: list[Fernet] = []
    for position, key in enumerate(keys, 1):
        try:
            fernets.append(Fernet(key))
        except ValueError as error:
            raise KeyProblem(f"TOKEN_ENCRYPTION_KEY: key {position} of {len(keys)} is not 32 bytes in URL-safe Base64.") from error
    return MultiFernet(fernets)


class Vault:
    """Secrets by kind and key, each a small JSON object. `check` comes before everything else."""

    def __init__(self, database: Database, audit: Audit, keys: Sequence[str], *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._audit = audit
        self._cipher = cipher(keys)
        self._clock = clock

    async def check(self) -> None:
        """Raises KeyProblem where the stored secrets were written with another key."""
        written = self._seal(*_CHECK, {})
        sql = f"insert into secret ({_COLUMNS}) values (?, ?, '', ?, ?, ?, null) on conflict (kind, key) do nothing"  # noqa: S608 - constants
        await self._database.run(sql, *_CHECK, written, self._clock(), self._clock())
        row = await self._database.one("select * from secret where kind = ? and key = ?", *_CHECK)
        if row and self._opened(row) is None:
            raise KeyProblem(
                "TOKEN_ENCRYPTION_KEY does not open the stored secrets.",
                hint="Add the key that they were written with after a comma, or remove the stored secrets and make a new key: "
                "`nextcloud-mcp-server keygen`.",
            )

    async def put(
        self,
        kind: str,
        key: str,
        value: Mapping[str, Any],
        *,
        user: str = "",
        expires_at: float | None = None,
        method: str = "",
        on: Queries | None = None,
    ) -> None:
        """Stores or replaces a secret, in the transaction `on` where one is given."""
        now = self._clock()
        sql = f"""
            insert into secret ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)
            on conflict (kind, key) do update set user_id = excluded.user_id, value = excluded.value,
                updated_at = excluded.updated_at, expires_at = excluded.expires_at
        """  # noqa: S608 - constants
        await (on or self._database).run(sql, kind, key, user, self._seal(kind, key, value), now, now, expires_at)
        await self._audit.note("secret.stored", user, resource=kind, method=method, on=on)

    async def get(self, kind: str, key: str, *, method: str = "", on: Queries | None = None) -> Secret | None:
        """The secret, or None where there is none or its time is over. Raises SecretUnreadable."""
        row = await (on or self._database).one("select * from secret where kind = ? and key = ?", kind, key)
        if row is None or self._over(row):
            return None
        secret = self._opened(row)
        await self._audit.note("secret.used" if secret else "secret.unreadable", row["user_id"], resource=kind, method=method, on=on)
        if secret is None:
            raise SecretUnreadable(kind, row["user_id"] or key)
        return secret

    async def find(self, kind: str, key: str, *, method: str = "", on: Queries | None = None) -> Secret | None:
        """As `get`, but one that does not open is named in the log and counts as none: whoever it belongs to begins anew."""
        try:
            return await self.get(kind, key, method=method, on=on)
        except SecretUnreadable as unreadable:
            log.warning("%s", unreadable.message)
            return None

    async def keys(self, kind: str, *, user: str | None = None) -> list[str]:
        """The keys of a kind, of one user or of all, whose time is not over; nothing is opened."""
        chosen, values = ("and user_id = ?", (user,)) if user is not None else ("", ())
        sql = f"select key from secret where kind = ? and (expires_at is null or expires_at > ?) {chosen} order by key"  # noqa: S608 - constants
        return [row["key"] for row in await self._database.all(sql, kind, self._clock(), *values)]

    async def remove(self, kind: str, key: str, *, method: str = "", on: Queries | None = None) -> bool:
        """Deletes a secret; whether there was one."""
        row = await (on or self._database).one("delete from secret where kind = ? and key = ? returning user_id", kind, key)
        if row:
            await self._audit.note("secret.removed", row["user_id"], resource=kind, method=method, on=on)
        return row is not None

    async def take(self, kind: str, key: str, *, method: str = "", on: Queries | None = None) -> Secret | None:
        """Removes a secret and gives it back: of all who ask at once, one gets it. Raises SecretUnreadable."""
        row = await (on or self._database).one("delete from secret where kind = ? and key = ? returning *", kind, key)
        if row is None or self._over(row):
            return None
        secret = self._opened(row)
        await self._audit.note("secret.taken" if secret else "secret.unreadable", row["user_id"], resource=kind, method=method, on=on)
        if secret is None:
            raise SecretUnreadable(kind, row["user_id"] or key)
        return secret

    async def sweep(self) -> int:
        """Deletes what is over, with a note for each; their number."""
        async with self._database.transaction() as transaction:
            rows = await transaction.all("delete from secret where expires_at <= ? returning kind, user_id", self._clock())
            for row in rows:
                await self._audit.note("secret.expired", row["user_id"], resource=row["kind"], on=transaction)
        return len(rows)

    async def rotate(self) -> Rotation:
        """Encrypts everything anew under the first key; a secret that no key opens stays as it is and is named."""
        count, unreadable = 0, list[tuple[str, str]]()
        for place in await self._database.all("select kind, key from secret order by kind, key"):
            kind, key = place["kind"], place["key"]
            async with self._database.transaction() as transaction:
                sql = f"select * from secret where kind = ? and key = ?{self._database.for_update}"  # noqa: S608 - a constant
                row = await transaction.one(sql, kind, key)
                secret = self._opened(row) if row else None
                if secret:
                    sealed = self._seal(kind, key, secret.value)
                    await transaction.run("update secret set value = ? where kind = ? and key = ?", sealed, kind, key)
                    count += (kind, key) != _CHECK
                elif (kind, key) == _CHECK:
                    await transaction.run("update secret set value = ? where kind = ? and key = ?", self._seal(*_CHECK, {}), kind, key)
                elif row:
                    unreadable.append((kind, key))
        await self._audit.note("vault.rotated", "", resource=f"{count} secrets")
        return Rotation(count, tuple(unreadable))

    def _seal(self, kind: str, key: str, value: Mapping[str, Any]) -> bytes:
        return self._cipher.encrypt(orjson.dumps([kind, key, value]))

    def _over(self, row: Row) -> bool:
        return row["expires_at"] is not None and row["expires_at"] <= self._clock()

    def _opened(self, row: Row) -> Secret | None:
        try:
            kind, key, value = orjson.loads(self._cipher.decrypt(bytes(row["value"])))
        except (InvalidToken, ValueError):
            return None
        if (kind, key) != (row["kind"], row["key"]):
            return None
        return Secret(kind, key, row["user_id"], value, row["created_at"], row["updated_at"], row["expires_at"])
