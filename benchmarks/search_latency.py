"""Search in the embedded store, one user of a thousand: `python -m benchmarks.search_latency [PASSAGES ...]`.

Measured from the call of `Search.search` (verification answers at once) through the engine's process, with a query
vector that is known already; beside it the same question answered by one pass of numpy over the user's own vectors.
"""

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rows import Row
from nextcloud_mcp_server.index.bodies import Body, seal
from nextcloud_mcp_server.index.embed.port import Vector
from nextcloud_mcp_server.index.engine.client import Engine, LocalStore
from nextcloud_mcp_server.index.search import Ask, Ready, Search
from nextcloud_mcp_server.index.sparse import of_document
from nextcloud_mcp_server.index.store.port import Entry, Facts, Key

USERS, DIMENSION, A_DOCUMENT = 1000, 384, 8
SEARCHES = 200
COLLECTION = "bench_1"


def vocabulary(chance: random.Random) -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return ["".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(20_000)]


class Near:
    """Query vectors that are known at once."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random

    async def embed(self, query: str, seconds: float) -> Vector:
        vector = self._random.normal(size=DIMENSION)
        return (vector / np.linalg.norm(vector)).tolist()


class Readable:
    doc_type, scope = "note", ""

    async def readable(self, ids: Sequence[str]) -> frozenset[str]:
        return frozenset(ids)

    def link(self, id: str, extra: Mapping[str, Any]) -> str | None:
        return None


async def fill(
    store: LocalStore, passages: int, words: list[str], chance: random.Random, numbers: np.random.Generator
) -> np.ndarray[Any, Any]:
    """Documents of eight passages of 80 words, owners with Zipf's shares; the vectors of the user who is asked for."""
    await store.open(COLLECTION, DIMENSION)
    shares = [1 / (rank + 1) for rank in range(USERS)]
    weights = [1 / (rank + 10) for rank in range(len(words))]
    mine: list[Vector] = []
    for number in range(passages // A_DOCUMENT):
        owner = f"user{chance.choices(range(USERS), shares)[0]}"
        vectors = numbers.normal(size=(A_DOCUMENT, DIMENSION))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        texts = [" ".join(chance.choices(words, weights, k=80)) for _ in range(A_DOCUMENT)]
        entries = [
            Entry(at, seal(Body("t", text), None), of_document(text, "english"), vectors[at].tolist()) for at, text in enumerate(texts)
        ]
        if owner == "user0":
            mine += [entry.dense or [] for entry in entries]
        await store.replace(COLLECTION, Key(owner, "note", str(number)), Facts(frozenset({owner})), entries)
    return np.array(mine, np.float32)


async def measure(passages: int) -> dict[str, float]:
    chance, numbers = random.Random(1), np.random.default_rng(1)
    words = vocabulary(chance)
    near: Any = Near(numbers)
    sources: Any = {"note": Readable()}

    async def ready() -> Ready:
        return Ready(COLLECTION, near)

    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder), Path(folder))
        store = LocalStore(engine)
        started = time.perf_counter()
        mine = await fill(store, passages, words, chance, numbers)
        filled = time.perf_counter() - started
        search = Search(store, ready)
        figures = {"passages": passages, "filled per s": passages / filled, "of the largest user": len(mine)}
        for name, user in (("largest user", "user0"), ("typical user", f"user{USERS // 10}")):
            times: list[float] = []
            for _ in range(SEARCHES):
                query = " ".join(chance.choices(words[:3000], k=4))
                began = time.perf_counter()
                await search.search(Ask(query, frozenset({user})), sources)
                times.append((time.perf_counter() - began) * 1000)
            figures |= {f"{name} p50 ms": statistics.median(times), f"{name} p95 ms": statistics.quantiles(times, n=20)[-1]}
        bare: list[float] = []
        for _ in range(SEARCHES):
            query_vector = numbers.normal(size=DIMENSION).astype(np.float32)
            began = time.perf_counter()
            np.argsort(-(mine @ query_vector))[:20]
            bare.append((time.perf_counter() - began) * 1000)
        figures["numpy over the largest user's vectors p50 ms"] = statistics.median(bare)
        await engine.close()
        await engine.ended()
    return figures


async def rows() -> list[Row]:
    return [row for passages in (10_000, 100_000) for row in rows_of(passages, await measure(passages))]


def rows_of(passages: int, figures: dict[str, float]) -> list[Row]:
    bare = figures["numpy over the largest user's vectors p50 ms"]
    floor = f"numpy over the same vectors {bare:.2f} ms"
    return [
        Row(
            f"search of the {user}, {passages:,} passages of 1,000 users",
            f"{figures[f'{user} p50 ms']:.1f} / {figures[f'{user} p95 ms']:.1f} ms",
            floor if user == "largest user" else "",
            target="p95 <= 50 ms",
            met=figures[f"{user} p95 ms"] <= 50,
        )
        for user in ("typical user", "largest user")
    ]


def main() -> None:
    for passages in [int(argument) for argument in sys.argv[1:]] or [10_000, 100_000]:
        print(json.dumps({key: round(value, 2) for key, value in asyncio.run(measure(passages)).items()}), flush=True)


if __name__ == "__main__":
    main()
