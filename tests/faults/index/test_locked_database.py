"""While another process holds the database, search goes on; when it lets go, nothing was lost and nothing hangs."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from nextcloud_mcp_server.storage import sqlite
from nextcloud_sandbox.server import Running, running
from tests.support.syncing import Syncing, fresh, locked, soon, syncing

__all__ = ["soon"]

pytestmark = pytest.mark.usefixtures("soon")
NUMBER = 12


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        for number in range(NUMBER):
            one.sandbox.files("alice").write(f"/Notes/{number}.md", f"Crocus {number}".encode(), parents=True)
        yield one


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement gives up soon, as it does after 15 s."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)


async def test_a_locked_database_delays_the_index_and_nothing_else(box: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with syncing(box.url, tmp_path / "own") as sync:
        await sync.equals(await fresh(box.url, tmp_path))
        for turn in range(2):
            caplog.clear()
            async with locked(tmp_path / "own" / "index.db"):
                box.sandbox.files("alice").write("/Notes/3.md", f"Hyacinth, {turn} of them".encode())
                box.sandbox.files("alice").write(f"/Notes/New {turn}.md", b"Narcissus")
                box.sandbox.files("alice").delete(f"/Notes/{turn + 5}.md")
                await sync.until(lambda: said(caplog, "database is locked"))
                assert "7" not in {hit.body.title for hit in (await sync.search("hyacinth")).hits if "Hyacinth" in hit.body.text}
                assert (await sync.search("crocus")).hits
            await sync.equals(await fresh(box.url, tmp_path))


async def test_documents_under_way_when_the_database_is_locked_are_not_left_lying(
    box: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What became of them cannot be noted: they are claimed by a process that lives, and no lease of it ever runs out."""
    async with syncing(box.url, tmp_path / "own") as sync:
        await sync.equals(await fresh(box.url, tmp_path))
        sync.embedder.gate.clear()
        for number in range(NUMBER):
            box.sandbox.files("alice").write(f"/Notes/{number}.md", f"Hyacinth {number}".encode())
        await sync.until(lambda: under_way(sync))
        async with locked(tmp_path / "own" / "index.db"):
            sync.embedder.gate.set()
            await sync.until(lambda: said(caplog, "cannot be noted", 3))
        await sync.equals(await fresh(box.url, tmp_path))


async def said(caplog: pytest.LogCaptureFixture, words: str, times: int = 1) -> bool:
    return caplog.text.count(words) >= times


async def under_way(sync: Syncing) -> bool:
    return len(sync.indexing.processors.current) == 3
