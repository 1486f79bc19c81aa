"""What a scan costs where nothing changed and where ten documents changed, beside listing everything: requests and seconds.

One person with notes, files, calendars, contacts and boards in a sandbox (in a process of its own), scanned by the product's own scanner.
The documents of the first scan are noted as indexed without being read; the ten that change (six files, two notes that are files too,
an event and a contact) are fetched, embedded and stored. Requests that ask who is asking and which apps there are do not count here.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks import generated, processes
from benchmarks.processes import Nextcloud
from benchmarks.rows import Row, progress
from nextcloud_mcp_server.index.embed.build import ensure_model
from nextcloud_mcp_server.server.compose import build
from nextcloud_mcp_server.server.indexing.indexing import Indexing
from nextcloud_mcp_server.server.indexing.parts import parts
from nextcloud_mcp_server.settings import read
from nextcloud_mcp_server.storage import open_database

SIZES = (1_000, 10_000, 50_000)
SECONDS = 240
SCANS = 5
TYPES = "note,file,event,task,contact,card"
IDLE_REQUESTS, MORE_REQUESTS = 5, 10


async def rows() -> list[Row]:
    return [row for size in SIZES for row in await measured(size)]


@asynccontextmanager
async def opened(url: str, folder: Path, model: Path) -> AsyncGenerator[Indexing]:
    """The index of one person, with nothing running in the background."""
    settings = read(
        {
            "NEXTCLOUD_HOST": url,
            "NEXTCLOUD_USERNAME": "alice",
            "NEXTCLOUD_PASSWORD": "alice",
            "MCP_DATA_DIR": str(folder),
            "EMBEDDING_MODEL_DIR": str(model),
            "VECTOR_SYNC_DOC_TYPES": TYPES,
            "VECTOR_SYNC_MAX_REQUESTS_PER_SECOND": "100000",
        }
    )
    product = build(settings)
    async with product.sides.running():
        indexing = product.indexing
        assert indexing is not None
        await indexing.open()
        try:
            yield indexing
        finally:
            await indexing.close()
            await product.transport.aclose()
            if engine := parts(settings).engine:
                await engine.ended()


async def measured(size: int) -> list[Row]:
    model = await asyncio.to_thread(ensure_model, processes.MODELS)
    with tempfile.TemporaryDirectory() as folder:
        async with processes.nextcloud() as box:
            documents = await box.do(generated.grow, "alice", size)
            progress(f"{documents:,} documents are there")
            async with opened(box.url, Path(folder), model) as indexing:
                return await scanned(box, indexing, Path(folder), documents)


async def scanned(box: Nextcloud, indexing: Indexing, folder: Path, documents: int) -> list[Row]:
    scanner = indexing.scanner("alice")
    await box.do(processes.requests)
    began = time.perf_counter()
    await scanner.scan()
    full, asked_full = time.perf_counter() - began, await box.do(processes.requests)
    noted = await note_as_indexed(folder)
    progress(f"{noted:,} of them are noted as indexed")
    await scanner.scan()
    seconds: list[float] = []
    await box.do(processes.requests)
    for _ in range(SCANS):
        began = time.perf_counter()
        changed = await scanner.scan()
        seconds.append(time.perf_counter() - began)
        if changed:
            raise RuntimeError("something changed where nothing did")
    asked = await box.do(processes.requests) / SCANS
    progress(f"no change: {asked:g} requests")
    ten = await box.do(generated.change, "alice")
    began = time.perf_counter()
    await scanner.scan()
    took = time.perf_counter() - began
    finding = await box.do(processes.requests)
    await indexing.processors.drain()
    fetching = await box.do(processes.requests)
    idle = statistics.median(seconds)
    floor = f"the first scan, which lists everything: {asked_full} requests, {full:.2f} s"
    return [
        Row(
            f"scan of {documents:,} documents, nothing changed",
            f"{asked:g} requests, {idle:.3f} s",
            floor,
            f"{asked / asked_full:.3f} of the requests, {idle / full:.3f} of the time",
            f"<= {IDLE_REQUESTS} requests, nothing embedded",
            asked <= IDLE_REQUESTS,
        ),
        Row(
            f"scan of {documents:,} documents, {ten} changed",
            f"{finding} requests, {took:.3f} s; and {fetching} to fetch them",
            floor,
            f"{finding / asked_full:.3f} of the requests, {took / full:.3f} of the time",
            f"about 10 requests to find them (<= {MORE_REQUESTS} beyond those without a change), and 10 to fetch them",
            finding - asked <= MORE_REQUESTS and fetching <= MORE_REQUESTS,
        ),
    ]


async def note_as_indexed(folder: Path) -> int:
    """Every planned document counts as indexed from now on; how many."""
    database = open_database(str(folder / "index.db"))
    await database.open()
    async with database.transaction() as run:
        count = await run.run(
            "insert into index_stamp (user_id, doc_type, doc_id, version, settled, owner) "
            "select user_id, doc_type, doc_id, version, settled, user_id from index_job"
        )
        await run.run("delete from index_job")
    await database.close()
    return count
