"""The embedded store: Qdrant Edge, one shard a collection in a folder of its own.

The library holds Python's lock during every call and one process may open a shard, so it lives in the engine's
process, in batches small enough not to be felt. No HNSW graph: exact search takes 1 to 10 ms at this size and loses
nothing, a graph would freeze the process for minutes.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from nextcloud_mcp_server.core.errors import Maintenance, NotFound
from nextcloud_mcp_server.index.embed.port import Vector
from nextcloud_mcp_server.index.sparse import Sparse
from nextcloud_mcp_server.index.store import shape
from nextcloud_mcp_server.index.store.port import Counts, Entry, Facts, Key, Ranked, Stored, Where

T = TypeVar("T")
BATCH = 64
FLUSH_EVERY = 2000
"""Points written between flushes: opening a shard replays about 14,000 unflushed ones a second."""
RESERVE = 32 * 2**20
"""Bytes that stay free: the library writes into sparse files in memory, and the page that a full disk has no room for ends the process."""

READY = "ready"
"""The mark of a collection that was made to the end, with the length of its vectors."""


def is_made(root: Path, collection: str) -> bool:
    """Whether a store below `root` has the collection."""
    return (root / collection / READY).exists()


def made(root: Path) -> frozenset[str]:
    """The collections of a store below `root`."""
    return frozenset(path.parent.name for path in root.glob(f"*/{READY}"))


def full(root: Path) -> Maintenance | None:
    """What to say where the disk of a store below `root` is nearly full; None where it is not."""
    if not root.exists() or shutil.disk_usage(root).free >= RESERVE:
        return None
    return Maintenance(
        f"The disk of the search index has less than {RESERVE // 2**20} MiB free: nothing is added to it, and it may not open.",
        hint="Make room on it; search and indexing go on by themselves.",
    )


class EdgeStore:
    """Collections below the folder `root`. All calls run one after the other in a thread of their own."""

    def __init__(self, root: Path) -> None:
        import qdrant_edge

        self._lib: Any = qdrant_edge
        self._filters = shape.Filters(qdrant_edge, qdrant_edge.RangeFloat)
        self.root = root
        self._shards: dict[str, Any] = {}
        self._unflushed = 0
        self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="edge")

    async def open(self, collection: str, dimension: int) -> None:
        await self._run(self._open, collection, dimension)

    async def collections(self) -> frozenset[str]:
        return await self._run(made, self.root)

    async def discard(self, collection: str) -> None:
        await self._run(self._discard, collection)

    async def replace(self, collection: str, key: Key, facts: Facts, entries: Sequence[Entry]) -> None:
        for batch in shape.batches(entries, BATCH):
            await self.put(collection, key, facts, batch)
        await self.trim(collection, key, len(entries))

    async def put(self, collection: str, key: Key, facts: Facts, entries: Sequence[Entry]) -> None:
        """Writes at most `BATCH` passages of a document, over those that have their numbers."""
        points = [
            self._lib.Point(key.point(entry.index), shape.point_vectors(entry, self._lib.SparseVector), shape.payload(key, facts, entry))
            for entry in entries
        ]
        await self._update(collection, self._lib.UpdateOperation.upsert_points(points), len(points))

    async def trim(self, collection: str, key: Key, count: int) -> None:
        """Takes out what the document has beyond its first `count` passages."""
        await self._update(collection, self._lib.UpdateOperation.delete_points_by_filter(self._filters.document(key, beyond=count)))

    async def describe(self, collection: str, key: Key, facts: Facts, bodies: Sequence[str] = ()) -> None:
        operations = self._lib.UpdateOperation
        await self._update(collection, operations.set_payload_by_filter(self._filters.document(key), shape.fact_fields(facts)))
        for index, body in enumerate(bodies):
            await self._update(collection, operations.set_payload([key.point(index)], {"body": body}))

    async def delete(self, collection: str, keys: Sequence[Key]) -> None:
        for key in keys:
            await self._update(collection, self._lib.UpdateOperation.delete_points_by_filter(self._filters.document(key)))

    async def delete_owner(self, collection: str, owner: str) -> None:
        await self._update(collection, self._lib.UpdateOperation.delete_points_by_filter(self._filters.owner(owner)))

    async def search(self, collection: str, where: Where, *, dense: Vector | None, sparse: Sparse | None, limit: int) -> Ranked:
        return await self._run(self._search, collection, where, dense, sparse, limit)

    async def vectors(self, collection: str, passages: Sequence[tuple[Key, int]]) -> list[Vector]:
        ids = [key.point(index) for key, index in passages]
        records = await self._run(self._retrieve, collection, ids)
        return shape.dense_vectors(records)

    async def passages(self, collection: str, key: Key) -> list[Entry]:
        found: list[Entry] = []
        offset: Any = None
        while True:
            records, offset = await self._run(self._scroll, collection, self._filters.document(key), offset, False)
            found += [shape.entry_of(record) for record in records]
            if offset is None:
                return sorted(found, key=lambda entry: entry.index)

    async def count(self, collection: str, owner: str | None = None) -> Counts:
        return await self._run(self._count, collection, owner)

    async def scan(self, collection: str) -> AsyncIterator[Stored]:
        offset: str | None = None
        while True:
            found, offset = await self.page(collection, offset)
            for item in found:
                yield item
            if offset is None:
                return

    async def page(self, collection: str, offset: str | None) -> tuple[list[Stored], str | None]:
        """A part of a scan, and where the next one begins."""
        records, following = await self._run(self._scroll, collection, None, offset, True)
        return [shape.stored(record) for record in records], None if following is None else str(following)

    async def tidy(self) -> None:
        """Drops what was deleted from the files; holds the process for seconds."""
        for collection in await self.collections():
            shard = await self._run(self._shard, collection)
            await self._run(shard.optimize)
            await self._run(shard.flush)

    async def rest(self) -> None:
        """Lets the shards go until they are asked for again: an open one maps its files into memory whole.

        They stay while the disk is full: searching needs no room, opening them again does.
        """
        if not full(self.root):
            await self._run(self._close)

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await self._run(self._close)
            self._thread.shutdown()

    async def _run(self, call: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)

    async def _update(self, collection: str, operation: Any, points: int = 1) -> None:
        await self._run(self._apply, collection, operation, points)

    def _apply(self, collection: str, operation: Any, points: int) -> None:
        self._has_room()
        self._shard(collection).update(operation)
        self._unflushed += points
        if self._unflushed >= FLUSH_EVERY:
            self._shard(collection).flush()
            self._unflushed = 0

    def _shard(self, collection: str) -> Any:
        shard = self._shards.get(collection)
        if shard is None:
            ready = self.root / collection / READY
            if not ready.exists():
                raise NotFound(f"There is no collection {collection!r}.")
            config = self._config(int(ready.read_text()))
            shard = self._shards[collection] = self._lib.EdgeShard.load(str(ready.parent / "shard"), config)
        return shard

    def _open(self, collection: str, dimension: int) -> None:
        folder = self.root / collection
        if is_made(self.root, collection):
            self._shard(collection)
            return
        self.root.mkdir(parents=True, exist_ok=True)
        self._has_room()
        # Without the mark a death half-way through left a shard without its indexes.
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "shard").mkdir(parents=True)
        self.root.chmod(0o700)
        shard = self._lib.EdgeShard.create(str(folder / "shard"), self._config(dimension))
        self._index(shard)
        shard.flush()
        (folder / READY).write_text(str(dimension))
        self._shards[collection] = shard

    def _has_room(self) -> None:
        """Raises Maintenance, before anything is written, where the disk is nearly full."""
        if problem := full(self.root):
            raise problem

    def _config(self, dimension: int) -> Any:
        lib = self._lib
        optimizers = lib.EdgeOptimizersConfig(indexing_threshold=10**9)
        # Cold: a shard that is opened is read as it is needed, not whole at once.
        cold = lib.Memory.Cold
        dense = {shape.DENSE: lib.EdgeVectorParams(size=dimension, distance=lib.Distance.Cosine, memory=cold)} if dimension else None
        sparse = {shape.SPARSE: lib.EdgeSparseVectorParams(modifier=lib.Modifier.Idf)}
        return lib.EdgeConfig(vectors=dense, sparse_vectors=sparse, optimizers=optimizers, max_search_threads=1)

    def _index(self, shard: Any) -> None:
        lib = self._lib
        cold = {"memory": lib.Memory.Cold}
        kinds = {name: lib.KeywordIndexParams(**cold) for name in shape.KEYWORDS}
        kinds |= {"owner": lib.KeywordIndexParams(is_tenant=True, **cold)}
        kinds |= {"modified": lib.FloatIndexParams(**cold), "index": lib.IntegerIndexParams(**cold)}
        for name, kind in kinds.items():
            shard.update(lib.UpdateOperation.create_field_index(name, kind))

    def _discard(self, collection: str) -> None:
        shard = self._shards.pop(collection, None)
        if shard:
            shard.close()
        (self.root / collection / READY).unlink(missing_ok=True)
        shutil.rmtree(self.root / collection, ignore_errors=True)

    def _search(self, collection: str, where: Where, dense: Vector | None, sparse: Sparse | None, limit: int) -> Ranked:
        lib, shard, chosen = self._lib, self._shard(collection), self._filters.where(where)
        wanted = ["owner", "doc_type", "doc_id", "index", "body"]

        def ask(vector: Any, name: str, params: Any) -> Any:
            query = lib.Query.Nearest(vector, name)
            return shape.found(shard.query(lib.QueryRequest(limit=limit, query=query, filter=chosen, with_payload=wanted, params=params)))

        by_words = lib.SearchParams(idf=lib.IdfParams(corpus=self._filters.readers(where.readers)))
        terms = lib.SparseVector(sparse.indices, sparse.values) if sparse and sparse.indices else None
        return Ranked(
            ask(dense, shape.DENSE, lib.SearchParams(exact=True)) if dense else [],
            ask(terms, shape.SPARSE, by_words) if terms else [],
        )

    def _scroll(self, collection: str, chosen: Any, offset: Any, vectors: bool) -> tuple[list[Any], Any]:
        request = self._lib.ScrollRequest(offset=offset, limit=BATCH * 4, filter=chosen, with_payload=True, with_vector=vectors)
        return self._shard(collection).scroll(request)

    def _retrieve(self, collection: str, ids: list[str]) -> list[Any]:
        return self._shard(collection).retrieve(ids, False, True)

    def _count(self, collection: str, owner: str | None) -> Counts:
        shard, count = self._shard(collection), self._lib.CountRequest
        documents = shard.count(count(filter=self._filters.owner(owner, first=True), exact=True))
        return Counts(documents, shard.count(count(filter=self._filters.owner(owner), exact=True)))

    def _close(self) -> None:
        for shard in self._shards.values():
            shard.flush()
            shard.close()
        self._shards.clear()
        self._unflushed = 0
