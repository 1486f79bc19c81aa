"""What a thousand people cost who let the server work for them, in Login Flow mode, while nothing changes.

The server runs as a process with all its defaults, in front of a sandbox in another, and has indexed a note of each of them before. Their
next scans are spread over the interval to which a thousand people's scans stretch, as they are in the long run. Processor time of the
server and all that it started, from /proc; requests of every kind, counted by the sandbox; memory at the end.
"""

import asyncio
import sqlite3
import tempfile
import time
from pathlib import Path

from benchmarks import generated, processes
from benchmarks.processes import Nextcloud
from benchmarks.rows import Row, progress
from nextcloud_mcp_server.auth.keeping import keeping
from nextcloud_mcp_server.index.embed.build import ensure_model
from nextcloud_mcp_server.index.pace import Intervals, Pace
from nextcloud_mcp_server.settings import read
from nextcloud_mcp_server.storage import new_key

PEOPLE = 1000
WATCHED = 45.0
SETTLING = 20.0
"""Seconds in which the start is over."""
SECONDS = 420
CORE, MEGABYTES, A_SECOND = 0.05, 300, 5.0


async def rows() -> list[Row]:
    model = await asyncio.to_thread(ensure_model, processes.MODELS)
    with tempfile.TemporaryDirectory() as place:
        async with processes.nextcloud() as box:
            return await measured(box, Path(place), model, PEOPLE)


def environment(url: str, folder: Path, model: Path, key: str) -> dict[str, str]:
    return {
        "NEXTCLOUD_HOST": url,
        "MCP_AUTH_MODE": "login_flow",
        "NEXTCLOUD_MCP_SERVER_URL": "http://127.0.0.1:1",
        "MCP_DATA_DIR": str(folder),
        "TOKEN_STORAGE_DB": str(folder / "tokens.db"),
        "TOKEN_ENCRYPTION_KEY": key,
        "ENABLE_SEMANTIC_SEARCH": "true",
        "EMBEDDING_MODEL_DIR": str(model),
    }


async def measured(box: Nextcloud, folder: Path, model: Path, count: int) -> list[Row]:
    env = environment(box.url, folder, model, new_key())
    people = await box.do(generated.people, count)
    await provide(env, people)
    progress(f"{count:,} people gave access")
    async with processes.server({**env, "VECTOR_SYNC_MAX_REQUESTS_PER_SECOND": "100000", "VECTOR_SYNC_PROCESSOR_WORKERS": "16"}):
        await indexed(folder / "tokens.db", count)
    await processes.engine_ended(folder)
    spread(folder / "tokens.db", count)
    async with processes.server(env) as (_, pid):
        await asyncio.sleep(SETTLING)
        progress(f"watching for {WATCHED:.0f} s")
        await box.do(processes.all_requests)
        began, cpu = time.perf_counter(), processes.cpu_seconds(pid)
        await asyncio.sleep(WATCHED)
        seconds = time.perf_counter() - began
        core = (processes.cpu_seconds(pid) - cpu) / seconds
        asked, memory = await box.do(processes.all_requests) / seconds, processes.memory(pid)
    what = f"{count:,} idle people"
    return [
        Row(f"{what}: processor", f"{core * 100:.1f} % of a core", target=f"<= {CORE:.0%}", met=core <= CORE),
        Row(f"{what}: memory (RSS of all processes)", str(memory), target=f"<= {MEGABYTES} MB", met=memory.rss <= MEGABYTES),
        Row(f"{what}: requests to Nextcloud", f"{asked:.2f} a second", target=f"<= {A_SECOND:g} a second", met=asked <= A_SECOND),
    ]


async def provide(env: dict[str, str], people: list[tuple[str, str]]) -> None:
    """Stores the app passwords as a sign-in does."""
    kept = keeping(read(env))
    await kept.open()
    async with kept.database.transaction() as transaction:
        for user, password in people:
            await kept.store.store(user, user, password, None, "login-flow", transaction)
    await kept.database.close()


async def indexed(database: Path, count: int) -> None:
    """Returns when everybody was scanned and nothing is left to do."""
    last = time.monotonic()
    while True:
        await asyncio.sleep(1)
        users, scans, left = figures(database)
        if users >= count and not left:
            return
        if time.monotonic() - last > 10:
            last = time.monotonic()
            progress(f"{scans} lists read, {users} people done, {left} documents left")


def figures(database: Path) -> tuple[int, ...]:
    """How many people were scanned whole, lists were read, documents are left."""
    with sqlite3.connect(database) as connection:
        try:
            counts = [connection.execute(f"select count(*) from {table}") for table in ("index_schedule", "index_scan", "index_job")]
            return tuple(count.fetchone()[0] for count in counts)
        except sqlite3.OperationalError:
            return 0, 0, 0


def spread(database: Path, count: int) -> None:
    """The next scans as they are after hours: evenly over the interval."""
    with sqlite3.connect(database) as connection:
        (requests,) = connection.execute("select count(*) from index_scan").fetchone()
        interval = Pace(A_SECOND).stretch(Intervals().shortest, requests)
        users = [row[0] for row in connection.execute("select user_id from index_schedule order by user_id")]
        now = time.time()
        connection.executemany(
            "update index_schedule set next_at = ? where user_id = ?",
            [(now + interval * number / count, user) for number, user in enumerate(users)],
        )
    progress(f"their scans are spread over {interval:.0f} s")
