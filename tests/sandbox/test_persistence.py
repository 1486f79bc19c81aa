"""The state folder, and the command line."""

import asyncio
import pickle
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nextcloud_sandbox import demo
from nextcloud_sandbox.server import running
from tests.sandbox.person import Person, files

Process = asyncio.subprocess.Process


@asynccontextmanager
async def command(*arguments: str) -> AsyncGenerator[tuple[Process, str]]:
    """`python -m nextcloud_sandbox` and the address on its ready line."""
    line = [sys.executable, "-m", "nextcloud_sandbox", "--port", "0", *arguments]
    process = await asyncio.create_subprocess_exec(*line, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    ready = re.fullmatch(r"ready (http://127\.0\.0\.1:\d+\S*)\n", (await process.stdout.readline()).decode())
    try:
        assert ready
        yield process, ready[1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def saved(folder: Path, note: int) -> None:
    """Wait until the state file holds this note, the last thing that was written."""
    while note not in getattr(pickle.loads((folder / "sandbox.pickle").read_bytes()).state.get("tree"), "nodes", ()):
        await asyncio.sleep(0.01)


async def test_what_was_written_survives_a_kill(tmp_path: Path) -> None:
    async with command("--data", str(tmp_path), "--empty") as (process, url), Person(url) as alice:
        etag = (await alice.ask("PUT", files("x.txt"), b"kept")).headers["etag"]
        token = (await alice.ask("GET", "/ocs/v2.php/core/getapppassword?format=json")).ocs["apppassword"]
        note = (await alice.as_("bob").ask("POST", "/apps/notes/api/v1/notes", data={"title": "t", "content": "c"})).json()
        await asyncio.wait_for(saved(tmp_path, note["id"]), 10)
        process.kill()
        await process.wait()
    async with command("--data", str(tmp_path)) as (_, url), Person(url) as alice:
        again = await alice.as_("alice", token).ask("GET", files("x.txt"))
        assert (again.body, again.headers["etag"]) == (b"kept", etag)
        assert (await alice.as_("bob").ask("GET", f"/apps/notes/api/v1/notes/{note['id']}")).json() == note
        made = (await alice.ask("PUT", files("y.txt"), b"y")).headers["oc-fileid"]
        assert int(made[:8]) > note["id"]


async def test_a_state_folder_is_seeded_once(tmp_path: Path) -> None:
    async with running(data=tmp_path) as box, Person(box.url) as alice:
        count = len((await alice.ask("GET", "/apps/notes/api/v1/notes")).json())
        (first, *_) = (await alice.ask("GET", "/apps/notes/api/v1/notes")).json()
        assert (await alice.ask("DELETE", f"/apps/notes/api/v1/notes/{first['id']}")).status == 200
    async with running(data=tmp_path) as box, Person(box.url) as alice:
        assert len((await alice.ask("GET", "/apps/notes/api/v1/notes")).json()) == count - 1


async def test_a_half_written_state_is_never_read(tmp_path: Path) -> None:
    async with running(data=tmp_path, seed=False) as box, Person(box.url) as alice:
        await alice.ask("PUT", files("x.txt"), b"x")
    (tmp_path / "sandbox.new").write_bytes(b"half")
    async with running(data=tmp_path) as box, Person(box.url) as alice:
        assert (await alice.ask("GET", files("x.txt"))).body == b"x"


async def test_something_else_in_the_state_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sandbox.pickle").write_bytes(b"\x80\x05N.")
    with pytest.raises(ValueError, match="not a sandbox's state"):
        async with running(data=tmp_path):
            pass


async def test_the_command_ends_on_a_signal() -> None:
    async with command("--empty", "--prefix", "/cloud") as (process, url):
        assert url.endswith("/cloud")
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 15) == 0


async def test_the_demo_runs_in_a_process_of_its_own_until_it_is_stopped() -> None:
    sandbox = await asyncio.to_thread(demo.start)
    try:
        async with Person(sandbox.url, sandbox.user, sandbox.password) as alice:
            assert (await alice.ask("GET", "/ocs/v2.php/cloud/user?format=json")).ocs["id"] == "alice"
            assert (await alice.ask("GET", "/ocs/v2.php/core/getapppassword")).status == 403
            assert len((await alice.ask("GET", "/apps/notes/api/v1/notes")).json()) > 50
    finally:
        await asyncio.to_thread(sandbox.stop)
    assert sandbox.process.returncode is not None
