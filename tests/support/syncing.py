"""The product's background sync in the test's own process: everything real but the model and the process of the engine."""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from nextcloud_mcp_server.core.caller import OWNER
from nextcloud_mcp_server.index import processor, scanner
from nextcloud_mcp_server.index.search import Ask, Results
from nextcloud_mcp_server.index.store.edge import EdgeStore
from nextcloud_mcp_server.server.compose import Product, build
from nextcloud_mcp_server.server.indexing import indexing as running_index
from nextcloud_mcp_server.server.indexing.indexing import Indexing
from nextcloud_mcp_server.server.indexing.parts import parts
from nextcloud_mcp_server.server.indexing.people import Provisioned
from nextcloud_mcp_server.settings import read
from nextcloud_mcp_server.storage import Database
from tests.unit.index.world import WordsEmbedder

Contents = dict[tuple[str, str, str, int], tuple[Any, frozenset[str]]]
SOON = 0.05
LOCK = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
held.execute("begin exclusive")
print("locked", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again, is tried again at once."""
    for module, name in ((processor, "RETRY"), (scanner, "NOT_MINE"), (running_index, "AGAIN_AFTER")):
        monkeypatch.setattr(module, name, SOON)


@dataclass
class Syncing:
    """One process's sync, and what tests ask of it."""

    product: Product
    indexing: Indexing
    folder: Path
    embedder: WordsEmbedder
    database: Database

    async def contents(self) -> Contents:
        """Every passage: its text with what is said of it, and who may read it."""
        name = (await self.indexing.collections.ready()).collection
        return {
            (item.key.owner, item.key.doc_type, item.key.doc_id, item.entry.index): (orjson.loads(item.entry.body), item.facts.readers)
            async for item in self.indexing.store.scan(name)
        }

    async def search(self, query: str) -> Results:
        """As the owner of the one account."""
        session = await self.product.sides.session(OWNER)
        return await self.indexing.search(OWNER, session, Ask(query, frozenset(), 20))

    async def titles(self, query: str) -> set[str]:
        return {hit.body.title for hit in (await self.search(query)).hits}

    async def errors(self) -> dict[str, str]:
        """What scans failed with, by type."""
        return {scan.doc_type: scan.error for scan in await self.indexing.state.scans() if scan.error}

    async def failing(self) -> bool:
        """Whether the last scan of every type failed."""
        return all(scan.error for scan in await self.indexing.state.scans())

    async def refused(self) -> bool:
        """Whether Nextcloud refused the credential in the last scan."""
        return any("credential" in error for error in (await self.errors()).values()) or bool(
            await self.indexing.state.refused(time.time())
        )

    async def jobs(self) -> list[tuple[float, int]]:
        """Of every document that waits: the seconds until it is tried, and the failures that count."""
        rows = await self.database.all(f"select run_at - {self.database.now} as wait, attempts from index_job where running = 0")
        return [(row["wait"], row["attempts"]) for row in rows]

    async def until(self, true: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
        async with asyncio.timeout(seconds):
            while not await true():
                await asyncio.sleep(SOON)

    async def idle(self) -> bool:
        return not any(count.waiting or count.running for count in (await self.indexing.queue.counts()).values())

    async def equals(self, fresh: Contents, seconds: float = 30) -> None:
        """Returns when this is in the index and nothing waits; fails with the difference."""

        async def same() -> bool:
            return await self.idle() and await self.contents() == fresh

        try:
            await self.until(same, seconds)
        except TimeoutError:
            assert await self.contents() == fresh
            assert await self.idle()
            raise


@asynccontextmanager
async def syncing(url: str, folder: Path, user: str = "alice", *, works: bool = True, **more: str) -> AsyncGenerator[Syncing]:
    """Scans every moment; with `works` False nothing runs by itself."""
    account = {"NEXTCLOUD_USERNAME": user, "NEXTCLOUD_PASSWORD": user}
    env = {"NEXTCLOUD_HOST": url, **account, "MCP_DATA_DIR": str(folder), "VECTOR_SYNC_SCAN_INTERVAL": "0.1"}
    settings = read({**env, "VECTOR_SYNC_SCAN_INTERVAL_MAX": "0.2", "VECTOR_SYNC_MAX_REQUESTS_PER_SECOND": "1000", **more})
    product = build(settings)
    embedder = WordsEmbedder()
    kept = parts(settings, product.readers)
    kept.store, kept.embedder, kept.engine = EdgeStore(folder / "vectors"), embedder, None
    indexing = Indexing(settings, kept, Provisioned(settings, product.sides, product.surface.catalog))
    one = Syncing(product, indexing, folder, embedder, kept.database)
    async with product.sides.running():
        try:
            if works:
                async with indexing.running():
                    await asyncio.wait_for(indexing.opened.wait(), 20)
                    yield one
            else:
                await indexing.open(None)
                yield one
                await indexing.close()
        finally:
            await product.readers.close()
            await product.transport.aclose()


async def fresh(url: str, folder: Path, user: str = "alice", **more: str) -> Contents:
    """An index of what is there now, made in one pass from nothing."""
    async with syncing(url, Path(tempfile.mkdtemp(prefix="fresh-", dir=folder)), user, works=False, **more) as one:
        await one.indexing.index_once()
        return await one.contents()


@asynccontextmanager
async def locked(database: Path) -> AsyncGenerator[None]:
    """Another process holds the database in a transaction of its own."""
    command = (sys.executable, "-c", LOCK, str(database))
    other = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    assert other.stdout
    assert await other.stdout.readline() == b"locked\n"
    try:
        yield
    finally:
        await other.communicate(b"\n")
    assert other.returncode == 0
