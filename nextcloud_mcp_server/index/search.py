"""Finds what a person means among what that person may read now."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from nextcloud_mcp_server.core.documents import IndexSource
from nextcloud_mcp_server.core.errors import InvalidValue, NextcloudError
from nextcloud_mcp_server.index import sparse
from nextcloud_mcp_server.index.bodies import Body, Cipher, Unreadable, unseal
from nextcloud_mcp_server.index.embed.port import Vector
from nextcloud_mcp_server.index.embed.queries import Queries
from nextcloud_mcp_server.index.fusion import Fused, fuse
from nextcloud_mcp_server.index.rerank import Reranker
from nextcloud_mcp_server.index.store.port import Key, Ranked, Retriever, VectorStore, Where, folder_key

DEPTH = 100
"""Passages that each retriever gives at least; documents of many passages need more for the same number of hits."""
FEEDBACK, WEIGHT = 3, 0.3
"""How many of the first hits draw the query's vector towards them, and how far."""
RERANKED = 50
MAX_LIMIT = 100
MAX_QUERY = 10_000
WORDS_ALONE = "Searched by words alone"
"""How the note begins that says why there was no vector of the query."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One search. `readers` are the user and `group:<name>`s; empty sets do not narrow. `seconds` is the deadline of the embedding."""

    query: str
    readers: frozenset[str]
    limit: int = 20
    offset: int = 0
    doc_types: frozenset[str] = frozenset()
    path_prefixes: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    after: datetime | None = None
    before: datetime | None = None
    retrievers: frozenset[Retriever] = frozenset({"dense", "sparse"})
    by_document: bool = True
    rerank: bool = True
    language: str = "english"
    seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A document (or passage) found and verified. `link` leads into Nextcloud's web interface."""

    key: Key
    index: int
    body: Body
    score: float
    retrievers: tuple[Retriever, ...]
    reranked: bool = False
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """`withheld` hits could not be verified as readable. `notes` say what the search had to do without. `more`: there are further hits."""

    hits: tuple[Hit, ...]
    withheld: int = 0
    notes: tuple[str, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """Where to search now. `queries` None: words alone, and `note` says why."""

    collection: str
    queries: Queries | None = None
    note: str | None = None


class ReadyNow(Protocol):
    async def __call__(self) -> Ready:
        """Where to search and with what, at this moment."""
        ...


class Search:
    """`ready` is asked at each search, since models come and go."""

    def __init__(self, store: VectorStore, ready: ReadyNow, *, reranker: Reranker | None = None, cipher: Cipher | None = None) -> None:
        self._store, self._ready = store, ready
        self._reranker, self._cipher = reranker, cipher

    async def search(self, ask: Ask, sources: Mapping[str, IndexSource]) -> Results:
        """Hits of the document types that `sources` has, each verified by its source as readable by the caller.

        Raises InvalidValue for an empty query, and what the store raises.
        """
        check(ask)
        wanted = (ask.doc_types or frozenset(sources)) & frozenset(sources)
        if not wanted:
            return Results(())
        notes: list[str] = []
        found = await self._found(replace(ask, doc_types=wanted), notes)
        fused = await self._reranked(ask, without_twins(fuse(found, by_document=ask.by_document)), notes)
        return await self._verified(ask, fused, sources, notes)

    async def _found(self, ask: Ask, notes: list[str]) -> Ranked:
        ready = await self._ready()
        dense = await self._vector(ask, ready, notes) if "dense" in ask.retrievers else None
        terms = sparse.of_query(ask.query, ask.language) if "sparse" in ask.retrievers or dense is None else None
        where = Where(
            ask.readers,
            ask.doc_types,
            frozenset(folder_key(prefix) for prefix in ask.path_prefixes),
            ask.tags,
            ask.after.timestamp() if ask.after else None,
            ask.before.timestamp() if ask.before else None,
        )
        depth = max(DEPTH, 4 * (ask.offset + ask.limit))
        found = await self._store.search(ready.collection, where, dense=dense, sparse=terms, limit=depth)
        if dense is None or not (found.dense and found.sparse):
            return found
        nearer = await self._towards(dense, found, ready.collection)
        again = await self._store.search(ready.collection, where, dense=nearer, sparse=None, limit=depth)
        return Ranked(again.dense, found.sparse)

    async def _towards(self, query: Vector, found: Ranked, collection: str) -> Vector:
        """The query moved a little towards the best passages of both retrievers (Rocchio 1971)."""
        best = [(item.found.key, item.found.index) for item in fuse(found)[:FEEDBACK]]
        vectors = await self._store.vectors(collection, best)
        if not vectors:
            return query
        middle = [sum(values) / len(vectors) for values in zip(*vectors, strict=True)]
        return [(1 - WEIGHT) * one + WEIGHT * other for one, other in zip(query, middle, strict=True)]

    async def _vector(self, ask: Ask, ready: Ready, notes: list[str]) -> Vector | None:
        if ready.queries is None:
            notes.append(f"{WORDS_ALONE}: {(ready.note or 'there is no embedding model').rstrip('.')}.")
            return None
        try:
            vector = await ready.queries.embed(ask.query, ask.seconds)
        except NextcloudError as error:
            notes.append(f"{WORDS_ALONE}: {error.message}")
            return None
        if vector is None:
            notes.append(f"{WORDS_ALONE}: the embedding took longer than {ask.seconds * 1000:.0f} ms.")
        return vector

    async def _reranked(self, ask: Ask, fused: list[Fused], notes: list[str]) -> list[tuple[Fused, bool]]:
        if not (self._reranker and ask.rerank and fused):
            return [(item, False) for item in fused]
        head = fused[:RERANKED]
        texts = [self._text(item) for item in head]
        try:
            scores = await self._reranker.scores(ask.query, texts)
        except NextcloudError as error:
            notes.append(f"Not reranked: {error.message}")
            return [(item, False) for item in fused]
        order = sorted(range(len(head)), key=lambda at: -scores[at])
        return [(replace(head[at], score=scores[at]), True) for at in order] + [(item, False) for item in fused[RERANKED:]]

    def _text(self, item: Fused) -> str:
        try:
            body = unseal(item.found.body, self._cipher)
        except Unreadable:
            return ""
        return f"{body.title}\n{body.text}"

    async def _verified(
        self, ask: Ask, fused: Sequence[tuple[Fused, bool]], sources: Mapping[str, IndexSource], notes: list[str]
    ) -> Results:
        """Asks the apps in batches until there are enough hits; unknown means withheld."""
        hits: list[Hit] = []
        withheld = at = 0
        needed = ask.offset + ask.limit
        while at < len(fused) and len(hits) < needed:
            batch = fused[at : at + max(needed - len(hits), 10)]
            at += len(batch)
            readable = await self._readable([item.found.key for item, _ in batch], sources, notes)
            for item, reranked in batch:
                if item.found.key not in readable:
                    withheld += 1
                    continue
                try:
                    hits.append(self._hit(item, reranked, sources))
                except Unreadable as problem:
                    notes.append(f"A hit is left out: {problem.message}")
        more = len(hits) > needed or at < len(fused)
        return Results(tuple(hits[ask.offset : needed]), withheld, tuple(notes), more)

    async def _readable(self, keys: Sequence[Key], sources: Mapping[str, IndexSource], notes: list[str]) -> frozenset[Key]:
        by_type: dict[str, dict[str, list[Key]]] = {}
        for key in keys:
            by_type.setdefault(key.doc_type, {}).setdefault(key.doc_id, []).append(key)

        async def ask(doc_type: str) -> list[Key]:
            try:
                readable = await sources[doc_type].readable(list(by_type[doc_type]))
            except NextcloudError as error:
                notes.append(f"Hits of type {doc_type} are withheld: {error.message}")
                return []
            return [key for id in readable for key in by_type[doc_type].get(id, [])]

        return frozenset(key for found in await asyncio.gather(*map(ask, by_type)) for key in found)

    def _hit(self, item: Fused, reranked: bool, sources: Mapping[str, IndexSource]) -> Hit:
        key, body = item.found.key, unseal(item.found.body, self._cipher)
        link = sources[key.doc_type].link(key.doc_id, body.extra)
        return Hit(key, item.found.index, body, item.score, item.retrievers, reranked, link)


def without_twins(fused: list[Fused]) -> list[Fused]:
    """A note is a file too, under the same id: what is found as both is shown as the note."""
    notes = {(item.found.key.owner, item.found.key.doc_id) for item in fused if item.found.key.doc_type == "note"}
    return [item for item in fused if item.found.key.doc_type != "file" or (item.found.key.owner, item.found.key.doc_id) not in notes]


def check(ask: Ask) -> None:
    """Raises InvalidValue for what cannot be searched."""
    if not ask.query.strip():
        raise InvalidValue("The query is empty.", hint="Say what to look for.")
    if len(ask.query) > MAX_QUERY:
        raise InvalidValue(f"The query has {len(ask.query):,} characters; {MAX_QUERY:,} are the most.")
    if not (1 <= ask.limit <= MAX_LIMIT and ask.offset >= 0):
        raise InvalidValue(f"limit has to be from 1 to {MAX_LIMIT} and offset at least 0.")
