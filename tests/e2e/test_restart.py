"""A server killed in the middle of its work: the next one goes on at once, not when something of the dead one runs out."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from nextcloud_sandbox.server import Running, running
from tests.e2e.conftest import server
from tests.e2e.searching import command, search_on
from tests.e2e.test_webhooks import ADMIN, SECRET, WITHIN, found


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        yield one


async def test_a_killed_server_that_starts_again_follows_changes_at_once(box: Running, tmp_path: Path) -> None:
    alice = box.sandbox.files("alice")
    alice.write("/Notes/First.md", b"A first note of crocuses.", parents=True)
    env = search_on(box, tmp_path, WEBHOOK_SECRET=SECRET)
    async with server(env) as served:
        await asyncio.wait_for(found(served, "crocuses", "First"), 60)
        alice.write("/Notes/Missed.md", b"While it was down: hyacinths.")
        served.process.send_signal(signal.SIGKILL)
        await served.process.wait()
    async with server(env) as served:
        registered = await command(env, "webhooks", "register", "--url", served.url, *ADMIN)
        assert registered.code == 0, registered.err
        alice.write("/Notes/Second.md", b"Soon after: narcissi.")
        await asyncio.wait_for(found(served, "narcissi", "Second"), WITHIN)
        await asyncio.wait_for(found(served, "hyacinths", "Missed"), WITHIN)
