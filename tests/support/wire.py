"""A raw TCP server that answers exactly the bytes a test wants, and counts what it is sent."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Exchange:
    """One request as it came: the connection's number, the head, the body."""

    connection: int
    head: str
    body: bytes

    @property
    def method(self) -> str:
        return self.head.split(" ", 1)[0]

    @property
    def path(self) -> str:
        return self.head.split(" ")[1]

    def header(self, name: str) -> str | None:
        found = [line.partition(":")[2].strip() for line in self.head.split("\r\n")[1:] if line.lower().startswith(f"{name.lower()}:")]
        return found[0] if found else None


Reply = bytes | None
"""Bytes to send; None closes the connection without an answer. Bytes that end in CLOSE are followed by a close."""
CLOSE = b"\x00close"


@dataclass
class Wire:
    """What was asked, and the address to ask at."""

    url: str
    seen: list[Exchange] = field(default_factory=list)
    most_at_once: int = 0
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, enough: Callable[[list[Exchange]], bool]) -> None:
        """Waits until what was asked so far is enough."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: enough(self.seen))

    async def note(self, exchange: Exchange) -> None:
        async with self._arrived:
            self.seen.append(exchange)
            self._arrived.notify_all()


def reply(status: int, body: bytes = b"", **headers: str) -> bytes:
    """An HTTP/1.1 answer; header names with underscores for hyphens."""
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Length: {len(body)}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def wire(answer: Callable[[Exchange], Reply], gate: asyncio.Event | None = None) -> AsyncGenerator[Wire]:
    """Serves `answer`; with a `gate`, holds every request until the event is set."""
    served = Wire("")
    running, connections = 0, 0
    tasks: set[asyncio.Task[None]] = set()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal running, connections
        connections += 1
        number = connections
        try:
            while head := await _head(reader):
                exchange = Exchange(number, head, b"")
                exchange.body = await reader.readexactly(int(exchange.header("Content-Length") or 0))
                running += 1
                served.most_at_once = max(served.most_at_once, running)
                await served.note(exchange)
                if gate:
                    await gate.wait()
                running -= 1
                data = answer(exchange)
                if data is None:
                    return
                writer.write(data.removesuffix(CLOSE))
                await writer.drain()
                if data.endswith(CLOSE):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(connection(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield served
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return ""
