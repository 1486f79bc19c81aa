"""Vectors of recent queries, so that a repeated one costs nothing."""

import asyncio
from collections import OrderedDict

from nextcloud_mcp_server.index.embed.port import Embedder, Vector


class Queries:
    """Embeds queries for one embedder; the last `size` are kept, and the same query asked twice at once is embedded once."""

    def __init__(self, embedder: Embedder, size: int = 256) -> None:
        self._embedder, self._size = embedder, size
        self._known: OrderedDict[str, Vector] = OrderedDict()
        self._asked: dict[str, asyncio.Task[Vector]] = {}

    async def embed(self, query: str, seconds: float) -> Vector | None:
        """None where the provider takes longer than `seconds`; its answer is kept all the same for the next time."""
        if query in self._known:
            self._known.move_to_end(query)
            return self._known[query]
        task = self._asked.get(query)
        if task is None:
            task = self._asked[query] = asyncio.create_task(self._ask(query))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        done, _ = await asyncio.wait({task}, timeout=seconds)
        return task.result() if done else None

    async def _ask(self, query: str) -> Vector:
        try:
            (vector,) = await self._embedder.embed([query], query=True)
        finally:
            self._asked.pop(query, None)
        self._known[query] = vector
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return vector
