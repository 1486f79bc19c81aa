"""Fills a provider's batches across documents; what one text spoils, it spoils alone."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from nextcloud_mcp_server.core.errors import Delayed, NextcloudError
from nextcloud_mcp_server.index.embed.port import Embedder, Outcome, Vector


@dataclass(frozen=True, slots=True)
class _Waiting:
    text: str
    vector: "asyncio.Future[Vector]"


class Batches:
    """Embeds passages for many callers at once, at most `lanes` batches under way.

    While a batch is under way the texts of other documents gather for the next one. The document that lacks least comes first: a
    short one does not wait for a long one, and they do not all end at once.
    """

    def __init__(self, embedder: Embedder, lanes: int = 1) -> None:
        self.embedder = embedder
        self._lanes = asyncio.Semaphore(lanes)
        self._documents: list[deque[_Waiting]] = []
        self._running: set[asyncio.Task[None]] = set()

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector for each text. Raises what the provider raised for one of them."""
        loop = asyncio.get_running_loop()
        mine = [_Waiting(text, loop.create_future()) for text in texts]
        self._documents.append(deque(mine))
        task = asyncio.create_task(self._drain())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        found = await asyncio.gather(*(item.vector for item in mine), return_exceptions=True)
        for outcome in found:
            if isinstance(outcome, BaseException):
                raise outcome
        return [outcome for outcome in found if not isinstance(outcome, BaseException)]

    async def _drain(self) -> None:
        async with self._lanes:
            while batch := self._next():
                for item, outcome in zip(batch, await embed_each(self.embedder, [item.text for item in batch]), strict=True):
                    if item.vector.done():
                        continue
                    if isinstance(outcome, Exception):
                        item.vector.set_exception(outcome)
                    else:
                        item.vector.set_result(outcome)

    def _next(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        for document in sorted(self._documents, key=len):
            while document and len(batch) < self.embedder.batch:
                if not (item := document.popleft()).vector.cancelled():
                    batch.append(item)
        self._documents = [document for document in self._documents if document]
        return batch


async def embed_each(embedder: Embedder, texts: Sequence[str]) -> list[Outcome]:
    """A vector or an error for each text: a batch that is refused is halved until the text to blame is alone.

    What passes by itself is no text's fault and is the outcome of all.
    """
    try:
        return list(await embedder.embed(texts))
    except Delayed as error:
        return [error] * len(texts)
    except NextcloudError as error:
        if len(texts) == 1:
            return [error]
    half = len(texts) // 2
    return await embed_each(embedder, texts[:half]) + await embed_each(embedder, texts[half:])
