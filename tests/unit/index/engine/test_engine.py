"""The engine is one process for all clients of a machine; it is started by need and ends by itself."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from nextcloud_mcp_server.core.errors import InvalidValue, NotFound
from nextcloud_mcp_server.index.embed import local
from nextcloud_mcp_server.index.engine.client import Engine, Idle, LocalEmbedder, LocalStore, _socket_path
from nextcloud_mcp_server.index.engine.turns import Turns
from nextcloud_mcp_server.index.store.port import Counts, Facts
from tests.unit.index.store.contract import ALICE, NOTE, C, StoreContract, entry
from tests.unit.index.tiny_model import make_model

QUICK = Idle(rest=0, idle=600, linger=0, look=0.02)


def process_of(folder: Path) -> int:
    """The process that holds the lock on the store (proc(5), locks)."""
    inode = (folder / "vectors" / "owner").stat().st_ino
    for line in Path("/proc/locks").read_text().splitlines():
        fields = line.split()
        if fields[5].endswith(f":{inode}"):
            return int(fields[4])
    raise LookupError("no engine runs")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "model")


@pytest.fixture
async def engine(tmp_path: Path, model: Path) -> AsyncIterator[Engine]:
    engine = Engine(tmp_path, tmp_path / "cache", model, QUICK)
    yield engine
    await engine.close()


@pytest.fixture
def store(engine: Engine) -> LocalStore:
    return LocalStore(engine)


class TestStoreInTheEngine(StoreContract):
    pass


async def test_the_model_answers_as_it_does_in_process(engine: Engine, model: Path) -> None:
    embedder, near = LocalEmbedder(engine), local.LocalModel(model)
    described = await embedder.describe()
    assert (described.name, described.dimension, described.limit) == ("tiny", 32, 10)
    texts = ["the cat", "mat", "the cats sat on the mat ."] * 10
    for remote, vector in zip(await embedder.embed(texts), near.embed(texts), strict=True):
        assert remote == pytest.approx(vector, abs=1e-5)
    assert list(await embedder.tokens("The cats sat")) == near.tokens("The cats sat")


async def test_a_long_text_is_tokenised_piece_by_piece(engine: Engine, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "the cats sat on the mat . " * 4
    tokens = local.LocalModel(model).tokens(text)
    monkeypatch.setattr(local, "PIECE", 20)
    assert list(await LocalEmbedder(engine).tokens(text)) == tokens


async def test_clients_share_one_process_and_see_each_others_work(engine: Engine, tmp_path: Path, model: Path) -> None:
    other = Engine(tmp_path, tmp_path / "cache", model, QUICK)
    first, second = LocalStore(engine), LocalStore(other)
    await asyncio.gather(first.open(C, 2), second.open(C, 2))
    await first.replace(C, NOTE, Facts(ALICE), [entry(0, "apple", 1, 0)])
    assert await second.count(C) == Counts(1, 1)
    await other.close()


async def test_a_killed_engine_is_started_again_with_everything_that_was_stored(engine: Engine, tmp_path: Path) -> None:
    store = LocalStore(engine)
    await store.open(C, 2)
    await store.replace(C, NOTE, Facts(ALICE), [entry(0, "apple", 1, 0)])
    killed = process_of(tmp_path)
    os.kill(killed, signal.SIGKILL)
    assert await store.count(C) == Counts(1, 1)
    assert process_of(tmp_path) != killed


async def test_the_engine_ends_when_nobody_is_connected(engine: Engine, tmp_path: Path) -> None:
    await LocalStore(engine).open(C, 2)
    process = process_of(tmp_path)
    watch = os.pidfd_open(process)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(watch, ended.set)
    await engine.close()
    await asyncio.wait_for(ended.wait(), 20)
    asyncio.get_running_loop().remove_reader(watch)
    os.close(watch)
    again = Engine(tmp_path, tmp_path / "cache", None, QUICK)
    assert await LocalStore(again).count(C) == Counts(0, 0)
    await again.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.02)


async def test_an_engine_at_rest_has_neither_model_nor_shard_in_memory_and_then_answers_as_before(engine: Engine, tmp_path: Path) -> None:
    store, embedder = LocalStore(engine), LocalEmbedder(engine)
    await store.open(C, 2)
    await store.replace(C, NOTE, Facts(ALICE), [entry(0, "apple", 1, 0)])
    before = await embedder.embed(["the cat"])
    process = process_of(tmp_path)
    await until(lambda: "/segments/" not in Path(f"/proc/{process}/maps").read_text())
    assert await store.count(C) == Counts(1, 1)
    assert await embedder.embed(["the cat"]) == before
    assert process_of(tmp_path) == process


async def test_what_is_there_already_is_opened_without_an_engine(engine: Engine, tmp_path: Path, model: Path) -> None:
    await LocalStore(engine).open(C, 2)
    await engine.close()
    await engine.ended()
    again = Engine(tmp_path, tmp_path / "cache", model, QUICK)
    store = LocalStore(again)
    await store.open(C, 2)
    await store.tidy()
    assert await store.collections() == {C}
    assert (await LocalEmbedder(again).describe()).name == "tiny"
    with pytest.raises(LookupError):
        process_of(tmp_path)
    assert await store.count(C) == Counts(0, 0)
    await again.close()


async def test_errors_arrive_as_their_kind(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere_1"):
        await LocalStore(engine).count("nowhere_1")
    wrong = Engine(tmp_path / "w", tmp_path / "cache", tmp_path / "empty", QUICK)
    (tmp_path / "w").mkdir()
    with pytest.raises(InvalidValue, match=r"no model\.json"):
        await LocalEmbedder(wrong).describe()
    await wrong.close()


async def test_the_socket_is_the_owners_alone(engine: Engine, tmp_path: Path) -> None:
    await LocalStore(engine).open(C, 2)
    assert _socket_path(tmp_path).stat().st_mode & 0o077 == 0
    assert (tmp_path / "vectors").stat().st_mode & 0o077 == 0


async def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    engine = Engine(folder, tmp_path / "cache", None, QUICK)
    store = LocalStore(engine)
    assert await store.collections() == frozenset()
    await store.open(C, 2)
    assert await store.collections() == {C}
    await engine.close()


async def test_the_urgent_go_before_those_who_wait_longer() -> None:
    turns, order = Turns(), []

    async def take(name: str, urgent: bool) -> None:
        async with turns.turn(urgent=urgent):
            order.append(name)
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(take(name, urgent)) for name, urgent in (("a", False), ("b", False), ("c", False), ("query", True))]
    await asyncio.gather(*tasks)
    assert order == ["a", "query", "b", "c"]


async def test_who_is_cancelled_while_waiting_blocks_nobody() -> None:
    turns = Turns()
    async with turns.turn(urgent=False):
        waiting = asyncio.create_task(turns.turn(urgent=True).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
    async with asyncio.timeout(5), turns.turn(urgent=False):
        pass
