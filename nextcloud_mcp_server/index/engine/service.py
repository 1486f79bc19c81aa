"""What runs in the engine's process: the model, loaded while it is used, and the store."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextcloud_mcp_server.core.errors import BadAnswer, NextcloudError
from nextcloud_mcp_server.index.embed.build import ensure_model
from nextcloud_mcp_server.index.embed.local import read_card, runs
from nextcloud_mcp_server.index.embed.port import Model, Vector
from nextcloud_mcp_server.index.engine import calls, heap
from nextcloud_mcp_server.index.engine.turns import Turns
from nextcloud_mcp_server.index.sparse import Sparse
from nextcloud_mcp_server.index.store.edge import EdgeStore, full
from nextcloud_mcp_server.index.store.port import Ranked, Stored, Where

if TYPE_CHECKING:
    from nextcloud_mcp_server.index.embed.local import LocalModel

log = logging.getLogger(__name__)
FIRST_CLIENT = 10.0
"""Seconds in which whoever started the engine connects."""


class Service:
    """`model` is the model's folder, or None: made below `cache`. Idle times are in seconds."""

    def __init__(self, folder: Path, cache: Path, model: Path | None, *, rest: float = 30) -> None:
        self.store = EdgeStore(folder)
        self._cache, self._folder = cache, model
        self._rest = rest
        self._model: LocalModel | None = None
        self._turns = Turns()
        self._building = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._used = self._model_used = time.monotonic()
        self._resting = True
        self._running = 0
        self._calls: dict[str, Callable[..., Awaitable[Any]]] = {
            "describe_model": self.describe_model,
            "tokens": self.tokens,
            "embed": self.embed,
            "search": self.search,
            "page": self.page,
        }

    async def call(self, name: str, arguments: Sequence[Any]) -> Any:
        """Does what a request asks for. Raises NextcloudError."""
        self._running += 1
        self._resting = False
        try:
            run = self._calls.get(name) or getattr(self.store, name)
            return await run(*calls.ARGUMENTS[name].validate_python(arguments))
        finally:
            self._running -= 1
            self._used = time.monotonic()

    def idle(self) -> float:
        """Seconds since the last call ended; 0 while one runs."""
        return 0 if self._running else time.monotonic() - self._used

    async def rest(self) -> None:
        """Gives the memory of the model, and that of the store, back when they were not used for a while."""
        async with self._turns.turn(urgent=False):
            if self._model and time.monotonic() - self._model_used > self._rest:
                self._model = None
                heap.give_back()
        if not self._resting and self.idle() > self._rest:
            self._resting = True
            await self.store.rest()
            heap.give_back()

    async def close(self) -> None:
        await self.store.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def describe_model(self) -> Model:
        return read_card(await self._model_folder()).model

    async def tokens(self, text: str) -> list[int]:
        model = await self._loaded()
        return await asyncio.to_thread(model.tokens, text)

    async def embed(self, texts: Sequence[str], query: bool) -> list[Vector]:
        """In runs by length; a query's run comes before the next run of anything else."""
        model = await self._loaded()
        encoded = await self._in_thread(model.encode, texts)
        vectors: list[Vector] = [[] for _ in texts]
        for chosen in runs([len(ids) for ids in encoded]):
            async with self._turns.turn(urgent=query):
                found = await self._in_thread(model.run, [encoded[at] for at in chosen])
            for at, vector in zip(chosen, found, strict=True):
                vectors[at] = vector
            self._model_used = time.monotonic()
        return vectors

    async def search(self, collection: str, where: Where, dense: Vector | None, sparse: Sparse | None, limit: int) -> Ranked:
        return await self.store.search(collection, where, dense=dense, sparse=sparse, limit=limit)

    async def page(self, collection: str, offset: str | None) -> tuple[list[Stored], str | None]:
        return await self.store.page(collection, offset)

    async def _loaded(self) -> "LocalModel":
        self._model_used = time.monotonic()
        if self._model:
            return self._model
        folder = await self._model_folder()
        async with self._building:
            model = self._model or await self._in_thread(_load, folder)
            self._model = model
            return model

    async def _model_folder(self) -> Path:
        async with self._building:
            if self._folder is None:
                self._folder = await asyncio.to_thread(ensure_model, self._cache)
        return self._folder

    async def _in_thread(self, run: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, run, *arguments)


def _load(folder: Path) -> "LocalModel":
    from nextcloud_mcp_server.index.embed.local import LocalModel

    return LocalModel(folder)


class Connections:
    """Answers all clients of the socket. `closed_at` is when the last one left (monotonic seconds; a late one at first)."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._writers: set[asyncio.StreamWriter] = set()
        self._closing = False
        self.closed_at = time.monotonic() + FIRST_CLIENT

    def alone(self) -> float:
        """Seconds since the last client left; negative while one is there or the first is awaited."""
        return -1.0 if self._writers else time.monotonic() - self.closed_at

    def close(self) -> None:
        """Ends every connection without an answer: the clients ask the next engine."""
        self._closing = True
        for writer in self._writers:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        tasks: set[asyncio.Task[None]] = set()
        try:
            while not self._closing:
                task = asyncio.create_task(self._answer(await calls.receive(reader), writer))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for task in tasks:
                task.cancel()
            writer.close()
            self._writers.discard(writer)
            self.closed_at = time.monotonic()

    async def _answer(self, request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        answer: dict[str, Any] = {"id": request["id"]}
        try:
            answer["value"] = await self._service.call(request["call"], request["args"])
        except NextcloudError as error:
            answer |= calls.failure(error)
        except Exception as error:  # supervisor: one call's fault is its caller's to know, the engine goes on
            if self._closing:
                return
            log.exception("The engine failed at %s", request["call"])
            other = BadAnswer(f"The engine failed at {request['call']} ({type(error).__name__}).", hint="")
            answer |= calls.failure(full(self._service.store.root) or other)
        with suppress(ConnectionError):
            writer.write(calls.pack(answer))
            await writer.drain()
