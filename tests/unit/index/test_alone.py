"""One process works on an embedded database; when it is killed, the next one knows at once."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nextcloud_mcp_server.index.alone import Alone
from nextcloud_mcp_server.index.queue.embedded import EmbeddedQueue
from nextcloud_mcp_server.index.queue.port import Task
from nextcloud_mcp_server.index.scanner import LEASES
from nextcloud_mcp_server.storage import Leases
from tests.unit.index.world import World

HOLD = """
import sys
from pathlib import Path
from nextcloud_mcp_server.index.alone import Alone
alone = Alone(Path(sys.argv[1]))
print(alone.take(), flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that tried to take the lock, and says whether it could."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_lock_of_a_killed_process_is_free_at_once_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    alone = Alone(tmp_path / "lock")
    with holder(tmp_path / "lock") as other:
        assert other.stdout
        assert other.stdout.readline() == "True\n"
        assert not alone.take()
        other.kill()
        other.wait()
        assert alone.take()
    with holder(tmp_path / "lock") as late:
        assert late.stdout
        assert late.stdout.readline() == "False\n"
    alone.give_back()
    assert not alone.held


def test_where_no_lock_can_be_kept_nobody_is_alone(tmp_path: Path) -> None:
    assert not Alone(tmp_path / "missing" / "lock").take()


async def test_whoever_is_alone_inherits_jobs_and_users(world: World) -> None:
    """As a killed process leaves them."""
    dead = EmbeddedQueue(world.database)
    await dead.put([Task("alice", "note", "1", "fetch", "v1"), Task("alice", "note", "2", "fetch", "v1")])
    (job,) = await dead.claim(1)
    await dead.put([Task("alice", "note", "1", "fetch", "v2")])
    await Leases(world.database).take(f"{LEASES}alice", 600)
    assert await world.scanner("alice")._turn() is not None
    assert world.cloud.calls == []
    (mine,) = await world.queue.claim(1)
    await world.queue.inherit()
    assert await world.queue.claim(5)
    assert (await world.queue.counts())["alice", "note"].running == 2
    await world.queue.done(mine)
    await dead.done(job)
    assert (await world.queue.counts())["alice", "note"].running == 1
    heirs = world.scanner("alice")
    await heirs._leases.clear(LEASES)
    world.cloud.put("note", "1", "text")
    await heirs._turn()
    assert world.cloud.calls == ["list note alice"]


async def test_a_wake_reaches_whoever_scans_next_though_the_owner_is_dead(world: World) -> None:
    world.cloud.put("note", "1", "text")
    first = world.scanner("alice")
    await first._turn()
    await first._release()
    world.cloud.calls.clear()
    await world.state.due("alice")
    await world.scanner("alice")._turn()
    assert world.cloud.calls == ["list note alice"]
