"""The embedded store keeps the contract, and what it was given survives its process."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nextcloud_mcp_server.index.store.edge import EdgeStore
from nextcloud_mcp_server.index.store.port import Counts, Facts, Where
from tests.unit.index.store.contract import ALICE, NOTE, C, StoreContract, entry, keys, words


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EdgeStore]:
    store = EdgeStore(tmp_path / "vectors")
    yield store
    await store.close()


class TestEdge(StoreContract):
    async def test_a_store_opened_again_has_everything(self, store: EdgeStore, tmp_path: Path) -> None:
        await store.replace(C, NOTE, Facts(ALICE), [entry(at, "apple", 1, at) for at in range(3)])
        await store.close()
        again = EdgeStore(tmp_path / "vectors")
        assert await again.count(C) == Counts(1, 3)
        assert len(keys((await words(again, "apple", Where(ALICE))).sparse)) == 3
        await again.close()

    async def test_a_collection_that_was_being_made_when_the_process_died_is_made_anew(self, store: EdgeStore, tmp_path: Path) -> None:
        (tmp_path / "vectors" / C / "ready").unlink()
        await store.close()
        again = EdgeStore(tmp_path / "vectors")
        await again.open(C, 2)
        await again.replace(C, NOTE, Facts(ALICE), [entry(0, "apple", 1, 0)])
        assert await again.count(C) == Counts(1, 1)
        await again.close()

    async def test_the_folder_is_the_owners_alone(self, store: EdgeStore, tmp_path: Path) -> None:
        assert (tmp_path / "vectors").stat().st_mode & 0o777 == 0o700


WRITER = """
import asyncio, sys
from pathlib import Path
from nextcloud_mcp_server.index.store.edge import EdgeStore
from nextcloud_mcp_server.index.store.port import Entry, Facts, Key
from nextcloud_mcp_server.index.sparse import of_document

async def main():
    store = EdgeStore(Path(sys.argv[1]))
    await store.open("test_1", 2)
    for number in range(100000):
        entries = [Entry(at, "apple", of_document("apple", "english"), [1.0, at]) for at in range(3)]
        await store.replace("test_1", Key("alice", "note", str(number)), Facts(frozenset({"alice"})), entries)
        print(number, flush=True)

asyncio.run(main())
"""


def write_until_killed(folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        for line in writer.stdout:
            if int(line) >= 200:
                writer.kill()
                break


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    for _ in range(3):
        write_until_killed(tmp_path)
    store = EdgeStore(tmp_path)
    counts = await store.count(C)
    assert counts.documents >= 201
    assert counts.passages >= 3 * 201
    await store.close()
