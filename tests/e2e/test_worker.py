"""A worker and a serving process, each its own, on one PostgreSQL."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from nextcloud_sandbox.server import Running, running
from tests.e2e.conftest import COMMAND, server
from tests.e2e.searching import command, search_on
from tests.e2e.test_webhooks import ADMIN, SECRET, WITHIN, found
from tests.providers.postgres import postgres_address, postgres_server

__all__ = ["postgres_address", "postgres_server"]


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        yield one


async def test_what_a_worker_indexes_is_found_through_the_process_that_serves(box: Running, tmp_path: Path, postgres_address: str) -> None:
    alice = box.sandbox.files("alice")
    alice.write("/Notes/First.md", b"A first note of crocuses.", parents=True)
    env = search_on(box, tmp_path, WEBHOOK_SECRET=SECRET, DATABASE_URL=postgres_address)
    async with server({**env, "MCP_ROLE": "api"}) as served:
        worker = await asyncio.create_subprocess_exec(
            COMMAND, "worker", "-c", "2", "--tier", "fast", env=env, stderr=asyncio.subprocess.PIPE
        )
        try:
            await asyncio.wait_for(found(served, "crocuses", "First"), 60)
            assert (await command(env, "webhooks", "register", "--url", served.url, *ADMIN)).code == 0
            alice.write("/Notes/Second.md", b"A second one of hyacinths.")
            await asyncio.wait_for(found(served, "hyacinths", "Second"), WITHIN)
        finally:
            worker.send_signal(signal.SIGTERM)
            _, said = await asyncio.wait_for(worker.communicate(), 30)
    assert worker.returncode == 0
    assert b"every worker takes every kind of document" in said
    assert b"Traceback" not in said
