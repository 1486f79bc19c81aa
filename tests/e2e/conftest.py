"""The real command in a process of its own, in front of a sandbox in another."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from nextcloud_sandbox.server import Running, running
from tests.e2e.leaks import Watch
from tests.support.whole_run import SHORT, WholeRun, watching

COMMAND = str(Path(sys.executable).parent / "nextcloud-mcp-server")
LISTENING = re.compile(r"Uvicorn running on (http://\S+)")


@dataclass
class Served:
    """A running server: its address and everything it logged so far."""

    url: str
    process: asyncio.subprocess.Process
    log: list[str] = field(default_factory=list)

    async def stop(self) -> int:
        """Asks the process to end; its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 20)


def environment(sandbox: Running, user: str = "alice", **more: str) -> dict[str, str]:
    """Only what the server needs, so that the tester's own settings do not leak in."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    return {
        **kept,
        "NEXTCLOUD_HOST": sandbox.url,
        "NEXTCLOUD_USERNAME": user,
        "NEXTCLOUD_PASSWORD": user,
        "ENABLE_SEMANTIC_SEARCH": "false",
        "LOG_LEVEL": "trace",
        **more,
    }


@asynccontextmanager
async def server(env: dict[str, str], *arguments: str) -> AsyncGenerator[Served]:
    """`nextcloud-mcp-server run` on a free port."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, "run", "--port", "0", *arguments, env=env, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    served = Served("", process)
    listening = asyncio.Event()

    async def read() -> None:
        assert process.stderr
        async for line in process.stderr:
            served.log.append(line.decode())
            if found := LISTENING.search(served.log[-1]):
                served.url = found[1]
                listening.set()
        listening.set()

    reader = asyncio.create_task(read())
    try:
        await asyncio.wait_for(listening.wait(), 90)
        assert served.url, "".join(served.log)
        yield served
    finally:
        await served.stop()
        await reader


@pytest.fixture(scope="session")
async def sandbox() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        yield one


@pytest.fixture(scope="package", autouse=True)
def whole_run() -> Generator[WholeRun]:
    """No secret of these tests is in what a server wrote, at the finest level."""
    with watching() as run:
        yield run


@pytest.fixture
def watch(whole_run: WholeRun) -> Generator[Watch]:
    """Remembers what is secret; at the end none of it is in a log or a database."""
    one = Watch()
    yield one
    assert one.secrets
    assert one.found() == []
    whole_run.secrets |= {value: what for value, what in one.secrets.items() if len(value) >= SHORT}
    whole_run.files |= set(one.databases)
    for place, lines in one.said:
        whole_run.say(place, "".join(lines))
