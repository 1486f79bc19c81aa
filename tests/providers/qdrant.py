"""A real Qdrant server: the one that `QDRANT_TEST_URL` names (with `QDRANT_TEST_API_KEY`), or own ones of the program `QDRANT_TEST_BINARY`.

Whoever tests on a named server makes collections under names of their own and deletes them.
"""

import asyncio
import os
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from nextcloud_mcp_server.index.store.qdrant import QdrantStore
from tests.conftest import NOTES
from tests.providers.shared import free_port

URL, API_KEY, BINARY = (os.environ.get(f"QDRANT_TEST_{name}") for name in ("URL", "API_KEY", "BINARY"))
NO_SERVER = "tests on a Qdrant server were left out: QDRANT_TEST_URL is not set"
NO_BINARY = "tests that kill a Qdrant server were left out: QDRANT_TEST_BINARY is not set"

NOTES.extend(why for value, why in ((URL, NO_SERVER), (BINARY, NO_BINARY)) if not value)


@dataclass(frozen=True)
class Place:
    """A server, and the beginning of the names of all collections that a test may make there."""

    url: str
    api_key: str | None
    prefix: str

    @property
    def settings(self) -> dict[str, str]:
        """The product's, in the environment."""
        return {"QDRANT_URL": self.url, "QDRANT_API_KEY": self.api_key or "", "QDRANT_COLLECTION": self.prefix}

    def store(self) -> QdrantStore:
        return QdrantStore(self.url, api_key=self.api_key)


@asynccontextmanager
async def at_server() -> AsyncGenerator[Place]:
    """A place on the named server, which is as it was afterwards."""
    if not URL:
        pytest.skip(NO_SERVER)
    place = Place(URL, API_KEY, f"test_{uuid.uuid4().hex[:12]}")
    yield place
    store = place.store()
    for name in await store.collections():
        if name.startswith(place.prefix):
            await store.discard(name)
    await store.close()


@pytest.fixture
async def qdrant_place() -> AsyncGenerator[Place]:
    async with at_server() as place:
        yield place


@dataclass
class Killable:
    """A server of one's own, which keeps what it has in `folder` over its deaths."""

    folder: Path
    api_key: str = field(default_factory=lambda: uuid.uuid4().hex)
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def place(self) -> Place:
        return Place(f"http://127.0.0.1:{self.port}", self.api_key, "test")

    async def start(self) -> None:
        """Returns when it answers."""
        service = {"HOST": "127.0.0.1", "HTTP_PORT": self.port, "GRPC_PORT": free_port(), "API_KEY": self.api_key}
        kept = {"STORAGE_PATH": self.folder / "storage", "SNAPSHOTS_PATH": self.folder / "snapshots"}
        own = {
            f"QDRANT__{part}__{name}": str(value) for part, of in (("SERVICE", service), ("STORAGE", kept)) for name, value in of.items()
        }
        self.process = await asyncio.create_subprocess_exec(
            BINARY or "", env=own | {"QDRANT__TELEMETRY_DISABLED": "true"}, cwd=self.folder,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(60), aiohttp.ClientSession() as http:
            while not await self._ready(http):
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def _ready(self, http: aiohttp.ClientSession) -> bool:
        try:
            async with http.get(f"{self.place.url}/readyz", headers={"api-key": self.api_key}) as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


@pytest.fixture
async def killable_qdrant(tmp_path: Path) -> AsyncGenerator[Killable]:
    if not BINARY:
        pytest.skip(NO_BINARY)
    folder = tmp_path / "qdrant"
    folder.mkdir()
    one = Killable(folder)
    await one.start()
    yield one
    await one.kill()
