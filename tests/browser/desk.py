"""A client on this computer: listens on loopback for the answer to its sign-in, and serves pages as any program might."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

PAGE = "<!doctype html><title>Desk</title><h1>Back at the desk</h1>"


@dataclass
class Desk:
    """`answers` are parameters it was called with, `asked` heads of all requests; `then` is where it sends the browser afterwards."""

    port: int = 0
    then: str = ""
    pages: dict[str, str] = field(default_factory=dict[str, str])
    asked: list[str] = field(default_factory=list[str])
    answers: asyncio.Queue[dict[str, str]] = field(default_factory=asyncio.Queue[dict[str, str]])

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def callback(self) -> str:
        return f"{self.origin}/cb"

    async def answered(self) -> dict[str, str]:
        """The next answer."""
        return await asyncio.wait_for(self.answers.get(), 20)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Browsers open connections in advance that they may never use.
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
        parts = urlsplit(self.asked[-1].split(" ")[1])
        head = "200 OK"
        if parts.path == "/cb":
            self.answers.put_nowait(dict(parse_qsl(parts.query)))
            head = f"302 Found\r\nLocation: {self.then}" if self.then else head
        elif parts.path not in self.pages:
            head = "404 Not Found"
        body = self.pages.get(parts.path, PAGE).encode()
        start = f"HTTP/1.1 {head}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(start.encode() + body)
        await writer.drain()


@asynccontextmanager
async def desk() -> AsyncGenerator[Desk]:
    """A listening one."""
    one = Desk()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        await server.wait_closed()
