"""The queue of several replicas: procrastinate on PostgreSQL, used through its job manager.

Fairness is a priority that falls with the number of jobs the user has waiting, one document is one queueing lock
and one lock, and the jobs of a worker whose heartbeat stopped go back.
"""

# ruff: noqa: S608 - constants only
import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import wraps
from types import CoroutineType
from typing import Any, Concatenate, ParamSpec, TypeVar

import orjson
from procrastinate import PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job as Row
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from procrastinate.schema import SchemaManager

from nextcloud_mcp_server.core.ending import end
from nextcloud_mcp_server.core.errors import Unreachable
from nextcloud_mcp_server.index.queue import dead
from nextcloud_mcp_server.index.queue.port import Counts, Failure, Job, Task
from nextcloud_mcp_server.storage import Database, Unavailable

P = ParamSpec("P")
T = TypeVar("T")
QUEUE, TASK = "index", "index_document"
LEASE = 60.0
BACKFILL = -1_000_000
LOWEST = 2_000_000
LOCK = 0x6E63_6D63_7004
BATCH = 500


def translated(
    call: "Callable[Concatenate[SharedQueue, P], CoroutineType[Any, Any, T]]",
) -> "Callable[Concatenate[SharedQueue, P], CoroutineType[Any, Any, T]]":
    """The library's and the database's failures as ours."""

    @wraps(call)
    async def wrapper(self: "SharedQueue", *arguments: P.args, **named: P.kwargs) -> T:
        try:
            return await call(self, *arguments, **named)
        except (ConnectorException, Unavailable) as error:
            raise Unreachable("The database of the queue does not answer.") from error

    return wrapper


class SharedQueue:
    """`database` is open and is the PostgreSQL at `address`. `lease` is in seconds."""

    def __init__(self, database: Database, address: str, *, lease: float = LEASE, pool_size: int = 4) -> None:
        self._database = database
        self._connector = PsycopgConnector(conninfo=address, min_size=1, max_size=pool_size)
        self._manager = JobManager(self._connector)
        self._lease = lease
        self._worker: int | None = None
        self._claimed: dict[int, Row] = {}
        self._news = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None

    @translated
    async def open(self) -> None:
        """Makes procrastinate's own tables where they are missing."""
        await self._connector.open_async()
        async with self._database.transaction() as run:
            await run.run("select pg_advisory_xact_lock(?)", LOCK)
            if not await run.one("select 1 as there from pg_tables where tablename = 'procrastinate_jobs'"):
                await SchemaManager(self._connector).apply_schema_async()
        self._listener = asyncio.create_task(self._listen())

    async def close(self) -> None:
        if self._listener:
            await end(self._listener)
        for row in list(self._claimed.values()):
            await self._again(Job(row.id or 0, _task(row.task_kwargs), row.attempts + 1), 0, row.attempts)
        if self._worker is not None:
            await self._manager.unregister_worker(self._worker)
        await self._connector.close_async()

    @translated
    async def put(self, tasks: Sequence[Task]) -> int:
        async with self._database.transaction() as run:
            chosen = await dead.alive(run, tasks) if await dead.any_dead(run) else list(tasks)
        added = 0
        waiting = await self._waiting({task.user for task in chosen})
        for start in range(0, len(chosen), BATCH):
            added += await self._put({_lock(task): task for task in chosen[start : start + BATCH]}, waiting)
        self._news.set()
        return added

    @translated
    async def claim(self, limit: int) -> list[Job]:
        worker = await self._beat()
        await self._recover()
        jobs: list[Job] = []
        while len(jobs) < limit:
            row = await self._manager.fetch_job([QUEUE], worker)
            if row is None or row.id is None:
                break
            self._claimed[row.id] = row
            jobs.append(Job(row.id, _task(row.task_kwargs), row.attempts + 1))
        return jobs

    async def inherit(self) -> None:
        """Nobody is ever alone here; what the dead had claimed comes back by their heartbeat."""

    @translated
    async def keep(self) -> None:
        await self._beat()

    @translated
    async def done(self, job: Job) -> None:
        row = await self._take(job)
        if row:
            await self._finish(row)

    @translated
    async def retry(self, job: Job, seconds: float, *, counted: bool = True) -> None:
        await self._again(job, seconds, None if counted else job.attempts - 1)

    @translated
    async def bury(self, job: Job, reason: str) -> None:
        row = await self._take(job)
        if not row:
            return
        async with self._database.transaction() as run:
            if not await run.one(
                "select 1 as there from procrastinate_jobs where queueing_lock = ? and status = 'todo'", row.queueing_lock
            ):
                await dead.bury(run, self._database.now, job, reason)
        await self._finish(row)

    @translated
    async def counts(self, user: str | None = None) -> Mapping[tuple[str, str], Counts]:
        chosen, values = ("and args->>'user' = ?", (user,)) if user is not None else ("", ())
        sql = (
            "select args->>'user' as user_id, args->>'doc_type' as doc_type, status::text as status, count(*) as size "
            f"from procrastinate_jobs where queue_name = '{QUEUE}' and status in ('todo', 'doing') {chosen} group by 1, 2, 3"
        )
        counts: dict[tuple[str, str], Counts] = {}
        for row in await self._database.all(sql, *values):
            key = (row["user_id"], row["doc_type"])
            counts[key] = counts.get(key, Counts()).plus("running" if row["status"] == "doing" else "waiting", row["size"])
        await dead.count(self._database, user, counts)
        return counts

    @translated
    async def failures(self, user: str, limit: int = 20) -> list[Failure]:
        return await dead.failures(self._database, user, limit)

    @translated
    async def forget(self, user: str, doc_type: str | None = None) -> None:
        kind, values = ("and args->>'doc_type' = ?", (doc_type,)) if doc_type else ("", ())
        async with self._database.transaction() as run:
            sql = f"delete from procrastinate_jobs where queue_name = '{QUEUE}' and status = 'todo' and args->>'user' = ? {kind}"
            await run.run(sql, user, *values)
            await dead.forget(run, user, doc_type)

    async def wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    async def _put(self, tasks: Mapping[str, Task], waiting: "Counter[str]") -> int:
        """Replaces what waits, adds the rest."""
        rows = await self._database.all(
            "select queueing_lock as lock from procrastinate_jobs where status = 'todo' and queueing_lock = any(?)", list(tasks)
        )
        there = {row["lock"] for row in rows}
        await self._database.many(
            "update procrastinate_jobs set args = ?::text::jsonb, scheduled_at = null, "
            f"priority = case when ? or priority > {BACKFILL} then priority else priority - {BACKFILL} end "
            "where status = 'todo' and queueing_lock = ?",
            [(orjson.dumps(_args(tasks[lock])).decode(), tasks[lock].backfill, lock) for lock in there],
        )
        added = 0
        new = [self._row(lock, task, waiting) for lock, task in tasks.items() if lock not in there]
        try:
            if new:
                await self._manager.batch_defer_jobs_async(new)
            return len(new)
        except AlreadyEnqueued:
            # Another replica put one of them in the meantime.
            for row in new:
                with suppress(AlreadyEnqueued):
                    await self._manager.defer_job_async(row)
                    added += 1
            return added

    def _row(self, lock: str, task: Task, waiting: "Counter[str]") -> Row:
        waiting[task.user] += 1
        priority = (BACKFILL if task.backfill else 0) - min(waiting[task.user], -BACKFILL - 1)
        return Row(queue=QUEUE, task_name=TASK, lock=lock, queueing_lock=lock, priority=max(priority, -LOWEST), task_kwargs=_args(task))

    async def _waiting(self, users: set[str]) -> "Counter[str]":
        rows = await self._database.all(
            f"select args->>'user' as user_id, count(*) as size from procrastinate_jobs where queue_name = '{QUEUE}' "
            "and status = 'todo' and args->>'user' = any(?) group by 1",
            sorted(users),
        )
        return Counter({row["user_id"]: row["size"] for row in rows})

    async def _beat(self) -> int:
        """This process's worker, registered anew if it was silent for so long that another took its jobs."""
        if self._worker is not None:
            await self._manager.update_heartbeat(self._worker)
            if await self._database.one("select 1 as there from procrastinate_workers where id = ?", self._worker):
                return self._worker
            self._claimed.clear()
        self._worker = await self._manager.register_worker()
        return self._worker

    async def _take(self, job: Job) -> Row | None:
        """The claimed row, unless it was taken away from a process that was silent for too long. It is let go when its end is noted."""
        mine = await self._database.one("select 1 as there from procrastinate_jobs where id = ? and worker_id = ?", job.id, self._worker)
        if not mine:
            self._claimed.pop(job.id, None)
        return self._claimed.get(job.id)

    async def _recover(self) -> None:
        """Gives back what workers held whose heartbeat stopped."""
        for row in await self._manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=self._lease):
            await self._back(row, 0)
        await self._manager.prune_stalled_workers(self._lease)

    async def _again(self, job: Job, seconds: float, attempts: int | None = None) -> None:
        row = await self._take(job)
        if row:
            await self._back(row, seconds)
            if attempts is not None:
                await self._database.run("update procrastinate_jobs set attempts = ? where id = ?", attempts, job.id)

    async def _back(self, row: Row, seconds: float) -> None:
        """A newer task for the document takes the place of the one that goes back."""
        if await self._database.one(
            "select 1 as there from procrastinate_jobs where queueing_lock = ? and status = 'todo'", row.queueing_lock
        ):
            await self._finish(row)
        else:
            await self._manager.retry_job(row, retry_at=datetime.now(UTC) + timedelta(seconds=seconds))
            self._claimed.pop(row.id or 0, None)

    async def _finish(self, row: Row) -> None:
        await self._manager.finish_job(row, Status.SUCCEEDED, delete_job=True)
        self._claimed.pop(row.id or 0, None)

    async def _listen(self) -> None:
        async def notified(**_: Any) -> None:
            self._news.set()

        while True:
            with suppress(ConnectorException):
                await self._manager.listen_for_jobs(on_notification=notified, queues=[QUEUE])
            await asyncio.sleep(5)


def _lock(task: Task) -> str:
    return "\0".join(task.document).replace("\0", "\x1f")


def _args(task: Task) -> dict[str, Any]:
    return {
        "user": task.user,
        "doc_type": task.doc_type,
        "doc_id": task.doc_id,
        "op": task.op,
        "version": task.version,
        "settled": task.settled,
        "backfill": task.backfill,
    }


def _task(arguments: Mapping[str, Any]) -> Task:
    return Task(**arguments)
