"""Hands files to reading processes and gets their text, whatever the files do to those processes."""

import asyncio
import os
import signal
import struct
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import orjson

from nextcloud_mcp_server.core.errors import TooLarge
from nextcloud_mcp_server.core.tools import Injected
from nextcloud_mcp_server.text.model import Engines, Extracted, Limits, Unreadable
from nextcloud_mcp_server.text.parse import decode
from nextcloud_mcp_server.text.types import essence, kind_of, remote_of

Progress = Callable[[int, int], Awaitable[None]]
GRACE = 3.0
REST = 60.0
"""Seconds that a process waits for the next file before its memory is given back."""
ENVIRONMENT = {"OMP_THREAD_LIMIT": "1", "PATH": os.defpath, "LC_ALL": "C.UTF-8"}


class Readers(Injected):
    """Reading processes, started when needed, used again, up to `idle` kept a while for the next file.

    Each holds no secret: its environment is empty but for what Tesseract needs. `limits` hold for each file that has no others.
    """

    def __init__(self, engines: Engines | None = None, limits: Limits | None = None, *, idle: int = 2, uses: int = 200) -> None:
        self.engines, self.limits = engines or Engines(), limits or Limits()
        self._idle: list[_Reader] = []
        self._keep, self._uses = idle, uses

    async def __aenter__(self) -> "Readers":
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the processes that wait for a file."""
        while self._idle:
            await self._idle.pop().stop()

    async def extract(
        self, content: AsyncIterator[bytes] | Path, mime_type: str, limits: Limits | None = None, progress: Progress | None = None
    ) -> Extracted:
        """The text of one file. `progress` gets (page, pages), pages 0 while unknown.

        Raises Unreadable for what cannot be read (type, damage, encryption, bombs, time) and TooLarge over `limits.bytes`.
        """
        limits = limits or self.limits
        remote = remote_of(mime_type, self.engines)
        kind = kind_of(mime_type)
        if remote is None and kind is None:
            raise Unreadable(f"Files of type {essence(mime_type)!r} hold no text that can be read here.", hint="")
        with tempfile.TemporaryDirectory(prefix="text-") as folder:
            path = content if isinstance(content, Path) else await _save(content, Path(folder) / "file", limits.bytes)
            size = path.stat().st_size
            if size > limits.bytes:
                raise _too_large(limits.bytes)
            if remote:
                from nextcloud_mcp_server.text.remote import read_remotely

                return await read_remotely(remote, path, essence(mime_type), limits)
            if kind == "plain" and size <= 2**20:
                return Extracted(decode(path.read_bytes())[: limits.chars], "plain")
            return await self._read({"path": str(path), "kind": kind, "limits": asdict(limits)}, limits, progress)

    async def _read(self, request: dict[str, Any], limits: Limits, progress: Progress | None) -> Extracted:
        request["ocr"] = asdict(self.engines.tesseract) if self.engines.tesseract else None
        reader = self._idle.pop().wanted() if self._idle else await _Reader.start()
        usable = False
        try:
            async with asyncio.timeout(limits.seconds + GRACE):
                answer = await reader.ask(request, progress)
            usable = True
        except TimeoutError:
            raise Unreadable(f"Reading it takes longer than {limits.seconds:.0f} s.") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Unreadable("Reading it broke the reader: too much memory or time, or a damaged file.") from None
        finally:
            # A cancelled or broken reader is in an unknown state.
            if usable and reader.used < self._uses and len(self._idle) < self._keep:
                self._idle.append(reader)
                reader.resting = asyncio.get_running_loop().call_later(REST, self._retire, reader)
            else:
                await reader.stop()
        if "error" in answer:
            raise Unreadable(answer["error"], hint=answer["hint"])
        return Extracted(answer["text"], answer["tier"], tuple(answer["pages"]), tuple(answer["notes"]), answer["metadata"])

    def _retire(self, reader: "_Reader") -> None:
        self._idle.remove(reader)
        reader.end()


class _Reader:
    def __init__(self, process: asyncio.subprocess.Process, stdin: asyncio.StreamWriter, stdout: asyncio.StreamReader) -> None:
        self.process, self.stdin, self.stdout = process, stdin, stdout
        self.used = 0
        self.resting: asyncio.TimerHandle | None = None

    @classmethod
    async def start(cls) -> "_Reader":
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-I", "-m", "nextcloud_mcp_server.text.worker")
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, env=ENVIRONMENT
        )
        return cls(process, cast("asyncio.StreamWriter", process.stdin), cast("asyncio.StreamReader", process.stdout))

    async def ask(self, request: dict[str, Any], progress: Progress | None) -> dict[str, Any]:
        self.used += 1
        raw = orjson.dumps(request)
        self.stdin.write(struct.pack(">I", len(raw)) + raw)
        await self.stdin.drain()
        while True:
            (length,) = struct.unpack(">I", await self.stdout.readexactly(4))
            answer: dict[str, Any] = orjson.loads(await self.stdout.readexactly(length))
            if "page" not in answer:
                return answer
            if progress:
                await progress(answer["page"], answer["of"])

    def wanted(self) -> "_Reader":
        """Rests no longer."""
        if self.resting:
            self.resting.cancel()
        return self

    async def stop(self) -> None:
        self.wanted().end()
        await self.process.wait()

    def end(self) -> None:
        # Process.kill() polls first and so takes the exit status away from the event loop.
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGTERM)
        self.stdin.close()


async def _save(content: AsyncIterator[bytes], path: Path, most: int) -> Path:
    size = 0
    with path.open("wb") as file:
        async for piece in content:
            size += len(piece)
            if size > most:
                raise _too_large(most)
            file.write(piece)
    return path


def _too_large(most: int) -> TooLarge:
    return TooLarge(
        f"The file is larger than {most / 2**20:.0f} MiB, the limit for reading text.", hint="Raise the limit or read a smaller file."
    )
