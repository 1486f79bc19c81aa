"""How good is the search? A judged collection through the product's own cutting, embedding, store and search.

Layout (that of BEIR): `corpus.jsonl` (`_id`, `title`, `text`), `queries.jsonl` (`_id`, `text`), `qrels.tsv` (query,
document, score; a header line may be there). A score above 0 is relevant.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from nextcloud_mcp_server.core.documents import Document, Listing
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.index.embed.batches import Batches
from nextcloud_mcp_server.index.embed.port import Embedder, Model
from nextcloud_mcp_server.index.embed.queries import Queries
from nextcloud_mcp_server.index.passages import Cutter, Text, facts_of
from nextcloud_mcp_server.index.rerank import Reranker
from nextcloud_mcp_server.index.search import Ask, Ready, Search
from nextcloud_mcp_server.index.store.port import Key, Retriever, VectorStore

USER = "evaluation"
COLLECTION = "evaluation"
TYPE = "document"
DEPTH = 20
PATIENCE = 60.0
LANES = 16


@dataclass(frozen=True, slots=True)
class Collection:
    """`judgements`: for each query, the relevant documents with their scores."""

    documents: Sequence[Document]
    queries: Mapping[str, str]
    judgements: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over all judged queries."""

    ndcg_10: float
    recall_20: float


def read_collection(folder: Path) -> Collection:
    """Raises InvalidValue for a folder that is no judged collection."""
    try:
        documents = [_document(line) for line in _lines(folder / "corpus.jsonl")]
        queries = {str(line["_id"]): str(line["text"]) for line in _lines(folder / "queries.jsonl")}
        judgements: dict[str, dict[str, int]] = {}
        for line in (folder / "qrels.tsv").read_text().splitlines():
            query, document, score = line.split("\t")
            if score.lstrip("-").isdecimal() and int(score) > 0:
                judgements.setdefault(query, {})[document] = int(score)
    except (OSError, ValueError, KeyError) as error:
        raise InvalidValue(f"{folder} is no judged collection ({type(error).__name__}: {error}).", hint="See `eval --help`.") from None
    return Collection(documents, queries, {id: found for id, found in judgements.items() if id in queries})


async def evaluate(
    collection: Collection,
    store: VectorStore,
    embedder: Embedder | None,
    reranker: Reranker | None = None,
    *,
    language: str = "english",
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Figures]:
    """Figures for sparse, and for dense and hybrid where there is a model, and reranked where there is a reranker."""
    model = await embedder.describe() if embedder else None
    name = f"{COLLECTION}_{model.dimension if model else 0}"
    await store.discard(name)
    await store.open(name, model.dimension if model else 0)
    await _index(collection, store, name, embedder, model, language, progress)
    search = Search(store, _Fixed(Ready(name, Queries(embedder) if embedder else None)), reranker=reranker)
    ways: dict[str, tuple[frozenset[Retriever], bool]] = {"sparse": (frozenset({"sparse"}), False)}
    if embedder:
        ways |= {"dense": (frozenset({"dense"}), False), "hybrid": (frozenset({"dense", "sparse"}), False)}
    if reranker:
        ways["reranked"] = (frozenset({"dense", "sparse"}), True)
    figures: dict[str, Figures] = {}
    for way, (retrievers, rerank) in ways.items():
        rankings: dict[str, list[str]] = {}
        for id in collection.judgements:
            ask = Ask(
                collection.queries[id], frozenset({USER}), DEPTH, retrievers=retrievers, rerank=rerank, language=language, seconds=PATIENCE
            )
            rankings[id] = [hit.key.doc_id for hit in (await search.search(ask, {TYPE: _Judged()})).hits]
        figures[way] = measure(rankings, collection.judgements)
    await store.discard(name)
    return figures


def measure(rankings: Mapping[str, Sequence[str]], judgements: Mapping[str, Mapping[str, int]]) -> Figures:
    """nDCG@10 (Järvelin and Kekäläinen 2002, gain = score) and recall@20."""
    ndcg = [
        _dcg([judged.get(id, 0) for id in rankings[query][:10]]) / _dcg(sorted(judged.values(), reverse=True)[:10])
        for query, judged in judgements.items()
    ]
    recall = [len(set(rankings[query][:20]) & set(judged)) / len(judged) for query, judged in judgements.items()]
    return Figures(sum(ndcg) / len(ndcg), sum(recall) / len(recall)) if ndcg else Figures(0, 0)


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


async def _index(
    collection: Collection,
    store: VectorStore,
    name: str,
    embedder: Embedder | None,
    model: Model | None,
    language: str,
    progress: Callable[[int, int], None],
) -> None:
    cutter = Cutter(Batches(embedder) if embedder else None, model)
    readers = frozenset({USER})
    total = len(collection.documents)
    done = 0
    places = asyncio.Semaphore(LANES)

    async def one(document: Document) -> None:
        nonlocal done
        async with places:
            entries = await cutter.entries(document, Text(document.title, document.text), language)
            await store.replace(name, Key(USER, TYPE, document.id), facts_of(document, readers), entries)
        done += 1
        progress(done, total)

    async with asyncio.TaskGroup() as group:
        for document in collection.documents:
            group.create_task(one(document))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            if line.strip():
                yield orjson.loads(line)


def _document(line: dict[str, Any]) -> Document:
    return Document(str(line["_id"]), "", str(line.get("title") or ""), str(line.get("text") or ""))


class _Fixed:
    def __init__(self, ready: Ready) -> None:
        self._ready = ready

    async def __call__(self) -> Ready:
        return self._ready


class _Judged:
    """Everything may be read: access is not what is judged."""

    doc_type = TYPE
    scope = ""

    async def list(self, since: Mapping[str, Any] | None) -> Listing:
        return Listing([], {})

    async def fetch(self, ids: Sequence[str]) -> AsyncIterator[Document]:
        for document in ():
            yield document

    async def readable(self, ids: Sequence[str]) -> frozenset[str]:
        return frozenset(ids)

    def link(self, id: str, extra: Mapping[str, Any]) -> str | None:
        return None
