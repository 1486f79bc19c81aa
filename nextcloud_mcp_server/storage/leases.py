"""One owner of a thing among all replicas, for a while."""

import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from nextcloud_mcp_server.storage.database import Database


@dataclass(frozen=True, slots=True)
class Lease:
    """`until` is in epoch seconds of the database's clock."""

    name: str
    owner: str
    until: float


class Leases:
    """Leases held by this process. The database's clock counts, so replicas need not agree on the time.

    A holder renews well before `seconds` are over and stops its work when `take` answers None: a process that was
    asleep for longer has lost the lease to another.
    """

    def __init__(self, database: Database, owner: str | None = None) -> None:
        self._database = database
        self.owner = owner or uuid.uuid4().hex

    async def take(self, name: str, seconds: float) -> Lease | None:
        """Takes or renews a lease; None while another owner has it."""
        now = self._database.now
        sql = f"""
            insert into lease (name, owner, until) values (?, ?, {now} + ?)
            on conflict (name) do update set owner = excluded.owner, until = excluded.until
            where lease.owner = excluded.owner or lease.until < {now}
            returning until
        """  # noqa: S608 - the clock's SQL is a constant
        row = await self._database.one(sql, name, self.owner, seconds)
        return Lease(name, self.owner, row["until"]) if row else None

    async def release(self, name: str) -> bool:
        """Gives a lease back; whether it was ours."""
        return await self._database.run("delete from lease where name = ? and owner = ?", name, self.owner) > 0

    async def keep(self, beginning: str, seconds: float) -> int:
        """Renews all leases of this owner whose names begin so, in one statement; their number."""
        sql = f"update lease set until = {self._database.now} + ? where owner = ? and name like ?"  # noqa: S608 - a constant
        return await self._database.run(sql, seconds, self.owner, f"{beginning}%")

    async def clear(self, beginning: str) -> int:
        """Ends the leases of all other owners whose names begin so: for whoever knows that these are dead. Their number."""
        return await self._database.run("delete from lease where owner <> ? and name like ?", self.owner, f"{beginning}%")

    async def mine(self) -> list[str]:
        """The names of the leases that this owner holds now."""
        sql = f"select name from lease where owner = ? and until >= {self._database.now} order by name"  # noqa: S608 - a constant
        return [row["name"] for row in await self._database.all(sql, self.owner)]

    @asynccontextmanager
    async def held(self, name: str, seconds: float) -> AsyncGenerator[Lease | None]:
        """The lease for the time of a block (None: another has it), given back at its end."""
        lease = await self.take(name, seconds)
        try:
            yield lease
        finally:
            if lease:
                await self.release(name)
