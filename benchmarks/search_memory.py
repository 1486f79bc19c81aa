"""What search takes in memory: while a tree of 500 MB is indexed, and when it is idle afterwards, and idle after a restart.

The server runs as a process in front of a sandbox in another; counted are the server, the search engine and the processes that read
files, together. The tree: {mix}.
Videos are found by their names and not fetched. The floor is the most that the model takes in a bare process that embeds eight long
texts, in the runs that the engine makes of them; idle is beside the same server with search off. Memory is the resident set of all
processes added up, so pages that they share count for each.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from benchmarks import generated, processes
from benchmarks.processes import Memory, Nextcloud
from benchmarks.rows import Row, progress
from nextcloud_mcp_server.index.embed.build import ensure_model

__doc__ = (__doc__ or "").format(mix="; ".join(f"{count} {what}" for what, count, *_ in generated.MIX))
SECONDS = 900
OVER_THE_MODEL, IDLE = 400, 220
ENDED, RESTED = 70.0, 40.0
"""Seconds after which engine and readers have ended, and after which the engine rests."""
SAMPLE = 0.25
BARE = """
import resource, sys
from pathlib import Path
from nextcloud_mcp_server.index.embed.local import LocalModel
model = LocalModel(Path(sys.argv[1]))
model.embed(["long enough " * 200] * 8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
sys.stdin.read()
"""


async def rows() -> list[Row]:
    model = await asyncio.to_thread(ensure_model, processes.MODELS)
    async with processes.process(sys.executable, "-c", BARE, str(model)) as (said, _):
        bare = int(said.rpartition(":")[2]) * 1024 / 1e6
    with tempfile.TemporaryDirectory() as folder:
        async with processes.nextcloud() as box:
            return await measured(box, Path(folder), model, bare)


def environment(box: Nextcloud, folder: Path, model: Path) -> dict[str, str]:
    return {
        "NEXTCLOUD_HOST": box.url,
        "NEXTCLOUD_USERNAME": "alice",
        "NEXTCLOUD_PASSWORD": "alice",
        "MCP_DATA_DIR": str(folder),
        "EMBEDDING_MODEL_DIR": str(model),
    }


async def measured(box: Nextcloud, folder: Path, model: Path, bare: float) -> list[Row]:
    env = environment(box, folder, model)
    async with processes.server({**env, "ENABLE_SEMANTIC_SEARCH": "false"}) as (_, pid):
        await asyncio.sleep(10)
        off = processes.memory(pid)
    size = await box.do(generated.tree, "alice")
    progress(f"a tree of {size / 1e6:.0f} MB is there")
    async with processes.server(env) as (url, pid), highest(pid) as peak:
        began = time.perf_counter()
        told = await indexed(url)
        seconds, most = time.perf_counter() - began, peak[0]
        await asyncio.sleep(ENDED)
        fresh = processes.memory(pid)
    await processes.engine_ended(folder)
    async with processes.server(env) as (url, pid):
        await status(url)
        await asyncio.sleep(RESTED)
        again = processes.memory(pid)
    await processes.engine_ended(folder)
    what = f"indexing {size / 1e6:.0f} MB in {told['indexed_documents']} files ({told['indexed_chunks']:,} passages, {seconds:.0f} s)"
    over = most.rss - bare
    return [
        Row(
            f"{what}: most memory",
            str(most),
            f"the model alone {bare:.0f} MB",
            f"{over:.0f} MB over it",
            f"<= {OVER_THE_MODEL} MB over it",
            over <= OVER_THE_MODEL,
        ),
        idle(f"{ENDED:.0f} s after that", fresh, off),
        idle(f"{RESTED:.0f} s after a restart and a look at the status", again, off),
    ]


def idle(when: str, memory: Memory, off: Memory) -> Row:
    over = f"{memory.rss / off.rss:.2f}"
    return Row(f"server and engine with search on, {when}", str(memory), f"search off {off}", over, f"<= {IDLE} MB", memory.rss <= IDLE)


@asynccontextmanager
async def highest(pid: int) -> AsyncGenerator[list[Memory]]:
    """The most that the processes took together so far, looked at a few times a second."""
    most = [Memory(0, 0)]

    async def watch() -> None:
        while True:
            most[0] = max(most[0], await asyncio.to_thread(processes.memory, pid), key=lambda one: one.rss)
            await asyncio.sleep(SAMPLE)

    watching = asyncio.create_task(watch())
    try:
        yield most
    finally:
        watching.cancel()


async def indexed(url: str) -> dict[str, int]:
    """Returns the status when there is nothing left to do."""
    told, last = await status(url), time.monotonic()
    while told["status"] != "idle" or not told["indexed_documents"] or told["pending_count"]:
        await asyncio.sleep(1)
        told = await status(url)
        if time.monotonic() - last > 10:
            last = time.monotonic()
            progress(f"{told['indexed_documents']} indexed, {told['pending_count']} left")
    return told


async def status(url: str) -> dict[str, int]:
    async with aiohttp.ClientSession() as http:
        while True:
            async with http.get(f"{url}/api/v1/vector-sync/status") as answer:
                if answer.status == 200:
                    return await answer.json()
            await asyncio.sleep(0.5)
