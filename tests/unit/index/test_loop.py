"""While a document is indexed the event loop goes on turning: whatever takes long runs beside it."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nextcloud_mcp_server.core.errors import Unreachable
from nextcloud_mcp_server.index import passages, sparse
from nextcloud_mcp_server.index.store.edge import EdgeStore
from tests.unit.index.world import WordsEmbedder, World

LONG = (
    (passages, "estimate"),
    (passages, "chunk"),
    (passages, "seal"),
    (sparse, "of_document"),
    (EdgeStore, "_apply"),
    (EdgeStore, "_search"),
)
"""Counting tokens, cutting, sealing bodies, encoding words, writing to the store and searching it."""


class Probe:
    """Before each call it has the loop turn once. `called` are the functions that ran, `held_up` those that ran on the loop itself."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        self.called, self.held_up = set[str](), set[str]()
        for owner, name in LONG:
            patch.setattr(owner, name, self._probed(name, getattr(owner, name)))

    def _probed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **more: Any) -> Any:
            self.called.add(name)
            if threading.get_ident() == self._thread:
                self.held_up.add(name)
            else:
                turned = threading.Event()
                self._loop.call_soon_threadsafe(turned.set)
                assert turned.wait(60)
            return function(*given, **more)

        return run


async def test_the_loop_turns_during_every_step_of_indexing_and_searching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    probe, embedder = Probe(monkeypatch), WordsEmbedder()
    embedder.error = Unreachable("The provider is away.")
    world = await World.make(tmp_path, embedder)
    world.cloud.put("note", "walnuts", "Of walnuts and their makers. " * 200)
    await world.sync("alice")
    assert await world.found("alice", "walnuts") == ["walnuts"]
    await world.close()
    assert probe.called == {name for _, name in LONG}
    assert probe.held_up == set()
