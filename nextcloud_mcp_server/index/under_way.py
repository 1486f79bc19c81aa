"""What every process works on now, told through the database so that any of them can answer."""

import uuid
from collections.abc import Iterable, Mapping

from nextcloud_mcp_server.index.processor import Current
from nextcloud_mcp_server.storage import Database

STALE = 30.0
"""Seconds after which a process that says nothing more works on nothing."""


class UnderWay:
    """Table `index_current`. `mine` is what this process works on, by job, always as it is now."""

    def __init__(self, database: Database, mine: Mapping[int, Current]) -> None:
        self._database, self._mine = database, mine
        self._me = uuid.uuid4().hex
        self._said = False

    async def tell(self) -> None:
        """Says what this process works on, for others to read; call it every few seconds. Costs nothing while nothing is done."""
        now = list(self._mine.values())
        if not now and not self._said:
            return
        async with self._database.transaction() as run:
            await run.run(f"delete from index_current where worker = ? or told_at < {self._database.now} - ?", self._me, STALE)  # noqa: S608 - a constant
            await run.many(
                "insert into index_current (worker, number, user_id, doc_type, title, page, pages, told_at) "  # noqa: S608 - a constant
                f"values (?, ?, ?, ?, ?, ?, ?, {self._database.now})",
                [(self._me, at, one.user, one.doc_type, one.title, one.page, one.pages) for at, one in enumerate(now)],
            )
        self._said = bool(now)

    async def of(self, user: str) -> tuple[Current, ...]:
        """What is worked on for a user, here and elsewhere."""
        sql = f"select * from index_current where user_id = ? and worker <> ? and told_at >= {self._database.now} - ?"  # noqa: S608 - a constant
        rows = await self._database.all(sql, user, self._me, STALE)
        others = (Current(row["user_id"], row["doc_type"], row["title"], row["page"], row["pages"]) for row in rows)
        return (*_of(user, self._mine.values()), *others)


def _of(user: str, current: Iterable[Current]) -> tuple[Current, ...]:
    return tuple(one for one in current if one.user == user)
