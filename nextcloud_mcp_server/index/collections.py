"""Which collection is searched and which are written: one for each model, switched when the new one is complete."""

import asyncio
import logging
from dataclasses import dataclass

from nextcloud_mcp_server.core.errors import NextcloudError
from nextcloud_mcp_server.index.embed.batches import Batches
from nextcloud_mcp_server.index.embed.port import Embedder, Model
from nextcloud_mcp_server.index.embed.queries import Queries
from nextcloud_mcp_server.index.queue.port import Queue, Task
from nextcloud_mcp_server.index.search import Ready
from nextcloud_mcp_server.index.state import State
from nextcloud_mcp_server.index.store.port import VectorStore, collection_name
from nextcloud_mcp_server.storage import Database

log = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = 2.0, 60.0
CHECK = 10.0
REBUILD = 1000


@dataclass(frozen=True, slots=True)
class Target:
    """A collection to write to; `model` None writes words alone."""

    name: str
    model: Model | None


class Collections:
    """`run` is a background task: it waits for the provider, and switches to a new model's collection when that is complete."""

    def __init__(
        self, database: Database, state: State, store: VectorStore, queue: Queue, embedder: Embedder | None, *, prefix: str = "nextcloud"
    ) -> None:
        self._database, self._state, self._store, self._queue = database, state, store, queue
        self._prefix = prefix
        self._embedder = embedder
        self.batches = Batches(embedder) if embedder else None
        self._queries = Queries(embedder) if embedder else None
        self._model: Model | None = None
        self._active: Target | None = None
        self._short = False
        self.problem: str | None = None if embedder else "no embedding model is configured"

    async def start(self, patience: float | None = None) -> None:
        """Asks the provider once, for at most `patience` seconds, and opens what there is. Afterwards `targets` and `ready` answer."""
        try:
            async with asyncio.timeout(patience):
                await self._describe()
        except TimeoutError:
            self.problem = "the embedding model is being made ready"
        await self._open()

    def targets(self) -> tuple[Target, ...]:
        """The collection of the present model, and the one that is searched where that is another."""
        mine = Target(collection_name(self._prefix, self._model.fingerprint if self._model else None), self._model)
        if self._active is None or self._active.name == mine.name:
            return (mine,)
        return (mine, Target(self._active.name, None))

    async def ready(self) -> Ready:
        """What search uses at this moment."""
        mine, *others = self.targets()
        if others:
            waits = self.problem or "the index is being rebuilt for a new embedding model"
            return Ready(others[0].name, None, waits)
        return Ready(mine.name, self._queries if mine.model else None, self.problem)

    async def run(self) -> None:
        """Until cancelled."""
        wait = FIRST_WAIT
        while True:
            if self._embedder and self._model is None:
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)
                if await self._describe():
                    await self._open()
            else:
                await asyncio.sleep(CHECK)
                await self.switch()

    async def switch(self) -> bool:
        """Searches the present model's collection from now on if it is complete; puts what it lacks into the queue if not."""
        mine, *others = self.targets()
        if not (others or self._short):
            return False
        self._short = await self._fill(mine.name)
        if self._short or not others:
            return False
        await self._activate(mine)
        return True

    async def _fill(self, name: str) -> bool:
        """Puts into the queue what people see and the collection lacks; whether there was any."""
        missing = await self._state.missing(name, REBUILD)
        failed = {
            (failure.doc_type, failure.doc_id)
            for user in {user for user, _, _ in missing}
            for failure in await self._queue.failures(user, REBUILD)
        }
        wanted = [(user, key, version) for user, key, version in missing if (key.doc_type, key.doc_id) not in failed]
        if wanted:
            await self._queue.put([Task(user, key.doc_type, key.doc_id, "fetch", version, backfill=True) for user, key, version in wanted])
        return bool(wanted)

    async def _describe(self) -> bool:
        if self._embedder is None:
            return False
        try:
            self._model = await self._embedder.describe()
        except NextcloudError as error:
            if error.message != self.problem:
                log.warning("Search runs by words alone: %s", error.explain())
            self.problem = error.message
            return False
        self.problem = None
        return True

    async def _open(self) -> None:
        """Makes the present model's collection, and searches it at once where no other is there."""
        name = self.targets()[0].name
        dimension = self._model.dimension if self._model else 0
        row = await self._database.one("select name, dimension from index_collection where active = 1")
        await self._forget_lost()
        # Without an answer of the provider the collection that was searched stays the one to write to as well.
        if row and self._model is None:
            self._active = Target(row["name"], None)
            await self._store.open(row["name"], row["dimension"])
            if row["name"] == name:
                self._short = await self._fill(name)
                return
        await self._store.open(name, dimension)
        fingerprint = self._model.fingerprint if self._model else None
        await self._database.run(
            "insert into index_collection (name, fingerprint, dimension, active) values (?, ?, ?, ?) on conflict (name) do nothing",
            name,
            fingerprint,
            dimension,
            0 if row else 1,
        )
        self._active = Target(row["name"] if row else name, None)
        self._short = self._active.name == name and await self._fill(name)

    async def _forget_lost(self) -> None:
        """A server that stores elsewhere may have lost what this database believes to be there, with its volume for instance."""
        known = {row["name"] for row in await self._database.all("select name from index_collection")}
        lost = sorted(known - await self._store.collections()) if known else []
        if lost:
            log.warning("The store has lost %s: everything in it is fetched and indexed again", ", ".join(lost))
            await self._state.forget_collections(lost)

    async def _activate(self, target: Target) -> None:
        async with self._database.transaction() as run:
            await run.run("update index_collection set active = 0")
            await run.run("update index_collection set active = 1 where name = ?", target.name)
        old = await self._database.all("select name from index_collection where active = 0")
        self._active = target
        for row in old:
            await self._store.discard(row["name"])
        await self._state.forget_collections([row["name"] for row in old])
        await self._database.run("delete from index_collection where active = 0")
        log.info("Search uses the collection %s now", target.name)
