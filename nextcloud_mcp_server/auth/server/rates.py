"""How often somebody may do something, counted in the database so that replicas count together."""

import time
from collections.abc import Callable

from nextcloud_mcp_server.storage.database import Database


class Rates:
    """Fixed windows. `clock` gives epoch seconds."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def allow(self, key: str, limit: int, seconds: int) -> bool:
        """Counts one more; whether no more than `limit` came within the current window of `seconds`."""
        slot = int(self._clock()) // seconds * seconds
        sql = """
            insert into rate (key, slot, count) values (?, ?, 1)
            on conflict (key, slot) do update set count = rate.count + 1 returning count
        """
        row = await self._database.one(sql, key, slot)
        return row is not None and row["count"] <= limit

    async def forgive(self, key: str, seconds: int) -> None:
        """Takes one back that `allow` counted within the current window: it was no failure."""
        slot = int(self._clock()) // seconds * seconds
        await self._database.run("update rate set count = count - 1 where key = ? and slot = ? and count > 0", key, slot)

    async def prune(self) -> int:
        """Forgets windows that ended a day ago."""
        return await self._database.run("delete from rate where slot < ?", int(self._clock()) - 86_400)
