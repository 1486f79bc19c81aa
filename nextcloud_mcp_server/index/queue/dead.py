"""Documents that were given up, in the database of either queue."""

from collections.abc import Sequence

from nextcloud_mcp_server.index.queue.port import Counts, Failure, Job, Task
from nextcloud_mcp_server.storage import Database, Queries

MAX_REASON = 500


async def bury(run: Queries, now: str, job: Job, reason: str) -> None:
    """Notes the version that failed. `now` is the database's clock."""
    sql = (
        f"insert into index_dead (user_id, doc_type, doc_id, version, reason, failed_at) values (?, ?, ?, ?, ?, {now}) "  # noqa: S608 - a constant
        "on conflict (user_id, doc_type, doc_id) do update set version = excluded.version, reason = excluded.reason, "
        "failed_at = excluded.failed_at"
    )
    await run.run(sql, *job.task.document, job.task.version, reason[:MAX_REASON])


async def alive(run: Queries, tasks: Sequence[Task]) -> list[Task]:
    """The tasks but for versions that were given up; anything new about a document takes it from the dead."""
    chosen: list[Task] = []
    for task in tasks:
        row = await run.one("select version from index_dead where user_id = ? and doc_type = ? and doc_id = ?", *task.document)
        if row and task.op == "fetch" and row["version"] == task.version:
            continue
        if row:
            await run.run("delete from index_dead where user_id = ? and doc_type = ? and doc_id = ?", *task.document)
        chosen.append(task)
    return chosen


async def any_dead(run: Queries) -> bool:
    return await run.one("select 1 as there from index_dead limit 1") is not None


async def count(database: Database, user: str | None, counts: dict[tuple[str, str], Counts]) -> None:
    """Adds the dead to `counts`."""
    chosen, values = ("where user_id = ?", (user,)) if user is not None else ("", ())
    sql = f"select user_id, doc_type, count(*) as size from index_dead {chosen} group by user_id, doc_type"  # noqa: S608 - constants
    for row in await database.all(sql, *values):
        key = (row["user_id"], row["doc_type"])
        counts[key] = counts.get(key, Counts()).plus("failed", row["size"])


async def failures(database: Database, user: str, limit: int) -> list[Failure]:
    rows = await database.all("select * from index_dead where user_id = ? order by failed_at desc limit ?", user, limit)
    return [Failure(row["user_id"], row["doc_type"], row["doc_id"], row["version"], row["reason"], row["failed_at"]) for row in rows]


async def forget(run: Queries, user: str, doc_type: str | None) -> None:
    kind, values = ("and doc_type = ?", (doc_type,)) if doc_type else ("", ())
    await run.run(f"delete from index_dead where user_id = ? {kind}", user, *values)  # noqa: S608 - constants
