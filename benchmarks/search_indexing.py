"""What indexing costs over the bare embedder: `python -m benchmarks.search_indexing MODEL_CACHE [DOCUMENTS]`.

The same passages are embedded by the model in this process, in the runs that the engine makes of them, and indexed from
documents to stored vectors through queue, processors, engine and store; the ratio of the two times, alternating.
"""

import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.rows import Row
from nextcloud_mcp_server.index.collections import Collections
from nextcloud_mcp_server.index.embed.build import ensure_model
from nextcloud_mcp_server.index.embed.local import LocalModel
from nextcloud_mcp_server.index.engine.client import Engine, LocalEmbedder, LocalStore
from nextcloud_mcp_server.index.indexer import Indexer
from nextcloud_mcp_server.index.pace import Intervals, Pace
from nextcloud_mcp_server.index.processor import Processors
from nextcloud_mcp_server.index.queue.embedded import EmbeddedQueue
from nextcloud_mcp_server.index.scanner import Load, Scanner
from nextcloud_mcp_server.index.state import State
from nextcloud_mcp_server.storage import Leases, open_database
from nextcloud_mcp_server.text import Readers
from tests.unit.index.world import Cloud

# fmt: off
WORDS = [
    "the", "garden", "river", "mountain", "letter", "summer", "engine", "paper", "window", "bread", "of", "and", "to", "a", "in",
    "for", "with", "project", "meeting", "plan", "budget", "travel",
]
# fmt: on


def cloud_of(documents: int) -> Cloud:
    chance = random.Random(1)
    cloud = Cloud(users={"alice"})
    for number in range(documents):
        sentences = [" ".join(chance.choices(WORDS, k=12)).capitalize() + "." for _ in range(chance.choice([5, 15, 60]))]
        cloud.put("note", str(number), " ".join(sentences))
    return cloud


async def indexed(cloud: Cloud, cache: Path) -> tuple[float, list[str]]:
    """Seconds from scan to the last stored passage, and the passages as they were embedded."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder), cache)
        database = open_database(str(Path(folder) / "state.db"))
        await database.open()
        embedder, store, state, queue = LocalEmbedder(engine), LocalStore(engine), State(database), EmbeddedQueue(database)
        collections = Collections(database, state, store, queue, embedder)
        await collections.start()
        await embedder.embed(["warm"])
        texts: list[str] = []
        embed = embedder.embed

        async def noted(asked: Any, *, query: bool = False) -> Any:
            texts.extend(asked)
            return await embed(asked, query=query)

        embedder.embed = noted
        processors = Processors(queue, cloud, Indexer(state, store, collections), state, Readers(), workers=8)
        scanner = Scanner("alice", cloud, state, queue, Leases(database), intervals=Intervals(), pace=Pace(1000), load=Load())
        began = time.perf_counter()
        await scanner.scan()
        await processors.drain()
        seconds = time.perf_counter() - began
        await engine.close()
        await engine.ended()
        await database.close()
    return seconds, texts


def bare(texts: list[str], folder: Path) -> float:
    model = LocalModel(folder)
    model.embed(["warm"])
    began = time.perf_counter()
    model.embed(texts)
    return time.perf_counter() - began


async def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as place:
        cache = Path(place)
        folder = await asyncio.to_thread(ensure_model, cache)
        cloud = cloud_of(150)
        ratios: list[float] = []
        for _ in range(3):
            whole, texts = await indexed(cloud, cache)
            ratios.append(whole / await asyncio.to_thread(bare, texts, folder))
    ratio = sorted(ratios)[1]
    shown = f"{ratio:.2f} (runs {', '.join(f'{one:.2f}' for one in ratios)})"
    return [Row(f"indexing {len(texts)} passages, over the bare embedder", "", ratio=shown, target="<= 1.15", met=ratio <= 1.15)]


def main() -> None:
    cache, documents = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300
    folder = ensure_model(cache)
    cloud = cloud_of(documents)
    ratios: list[float] = []
    for _ in range(3):
        whole, texts = asyncio.run(indexed(cloud, cache))
        alone = bare(texts, folder)
        ratios.append(whole / alone)
        print(
            json.dumps({"documents": documents, "passages": len(texts), "indexed s": round(whole, 2), "bare s": round(alone, 2)}),
            flush=True,
        )
    print(json.dumps({"ratio, median of 3": round(sorted(ratios)[1], 3)}))


if __name__ == "__main__":
    main()
