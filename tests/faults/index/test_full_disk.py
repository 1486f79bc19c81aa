"""On a disk that fills up, search stays up; when there is space again, indexing goes on and nothing is damaged."""

import asyncio
import os
import shutil
import signal
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from nextcloud_mcp_server.index.store.edge import RESERVE
from nextcloud_mcp_server.server.indexing.indexing import TOPIC_WAKE
from nextcloud_mcp_server.storage import Events, open_database
from nextcloud_sandbox.server import Running, running
from tests.conftest import NOTES
from tests.e2e import conftest as e2e
from tests.e2e.conftest import Served, server
from tests.e2e.searching import search_on

SIZE = RESERVE + 2**28
"""The engine takes most of it when it opens the index anew: this file system has no holes in what is mapped into memory."""
SCRIPT = """#!/bin/sh
exec unshare --map-root-user --mount sh -c 'mount -t tmpfs -o size={size} tmpfs "$MCP_DATA_DIR" && exec "$0" "$@"' {command} "$@"
"""


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        one.sandbox.files("alice").write("/Notes/First.md", b"A first note of crocuses.", parents=True)
        one.sandbox.files("alice").write("/Notes/Goes.md", b"A note of daffodils.")
        yield one


@pytest.fixture
async def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a server that starts now: a file system of its own, of its process alone."""
    process = (
        await asyncio.create_subprocess_exec(
            "unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt", stderr=asyncio.subprocess.DEVNULL
        )
        if shutil.which("unshare")
        else None
    )
    if process is None or await process.wait():
        NOTES.append("the full disk was left out: this system lets nobody mount a file system of their own")
        pytest.skip("no mounts in namespaces here")
    script = tmp_path / "nextcloud-mcp-server"
    script.write_text(SCRIPT.format(size=SIZE, command=e2e.COMMAND))
    script.chmod(0o755)
    monkeypatch.setattr(e2e, "COMMAND", str(script))
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def fill(disk: Path, left: int) -> None:
    """To the last `left` bytes."""
    with (disk / "filler").open("wb", buffering=0) as file:
        for size in (2**20, 4096, 1):
            with suppress(OSError):
                while True:
                    file.write(b"x" * size)
        file.truncate(file.tell() - left)


async def search(served: Served, query: str) -> Any:
    asked = {"query": query, "algorithm": "bm25", "limit": 100}
    async with aiohttp.ClientSession() as http, http.post(f"{served.url}/api/v1/search", json=asked) as answer:
        return await answer.json()


async def titles(served: Served, query: str) -> list[str]:
    return [hit["title"] for hit in (await search(served, query)).get("results", ())]


def kill_engine(folder: Path) -> None:
    """The engine of a data folder, which is the one process that was given it."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes()
            if b"nextcloud_mcp_server.index.engine" in command and bytes(folder) in command:
                os.kill(int(process.name), signal.SIGKILL)
                return
    raise LookupError(folder)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(100):
        while not await true():
            await asyncio.sleep(0.1)


async def wakes(database: Path) -> None:
    """What comes by itself within a minute, at once."""
    opened = open_database(str(database))
    await opened.open()
    try:
        await opened.run("update index_job set run_at = 0")
        await opened.run("update index_schedule set next_at = 0")
        await Events(opened).publish(TOPIC_WAKE, "alice")
    finally:
        await opened.close()


@pytest.mark.timeout(500)
async def test_a_full_disk_delays_the_index_and_damages_nothing(box: Running, small_disk: Path, tmp_path: Path) -> None:
    alice = box.sandbox.files("alice")
    env = search_on(box, tmp_path, MCP_DATA_DIR=str(small_disk), VECTOR_SYNC_SCAN_INTERVAL="1", LOG_LEVEL="info")
    async with server(env) as served:
        disk = Path(f"/proc/{served.process.pid}/root{small_disk}")

        async def found(query: str, *wanted: str) -> bool:
            return set(await titles(served, query)) == set(wanted)

        async def says_why() -> bool:
            return "The disk of the search index has less than" in str(await search(served, "crocuses"))

        await until(lambda: found("crocuses", "First"))
        wanted: set[str] = set()
        for turn, left in enumerate((2**24, 0)):
            fill(disk, left)
            mark = len(served.log)
            for number in range(10):
                alice.write(f"/Notes/{turn} {number}.md", b"Hyacinths! " + b"The rest is about something else, at length. " * 400)
                wanted.add(f"{turn} {number}")
            alice.delete("/Notes/Goes.md" if turn == 0 else f"/Notes/{turn - 1} 3.md")
            wanted.discard(f"{turn - 1} 3")

            async def suffers(since: int = mark) -> bool:
                return any("is full" in line or "MiB free" in line for line in served.log[since:])

            await until(suffers)
            await until(lambda: found("crocuses", "First"))
            if left == 0:
                kill_engine(small_disk)
                await until(says_why)
            (disk / "filler").unlink()
            async with asyncio.timeout(100):
                # What was under way when the disk was full is given back late, so it is woken as often as it takes.
                while not await found("hyacinths", *wanted):
                    await wakes(disk / "index.db")
                    await asyncio.sleep(2)
        await until(lambda: found("daffodils"))
        with closing(sqlite3.connect(disk / "index.db")) as database:
            assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
