"""The queue of one machine: a table in the server's own database.

Users take turns: the one whose last job was claimed longest ago comes next, so 50,000 files of one user do not delay
another's note.
"""

# ruff: noqa: S608 - the only thing put into the SQL is the database's clock
import asyncio
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from nextcloud_mcp_server.index.queue import dead
from nextcloud_mcp_server.index.queue.port import Counts, Failure, Job, Task
from nextcloud_mcp_server.storage import Database, Queries

LEASE = 60.0
POLL = 2.0
"""Seconds between looks for what another process put in."""


class EmbeddedQueue:
    """Tables `index_job`, `index_turn`, `index_dead` of an open database. `lease` is in seconds."""

    def __init__(self, database: Database, *, lease: float = LEASE) -> None:
        self._database = database
        self._lease = lease
        self._owner = uuid.uuid4().hex
        self._put = asyncio.Event()

    async def open(self) -> None:
        """The database is open already."""

    async def close(self) -> None:
        sql = "update index_job set running = 0, owner = null, attempts = attempts - 1 where owner = ? and running = 1"
        await self._database.run(sql, self._owner)

    async def put(self, tasks: Sequence[Task]) -> int:
        async with self._database.transaction() as run:
            chosen = await dead.alive(run, tasks) if await dead.any_dead(run) else list(tasks)
            before = await self._size(run)
            await run.many(
                "insert into index_job (user_id, doc_type, doc_id, op, version, settled, backfill, run_at) "
                f"values (?, ?, ?, ?, ?, ?, ?, {self._database.now}) "
                "on conflict (user_id, doc_type, doc_id) do update set op = excluded.op, "
                # A change that waits is not delayed by a backfill; a new version begins counting anew.
                "attempts = case when index_job.version = excluded.version then index_job.attempts else 0 end, "
                "run_at = case when index_job.version = excluded.version then index_job.run_at else excluded.run_at end, "
                "version = excluded.version, settled = excluded.settled, backfill = min(index_job.backfill, excluded.backfill), "
                "rerun = index_job.running",
                [(*task.document, task.op, task.version, int(task.settled), int(task.backfill)) for task in chosen],
            )
            users = sorted({task.user for task in chosen})
            await run.many("insert into index_turn (user_id, last) values (?, 0) on conflict do nothing", [(user,) for user in users])
            after = await self._size(run)
        self._put.set()
        return after - before

    async def claim(self, limit: int) -> list[Job]:
        async with self._database.transaction() as run:
            await run.run(
                f"update index_job set running = 0, owner = null, rerun = 0 where running = 1 and lease_until < {self._database.now}"
            )
            jobs: list[Job] = []
            while len(jobs) < limit:
                found = await self._round(run, limit - len(jobs))
                if not found:
                    break
                jobs += found
            return jobs

    async def inherit(self) -> None:
        await self._database.run("update index_job set running = 0, owner = null, rerun = 0 where running = 1 and owner <> ?", self._owner)

    async def keep(self) -> None:
        sql = f"update index_job set lease_until = {self._database.now} + ? where owner = ? and running = 1"
        await self._database.run(sql, self._lease, self._owner)

    async def done(self, job: Job) -> None:
        async with self._database.transaction() as run:
            await run.run("delete from index_job where id = ? and owner = ? and rerun = 0", job.id, self._owner)
            await self._give_back(run, job, 0, "attempts = 0")

    async def retry(self, job: Job, seconds: float, *, counted: bool = True) -> None:
        kept = "attempts" if counted else "max(0, attempts - 1)"
        async with self._database.transaction() as run:
            await self._give_back(run, job, seconds, f"attempts = case when rerun = 1 then 0 else {kept} end")

    async def bury(self, job: Job, reason: str) -> None:
        async with self._database.transaction() as run:
            if await run.run("delete from index_job where id = ? and owner = ? and rerun = 0", job.id, self._owner):
                await dead.bury(run, self._database.now, job, reason)
            await self._give_back(run, job, 0, "attempts = 0")

    async def counts(self, user: str | None = None) -> Mapping[tuple[str, str], Counts]:
        chosen, values = ("where user_id = ?", (user,)) if user is not None else ("", ())
        sql = f"select user_id, doc_type, running, count(*) as size from index_job {chosen} group by user_id, doc_type, running"
        counts: dict[tuple[str, str], Counts] = {}
        for row in await self._database.all(sql, *values):
            key = (row["user_id"], row["doc_type"])
            counts[key] = counts.get(key, Counts()).plus("running" if row["running"] else "waiting", row["size"])
        await dead.count(self._database, user, counts)
        return counts

    async def failures(self, user: str, limit: int = 20) -> list[Failure]:
        return await dead.failures(self._database, user, limit)

    async def forget(self, user: str, doc_type: str | None = None) -> None:
        kind, values = ("and doc_type = ?", (doc_type,)) if doc_type else ("", ())
        async with self._database.transaction() as run:
            await run.run(f"delete from index_job where user_id = ? {kind}", user, *values)
            await dead.forget(run, user, doc_type)
            if doc_type is None:
                await run.run("delete from index_turn where user_id = ?", user)

    async def wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(min(seconds, POLL)):
                await self._put.wait()
        except TimeoutError:
            return
        self._put.clear()

    async def _round(self, run: Queries, limit: int) -> list[Job]:
        """One job each of the users whose turn it is."""
        now = self._database.now
        sql = (
            "select id, turn from (select t.user_id, t.last as turn, (select j.id from index_job j where j.user_id = t.user_id "
            f"and j.running = 0 and j.run_at <= {now} order by j.backfill, j.id limit 1) as id from index_turn t) as next "
            "where id is not null order by turn limit ?"
        )
        claim = (
            f"update index_job set running = 1, rerun = 0, owner = ?, lease_until = {now} + ?, attempts = attempts + 1 "
            "where id = ? returning *"
        )
        take_turn = "update index_turn set last = (select max(last) + 1 from index_turn) where user_id = ?"
        rows = await run.all(sql, limit)
        jobs: list[Job] = []
        for row in rows:
            claimed = await run.one(claim, self._owner, self._lease, row["id"])
            if claimed:
                jobs.append(_job(claimed))
                await run.run(take_turn, claimed["user_id"])
        return jobs

    async def _give_back(self, run: Queries, job: Job, seconds: float, change: str) -> None:
        """Lets the job wait again; what came for its document while it ran is due at once."""
        now = self._database.now
        sql = (
            f"update index_job set running = 0, owner = null, {change}, run_at = case when rerun = 1 then {now} else {now} + ? end, "
            "rerun = 0 where id = ? and owner = ?"
        )
        await run.run(sql, seconds, job.id, self._owner)

    async def _size(self, run: Queries) -> int:
        row = await run.one("select count(*) as size from index_job")
        return row["size"] if row else 0


def _job(row: Mapping[str, Any]) -> Job:
    task = Task(row["user_id"], row["doc_type"], row["doc_id"], row["op"], row["version"], bool(row["settled"]), bool(row["backfill"]))
    return Job(row["id"], task, row["attempts"])
