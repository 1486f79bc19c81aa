"""Talks to the engine of this machine and starts it where none runs."""

import asyncio
import fcntl
import subprocess
import sys
import tempfile
import threading
import time
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from nextcloud_mcp_server.core.errors import Unreachable
from nextcloud_mcp_server.index.embed.build import made_model
from nextcloud_mcp_server.index.embed.local import Card, pieces, read_card
from nextcloud_mcp_server.index.embed.port import Model, Vector
from nextcloud_mcp_server.index.engine import calls
from nextcloud_mcp_server.index.sparse import Sparse
from nextcloud_mcp_server.index.store.edge import BATCH, full, is_made, made
from nextcloud_mcp_server.index.store.port import Counts, Entry, Facts, Key, Ranked, Stored, Where
from nextcloud_mcp_server.index.store.shape import batches

START_SECONDS = 30.0
ATTEMPTS = 5
LONGEST = 100
"""Bytes of a Unix socket's path that every system takes."""


@dataclass(frozen=True, slots=True)
class Idle:
    """Seconds without a call after which the engine rests (no model and no shard in memory; the next call has them back
    in a fraction of a second), ends though clients are connected, ends when none is. `look` is how often it looks.
    """

    rest: float = 30
    idle: float = 60
    linger: float = 5
    look: float = 1


class Engine:
    """A connection to the engine that keeps its vectors in `folder`/vectors and its model below `cache`."""

    def __init__(self, folder: Path, cache: Path, model: Path | None = None, idle: Idle | None = None) -> None:
        self.vectors, self._cache, self._model = folder / "vectors", cache, model
        self._socket = _socket_path(folder)
        self._idle = idle or Idle()
        self._connecting = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ids = count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def call(self, name: str, *arguments: Any) -> Any:
        """Asks the engine, and a new one where it ended in between: every call may be done twice."""
        for attempt in range(ATTEMPTS):
            try:
                answer = await self._ask(name, arguments)
            except ConnectionError:
                await asyncio.sleep(0.05 * attempt)
            else:
                if "error" in answer:
                    raise calls.failed(answer)
                return calls.VALUES[name].validate_python(answer["value"])
        raise full(self.vectors) or Unreachable("The search engine's process keeps ending.", hint="See the log of the server.")

    async def close(self) -> None:
        """Ends the connection; the engine ends when nobody is connected."""
        if self._reading:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading
        self._lost()

    async def ended(self) -> None:
        """Waits until no engine runs for the folder: it may be removed or copied then."""
        await asyncio.to_thread(_wait_for, self.vectors / "owner")

    def card(self) -> Card | None:
        """The model's, read without the engine; None where the model has to be made first. Raises InvalidValue."""
        folder = self._model or made_model(self._cache)
        return read_card(folder) if folder else None

    async def _ask(self, name: str, arguments: Sequence[Any]) -> dict[str, Any]:
        writer = await self._connected()
        id = next(self._ids)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[id] = answer
        try:
            writer.write(calls.pack({"id": id, "call": name, "args": arguments}))
            await writer.drain()
            return await answer
        finally:
            self._waiting.pop(id, None)

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None:
                reader, self._writer = await self._connect()
                self._reading = asyncio.create_task(self._read(reader))
            return self._writer

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        deadline = time.monotonic() + START_SECONDS
        process: subprocess.Popen[bytes] | None = None
        while True:
            with suppress(FileNotFoundError, ConnectionError):
                return await asyncio.open_unix_connection(self._socket)
            if time.monotonic() > deadline:
                raise full(self.vectors) or Unreachable(
                    "The search engine's process does not start.", hint="See the log of the server; is the data folder writable?"
                )
            if process is None or process.returncode is not None:
                process = self._start()
            # Another process may be starting the engine too: whoever gets the lock opens the socket.
            await asyncio.sleep(0.05)

    def _start(self) -> "subprocess.Popen[bytes]":
        """A process of its own session, so that an interrupt of the command line does not end it for the others."""
        model = [str(self._model)] if self._model else []
        command = [sys.executable, "-m", __package__ or "", str(self._socket), str(self.vectors), str(self._cache), *model]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - constants
        if process.stdin:
            with process.stdin:
                process.stdin.write(orjson.dumps(asdict(self._idle)))
        threading.Thread(target=process.wait, daemon=True).start()
        return process

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                answer = await calls.receive(reader)
                waiting = self._waiting.get(answer["id"])
                if waiting and not waiting.done():
                    waiting.set_result(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._lost()

    def _lost(self) -> None:
        if self._writer:
            self._writer.close()
        self._writer = self._reading = None
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionResetError())
                waiting.exception()  # seen: who sent the question may have failed before it could wait for the answer


class LocalEmbedder:
    """The embedded model, in the engine."""

    name = "built-in"
    batch = 64

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._described: Model | None = None

    async def describe(self) -> Model:
        described = self._described
        if described is None:
            card = await asyncio.to_thread(self._engine.card)
            described = self._described = card.model if card else await self._engine.call("describe_model")
        return described

    async def tokens(self, text: str) -> Sequence[int]:
        """In an array and piece by piece: a list of a long text's offsets takes ten times its memory on the way."""
        found = array("I")
        for at, piece in pieces(text):
            found.extend(at + start for start in await self._engine.call("tokens", piece))
        return found

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> list[Vector]:
        return await self._engine.call("embed", texts, query)

    async def close(self) -> None:
        """The engine is closed by whoever opened it."""


class LocalStore:
    """The embedded store, in the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._written = False

    async def open(self, collection: str, dimension: int) -> None:
        """What is there already needs no engine yet."""
        if not await asyncio.to_thread(is_made, self._engine.vectors, collection):
            await self._engine.call("open", collection, dimension)

    async def collections(self) -> frozenset[str]:
        """Needs no engine."""
        return await asyncio.to_thread(made, self._engine.vectors)

    async def discard(self, collection: str) -> None:
        await self._engine.call("discard", collection)

    async def replace(self, collection: str, key: Key, facts: Facts, entries: Sequence[Entry]) -> None:
        """Batch by batch: a long document's entries are large on the way."""
        self._written = True
        for batch in batches(entries, BATCH):
            await self._engine.call("put", collection, key, facts, batch)
        await self._engine.call("trim", collection, key, len(entries))

    async def describe(self, collection: str, key: Key, facts: Facts, bodies: Sequence[str] = ()) -> None:
        await self._engine.call("describe", collection, key, facts, bodies)

    async def delete(self, collection: str, keys: Sequence[Key]) -> None:
        self._written = True
        await self._engine.call("delete", collection, keys)

    async def delete_owner(self, collection: str, owner: str) -> None:
        self._written = True
        await self._engine.call("delete_owner", collection, owner)

    async def search(self, collection: str, where: Where, *, dense: Vector | None, sparse: Sparse | None, limit: int) -> Ranked:
        return await self._engine.call("search", collection, where, dense, sparse, limit)

    async def vectors(self, collection: str, passages: Sequence[tuple[Key, int]]) -> list[Vector]:
        return await self._engine.call("vectors", collection, passages)

    async def passages(self, collection: str, key: Key) -> list[Entry]:
        return await self._engine.call("passages", collection, key)

    async def count(self, collection: str, owner: str | None = None) -> Counts:
        return await self._engine.call("count", collection, owner)

    async def scan(self, collection: str) -> AsyncIterator[Stored]:
        offset: str | None = None
        while True:
            found, offset = await self._engine.call("page", collection, offset)
            for item in found:
                yield item
            if offset is None:
                return

    async def tidy(self) -> None:
        """Where nothing was written since the last time there is nothing to tidy, and no engine is started for it."""
        if self._written:
            self._written = False
            await self._engine.call("tidy")

    async def close(self) -> None:
        """The engine is closed by whoever opened it."""


def _wait_for(lock: Path) -> None:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)


def _socket_path(folder: Path) -> Path:
    """In the data folder, or where its path is too long for a socket, in a private folder of the system's temporary one."""
    inside = folder / "engine.sock"
    if len(str(inside).encode()) <= LONGEST:
        return inside
    private = Path(tempfile.gettempdir()) / f"nextcloud-mcp-{blake2b(str(folder).encode(), digest_size=8).hexdigest()}"
    private.mkdir(mode=0o700, exist_ok=True)
    if private.stat().st_mode & 0o077 or private.is_symlink():
        raise Unreachable(f"The folder {private} is open to others.", hint="Remove it, or choose a data folder with a shorter path.")
    return private / "engine.sock"
