"""A proxy in front of a Nextcloud that misbehaves as it is told: down, silent, overloaded, or gone in the middle of an answer."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.support.wire import Exchange, reply

Matches = Callable[[Exchange], bool]


@dataclass(frozen=True)
class Instead:
    """Bytes of an answer of its own."""

    answer: bytes


@dataclass(frozen=True)
class Half:
    """Nextcloud's own answer: its head and the first half of its body, then nothing."""


@dataclass(frozen=True)
class Silence:
    """Nextcloud hears the request; the client gets no answer as long as the fault lasts."""


@dataclass(frozen=True)
class HangUp:
    """The connection is closed without an answer."""


Fault = Instead | Half | Silence | HangUp


def busy(status: int, seconds: int) -> Instead:
    """429 or 503, with the seconds after which to ask again; 503 is Nextcloud's own in maintenance."""
    maintenance = "1" if status == 503 else "0"
    return Instead(reply(status, Retry_After=str(seconds), Connection="close", X_Nextcloud_Maintenance_Mode=maintenance))


@dataclass
class Front:
    """Ask at `url`. `hits` are the requests that the fault of now met."""

    url: str
    behind: tuple[str, int]
    hits: list[Exchange] = field(default_factory=list[Exchange])
    _fault: Fault | None = None
    _matches: Matches = lambda _: True
    _server: asyncio.Server | None = None
    _healed: asyncio.Event = field(default_factory=asyncio.Event)
    _met: asyncio.Condition = field(default_factory=asyncio.Condition)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    def breaks(self, fault: Fault, matches: Matches = lambda _: True) -> None:
        """From now on, for requests that match."""
        self._healed.clear()
        self.hits.clear()
        self._fault, self._matches = fault, matches

    def heals(self) -> None:
        """Answers as Nextcloud does again; who was kept waiting is hung up on."""
        self._fault = None
        self._healed.set()

    async def met(self, times: int = 1) -> None:
        """Returns when the fault was met so often."""
        async with self._met:
            await self._met.wait_for(lambda: len(self.hits) >= times)

    async def goes_down(self) -> None:
        """Nobody listens any more, and open connections end."""
        if self._server:
            self._server.close()
        await self._end()

    async def comes_up(self) -> None:
        """Listens, where it listened before."""
        port = urlsplit(self.url).port or 0
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection: what is told to Nextcloud and to the client says so."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                asked = Exchange(0, head, b"")
                asked.body = await reader.readexactly(int(asked.header("Content-Length") or 0))
                fault = self._fault if self._fault and self._matches(asked) else None
                if fault:
                    async with self._met:
                        self.hits.append(asked)
                        self._met.notify_all()
                await self._answer(asked, fault, writer)
            finally:
                writer.close()

    async def _answer(self, asked: Exchange, fault: Fault | None, writer: asyncio.StreamWriter) -> None:
        match fault:
            case Instead():
                writer.write(fault.answer)
            case HangUp():
                return
            case Silence():
                await self._behind(asked)
                await self._healed.wait()
                return
            case Half():
                answer = await self._behind(asked)
                head = answer.index(b"\r\n\r\n") + 4
                writer.write(answer[: head + (len(answer) - head) // 2])
            case None:
                writer.write(await self._behind(asked))
        await writer.drain()

    async def _behind(self, asked: Exchange) -> bytes:
        """Nextcloud's whole answer."""
        lines = [line for line in asked.head.rstrip("\r\n").split("\r\n") if not line.lower().startswith("connection:")]
        reader, writer = await asyncio.open_connection(*self.behind)
        try:
            writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + asked.body)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def front(url: str) -> AsyncGenerator[Front]:
    """In front of the Nextcloud at `url`, which speaks plain HTTP."""
    parts = urlsplit(url)
    one = Front("", (parts.hostname or "", parts.port or 80))
    await one.comes_up()
    try:
        yield one
    finally:
        one.heals()
        await one.goes_down()
