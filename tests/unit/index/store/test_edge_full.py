"""On a full disk the embedded store keeps open what is open: searching needs no room, opening anew does."""

from pathlib import Path

import pytest

from nextcloud_mcp_server.core.errors import Maintenance, NotFound
from nextcloud_mcp_server.index.store import edge
from nextcloud_mcp_server.index.store.edge import EdgeStore, full
from nextcloud_mcp_server.index.store.port import Counts, Facts
from tests.unit.index.store.contract import ALICE, NOTE, C, entry

MORE_THAN_THERE_IS = 2**62


def test_a_disk_is_full_before_its_last_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert full(tmp_path) is None
    monkeypatch.setattr(edge, "RESERVE", MORE_THAN_THERE_IS)
    assert isinstance(full(tmp_path), Maintenance)
    assert full(tmp_path / "nothing here yet") is None


async def test_what_is_open_stays_open_while_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = EdgeStore(tmp_path / "vectors")
    await store.open(C, 2)
    await store.replace(C, NOTE, Facts(ALICE), [entry(0, "apple", 1, 0)])
    ready, reserve = tmp_path / "vectors" / C / "ready", edge.RESERVE
    ready.unlink()
    monkeypatch.setattr(edge, "RESERVE", MORE_THAN_THERE_IS)
    await store.rest()
    assert await store.count(C) == Counts(1, 1)
    with pytest.raises(Maintenance, match="free"):
        await store.replace(C, NOTE, Facts(ALICE), [entry(0, "pear", 1, 0)])
    monkeypatch.setattr(edge, "RESERVE", reserve)
    await store.rest()
    with pytest.raises(NotFound):
        await store.count(C)
    ready.write_text("2")
    assert await store.count(C) == Counts(1, 1)
    await store.close()
