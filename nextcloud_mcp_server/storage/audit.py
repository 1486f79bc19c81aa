"""Who used which secret or permission, when, from where: never the secret itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from nextcloud_mcp_server.storage.database import Database, Queries

DAY = 86_400.0
_FIELD = 200


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`time` is in epoch seconds; `resource` names what was touched, `method` how the caller was known, `host` who asked."""

    time: float
    event: str
    user: str
    resource: str
    method: str
    host: str


class Audit:
    """The table of entries. Kept for `retention_days`; `clock` gives epoch seconds."""

    def __init__(self, database: Database, *, retention_days: int = 365, host: str = "", clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._retention = retention_days * DAY
        self._host = host
        self._clock = clock

    async def note(self, event: str, user: str, *, resource: str = "", method: str = "", host: str = "", on: Queries | None = None) -> None:
        """Adds an entry, inside the transaction `on` where one is given. Long and unprintable text is cut down."""
        values = (_plain(text) for text in (event, user, resource, method, host or self._host))
        sql = "insert into audit (time, event, user_id, resource, method, host) values (?, ?, ?, ?, ?, ?)"
        await (on or self._database).run(sql, self._clock(), *values)

    async def read(self, *, user: str | None = None, since: float = 0.0, limit: int = 100) -> list[AuditEntry]:
        """The newest entries first, of one user or of all, not older than `since` (epoch seconds)."""
        chosen, values = ("user_id = ? and ", (user,)) if user is not None else ("", ())
        sql = f"select * from audit where {chosen}time >= ? order by id desc limit ?"  # noqa: S608 - two constant texts
        rows = await self._database.all(sql, *values, since, limit)
        return [AuditEntry(row["time"], row["event"], row["user_id"], row["resource"], row["method"], row["host"]) for row in rows]

    async def prune(self) -> int:
        """Removes what is older than the retention; the number of entries removed."""
        return await self._database.run("delete from audit where time < ?", self._clock() - self._retention)


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:_FIELD])
