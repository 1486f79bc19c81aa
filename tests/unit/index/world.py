"""A Nextcloud of plain dictionaries, and everything of the index around it in one process."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from nextcloud_mcp_server.core.documents import Document, IndexSource, Listing, Stamp
from nextcloud_mcp_server.core.errors import NextcloudError
from nextcloud_mcp_server.index.collections import Collections
from nextcloud_mcp_server.index.embed.port import Embedder, Model, Vector
from nextcloud_mcp_server.index.indexer import Indexer
from nextcloud_mcp_server.index.pace import Intervals, Pace
from nextcloud_mcp_server.index.processor import Processors
from nextcloud_mcp_server.index.queue.embedded import EmbeddedQueue
from nextcloud_mcp_server.index.queue.port import Queue
from nextcloud_mcp_server.index.scanner import Load, Scanner
from nextcloud_mcp_server.index.search import Ask, Results, Search
from nextcloud_mcp_server.index.sparse import of_document
from nextcloud_mcp_server.index.state import State
from nextcloud_mcp_server.index.store.edge import EdgeStore
from nextcloud_mcp_server.index.store.port import VectorStore
from nextcloud_mcp_server.storage import Database, Leases, open_database
from nextcloud_mcp_server.text import Limits, Readers

DIMENSION = 64
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Clock:
    """Epoch seconds that a test sets."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class WordsEmbedder:
    """Vectors that count words: texts with the same words are near. `calls` are the batches it was asked for."""

    batch = 8

    def __init__(self, name: str = "words") -> None:
        self.name = name
        self.calls: list[tuple[str, ...]] = []
        self.error: NextcloudError | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    @property
    def texts(self) -> list[str]:
        return [text for call in self.calls for text in call]

    async def describe(self) -> Model:
        if self.error:
            raise self.error
        return Model(self.name, DIMENSION, 40)

    async def tokens(self, text: str) -> Sequence[int]:
        return [at for at in range(len(text)) if not text[at].isspace() and (at == 0 or text[at - 1].isspace())]

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> list[Vector]:
        await self.gate.wait()
        if self.error:
            raise self.error
        if not query:
            self.calls.append(tuple(texts))
        return [self._vector(text) for text in texts]

    async def close(self) -> None: ...

    def _vector(self, text: str) -> Vector:
        vector = [0.001] * DIMENSION
        for term in of_document(text, "english").indices:
            place = blake2b(f"{self.name}{term}".encode(), digest_size=4).digest()
            vector[int.from_bytes(place) % DIMENSION] += 1.0
        length = sum(value * value for value in vector) ** 0.5
        return [value / length for value in vector]


@dataclass
class Shelf:
    """The documents of one type, and who may read them."""

    documents: dict[str, Document] = field(default_factory=dict[str, Document])
    readers: dict[str, set[str]] = field(default_factory=dict[str, set[str]])


@dataclass
class Cloud:
    """A Nextcloud: shelves by type. `calls` counts what its sources were asked, `disabled` types lack their app, `down` ones fail, those in
    `empty` are listed as if there were none, `forbidden` are those that a user does not grant. `incremental`: only changes are listed.
    Who is provisioned is told while `gate` is open."""

    shelves: dict[str, Shelf] = field(default_factory=dict[str, Shelf])
    users: set[str] = field(default_factory=lambda: {"alice", "bob"})
    calls: list[str] = field(default_factory=list[str])
    error: NextcloudError | None = None
    down: dict[str, NextcloudError] = field(default_factory=dict[str, NextcloudError])
    version: int = 0
    disabled: set[str] = field(default_factory=set[str])
    empty: set[str] = field(default_factory=set[str])
    incremental: bool = False
    forbidden: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def put(self, doc_type: str, id: str, text: str, owner: str = "alice", *, readers: Sequence[str] = (), **more: Any) -> None:
        self.version += 1
        shelf = self.shelves.setdefault(doc_type, Shelf())
        about = {"title": id, "modified": LONG_AGO} | more
        shelf.documents[id] = Document(id, f"v{self.version}", text=text, owner=owner, **about)
        shelf.readers[id] = {owner, *readers}

    def share(self, doc_type: str, id: str, *readers: str) -> None:
        """Sharing does not change the version, as in Nextcloud."""
        shelf = self.shelves[doc_type]
        shelf.readers[id] = {shelf.documents[id].owner or "", *readers}

    def remove(self, doc_type: str, id: str) -> None:
        del self.shelves[doc_type].documents[id]
        del self.shelves[doc_type].readers[id]

    def change(self, doc_type: str, id: str, **changes: Any) -> None:
        self.version += 1
        shelf = self.shelves[doc_type]
        shelf.documents[id] = replace(shelf.documents[id], version=f"v{self.version}", **changes)

    async def provisioned(self) -> frozenset[str]:
        self.calls.append("provisioned")
        found = frozenset(self.users)
        await self.gate.wait()
        if self.error:
            raise self.error
        return found

    async def sources(self, user: str) -> Mapping[str, IndexSource] | None:
        if user not in self.users:
            return None
        hidden = self.disabled | self.forbidden.get(user, set())
        return {doc_type: CloudSource(self, user, doc_type) for doc_type in self.shelves if doc_type not in hidden}

    async def allowed(self, user: str) -> frozenset[str] | None:
        return frozenset(self.shelves) - self.forbidden.get(user, set()) if user in self.users else None

    async def language(self, user: str) -> str:
        return "english"


@dataclass
class CloudSource:
    cloud: Cloud
    user: str
    doc_type: str
    scope: str = "read"

    async def list(self, since: Mapping[str, Any] | None) -> Listing:
        self._asked("list")
        mine = {} if self.doc_type in self.cloud.empty else self._mine()
        stamps = [Stamp(id, document.version, document.modified) for id, document in mine.items()]
        if not self.cloud.incremental:
            return Listing(stamps, {"at": self.cloud.version})
        new = [stamp for stamp in stamps if int(stamp.version[1:]) > (since or {}).get("at", 0)]
        return Listing(new, {"at": self.cloud.version}, frozenset(stamp.id for stamp in stamps if stamp not in new))

    async def fetch(self, ids: Sequence[str]) -> AsyncIterator[Document]:
        self._asked("fetch")
        for id in ids:
            if id in self._mine():
                readers = frozenset(self.cloud.shelves[self.doc_type].readers[id])
                yield replace(self._mine()[id], readers=readers)

    async def readable(self, ids: Sequence[str]) -> frozenset[str]:
        self._asked("readable")
        return frozenset(ids) & frozenset(self._mine())

    def link(self, id: str, extra: Mapping[str, Any]) -> str | None:
        return f"https://cloud/{self.doc_type}/{id}"

    def _mine(self) -> dict[str, Document]:
        shelf = self.cloud.shelves[self.doc_type]
        return {id: document for id, document in shelf.documents.items() if self.user in shelf.readers[id]}

    def _asked(self, what: str) -> None:
        self.cloud.calls.append(f"{what} {self.doc_type} {self.user}")
        if error := self.cloud.error or self.cloud.down.get(self.doc_type):
            raise error


@dataclass
class World:
    cloud: Cloud
    database: Database
    state: State
    store: VectorStore
    queue: Queue
    embedder: WordsEmbedder
    collections: Collections
    indexer: Indexer
    processors: Processors
    readers: Readers

    @classmethod
    async def make(cls, folder: Path, embedder: Embedder | None = None, cloud: Cloud | None = None) -> "World":
        database = open_database(str(folder / "state.db"))
        await database.open()
        cloud = cloud or Cloud()
        words = embedder if isinstance(embedder, WordsEmbedder) else WordsEmbedder()
        state, store, queue, readers = State(database), EdgeStore(folder / "vectors"), EmbeddedQueue(database), Readers()
        collections = Collections(database, state, store, queue, words)
        await collections.start()
        indexer = Indexer(state, store, collections)
        processors = Processors(queue, cloud, indexer, state, readers, max_failures=3, limits=Limits(bytes=10_000))
        return cls(cloud, database, state, store, queue, words, collections, indexer, processors, readers)

    async def close(self) -> None:
        await self.readers.__aexit__(None, None, None)
        await self.store.close()
        await self.database.close()

    def scanner(self, user: str, **more: Any) -> Scanner:
        options: dict[str, Any] = {"intervals": Intervals(), "pace": Pace(1e6), "load": Load()} | more
        return Scanner(user, self.cloud, self.state, self.queue, Leases(self.database), **options)

    async def sync(self, *users: str) -> None:
        """Scans and works off what was found."""
        for user in users or sorted(self.cloud.users):
            await self.scanner(user).scan()
        await self.processors.drain()

    async def search(self, user: str, query: str, **more: Any) -> Results:
        sources = await self.cloud.sources(user) or {}
        return await Search(self.store, self.collections.ready).search(Ask(query, frozenset({user}), **more), sources)

    async def found(self, user: str, query: str, **more: Any) -> list[str]:
        return [hit.key.doc_id for hit in (await self.search(user, query, **more)).hits]

    async def contents(self) -> dict[tuple[str, str, str, int], tuple[str, frozenset[str]]]:
        """Everything in the collection that is searched: passage to text and readers."""
        name = (await self.collections.ready()).collection
        return {
            (item.key.owner, item.key.doc_type, item.key.doc_id, item.entry.index): (item.entry.body, item.facts.readers)
            async for item in self.store.scan(name)
        }
