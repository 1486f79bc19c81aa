"""Processes that benchmarks start and watch: servers, and a sandbox that lets functions run in it."""

import asyncio
import multiprocessing
import os
import re
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import psutil

from nextcloud_mcp_server.index.engine.client import Engine
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.server import running

P = ParamSpec("P")
T = TypeVar("T")
COMMAND = str(Path(sys.executable).parent / "nextcloud-mcp-server")
RUNNING = r"running on http://127\.0\.0\.1:(\d+)"
MODELS = Path(__file__).parent.parent / ".cache" / "models"
"""Where the embedded model is made, once for this checkout."""


@asynccontextmanager
async def process(
    *arguments: str, env: dict[str, str] | None = None, port_in: str = r"^(\d+)$", stream: str = "stdout"
) -> AsyncGenerator[tuple[str, int]]:
    """A process that says its port; its address and process id."""
    pipes = {stream: asyncio.subprocess.PIPE}
    started = await asyncio.create_subprocess_exec(*arguments, env=env, **pipes)
    try:
        reader = getattr(started, stream)
        while not (found := re.search(port_in, (line := await reader.readline()).decode().strip())):
            if not line:
                raise RuntimeError(f"{' '.join(arguments)} ended before it listened")
        drain = asyncio.create_task(reader.read())
        yield f"http://127.0.0.1:{found[1]}", started.pid
        drain.cancel()
    finally:
        started.terminate()
        await started.wait()


def server(env: dict[str, str], *arguments: str) -> AbstractAsyncContextManager[tuple[str, int]]:
    """`nextcloud-mcp-server run` on a free port."""
    return process(COMMAND, "run", "--port", "0", *arguments, env={**basics(), **env}, port_in=RUNNING, stream="stderr")


def basics() -> dict[str, str]:
    """What every process needs of this one's environment, and nothing else of it."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


@dataclass
class Nextcloud:
    """A sandbox in a process of its own."""

    url: str
    _pipe: Connection

    async def do(self, work: Callable[Concatenate[Sandbox, P], T], *arguments: P.args, **more: P.kwargs) -> T:
        """Runs a function in that process, on its sandbox; function, arguments and value are pickled."""
        return await asyncio.to_thread(self._ask, (work, arguments, more))

    def _ask(self, asked: Any) -> Any:
        self._pipe.send(asked)
        return self._pipe.recv()


@asynccontextmanager
async def nextcloud(*, seed: bool = False) -> AsyncGenerator[Nextcloud]:
    """A sandbox that answers until the block ends."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_serve, args=(theirs, seed), daemon=True)
    child.start()
    try:
        yield Nextcloud(await asyncio.to_thread(ours.recv), ours)
    finally:
        child.terminate()
        await asyncio.to_thread(child.join)


def _serve(pipe: Connection, seed: bool) -> None:
    asyncio.run(_served(pipe, seed))


async def _served(pipe: Connection, seed: bool) -> None:
    async with running(seed=seed) as box:
        pipe.send(box.url)
        while True:
            work, arguments, more = await asyncio.to_thread(pipe.recv)
            pipe.send(work(box.sandbox, *arguments, **more))


async def engine_ended(folder: Path) -> None:
    """Returns when no search engine uses the data folder of a server any more."""
    if (folder / "index" / "vectors").exists():
        await Engine((folder / "index").resolve(), folder).ended()


def requests(sandbox: Sandbox) -> int:
    """How many requests came since the last time, but for those that ask who is asking and which apps there are."""
    count = sum("/cloud/" not in one.path for one in sandbox.requests)
    sandbox.requests.clear()
    return count


def all_requests(sandbox: Sandbox) -> int:
    """How many requests of any kind came since the last time."""
    count = len(sandbox.requests)
    sandbox.requests.clear()
    return count


@dataclass(frozen=True)
class Memory:
    """Megabytes of processes together: pages shared among them counted for each (`rss`), and once (`pss`)."""

    rss: float
    pss: float

    def __str__(self) -> str:
        return f"{self.rss:.0f} MB (PSS {self.pss:.0f} MB)"


def family(pid: int) -> list[psutil.Process]:
    """A process and all that it started."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def memory(pid: int) -> Memory:
    """Of a process and all that it started."""
    rss = pss = 0
    for one in family(pid):
        with suppress(psutil.NoSuchProcess):
            full = one.memory_full_info()
            rss, pss = rss + full.rss, pss + full.pss
    return Memory(rss / 1e6, pss / 1e6)


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and all that it started took so far."""
    total = 0.0
    for one in family(pid):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total
