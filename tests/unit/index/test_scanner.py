"""When users are scanned, by whom, and what survives trouble; time is a number that the tests set."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from nextcloud_mcp_server.core.errors import Maintenance, NextcloudError, NotFound, RateLimited, Unreachable
from nextcloud_mcp_server.index.pace import LONGEST_HOLD, Intervals, Pace, hold_of
from nextcloud_mcp_server.index.queue.port import Counts
from nextcloud_mcp_server.index.scanner import Load
from nextcloud_mcp_server.index.state import Schedule
from nextcloud_mcp_server.index.users import UserManager
from nextcloud_mcp_server.storage import Leases
from tests.unit.index.world import LONG_AGO, Clock, World


async def until(condition: Callable[[], object]) -> None:
    """Lets other tasks run until `condition()` holds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


async def test_a_change_within_the_listing_second_is_fetched_again_by_the_next_scan(world: World) -> None:
    just_now = datetime.now(UTC)
    world.cloud.put("note", "1", "first", modified=just_now)
    await world.sync("alice")
    assert (await world.state.stamps("alice", "note"))["1"].settled is False
    assert await world.state.source_state("alice", "note") is None
    shelf = world.cloud.shelves["note"]
    version = shelf.documents["1"].version
    world.cloud.change("note", "1", text="second zeppelin", modified=LONG_AGO)
    shelf.documents["1"] = type(shelf.documents["1"])(**{**_fields(shelf.documents["1"]), "version": version})
    await world.sync("alice")
    assert (await world.search("alice", "zeppelin")).hits[0].body.text == "second zeppelin"
    assert (await world.state.stamps("alice", "note"))["1"].settled


def _fields(document: object) -> dict[str, object]:
    return {name: getattr(document, name) for name in document.__slots__}  # type: ignore[attr-defined]


async def test_the_first_index_of_a_user_waits_behind_changes(world: World) -> None:
    for number in range(5):
        world.cloud.put("note", f"old{number}", "text")
    await world.scanner("alice").scan()
    await world.processors.drain()
    for number in range(5):
        world.cloud.put("file", f"old{number}", "text")
    world.cloud.change("note", "old3", text="fresh")
    await world.scanner("alice").scan()
    (job,) = await world.queue.claim(1)
    assert (job.task.doc_type, job.task.doc_id) == ("note", "old3")


async def test_the_sources_state_moves_on_only_when_the_plan_is_in_the_queue(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.cloud.put("note", "1", "text")

    async def full(_: object) -> int:
        raise Unreachable("disk full")

    monkeypatch.setattr(world.queue, "put", full)
    with pytest.raises(NextcloudError):
        await world.scanner("alice").scan()
    assert await world.state.source_state("alice", "note") is None


async def test_one_replica_scans_a_user_and_another_takes_over_when_it_is_gone(world: World) -> None:
    world.cloud.put("note", "1", "text")
    first = asyncio.create_task(world.scanner("alice").run())
    await until(lambda: "list note alice" in world.cloud.calls)
    world.cloud.calls.clear()
    second = world.scanner("alice")
    second._leases = Leases(world.database)
    second.wake()
    assert await second._turn() is not None
    assert world.cloud.calls == []
    first.cancel()
    await asyncio.wait({first})
    second.wake()
    await second._turn()
    assert world.cloud.calls == ["list note alice"]


async def test_a_woken_scanner_scans_at_once_and_otherwise_waits_for_its_time(world: World) -> None:
    world.cloud.put("note", "1", "text")
    scanner = world.scanner("alice")
    task = asyncio.create_task(scanner.run())
    await until(lambda: world.cloud.calls.count("list note alice") == 1)
    scanner.wake()
    await until(lambda: world.cloud.calls.count("list note alice") == 2)
    schedule = await world.state.schedule("alice")
    assert schedule
    assert schedule.interval == 300
    task.cancel()
    await asyncio.wait({task})
    assert await world.scanner("alice")._turn() is not None
    assert world.cloud.calls.count("list note alice") == 2


async def test_a_scanner_ends_when_its_user_is_not_provisioned(world: World) -> None:
    world.cloud.users.clear()
    await asyncio.wait_for(world.scanner("alice").run(), 5)


async def test_failed_scans_back_off_and_recover(world: World) -> None:
    world.cloud.put("note", "1", "text")
    world.cloud.error = Maintenance("updating")
    intervals: list[float] = []
    scanner = world.scanner("alice")
    for _ in range(4):
        scanner.wake()
        await scanner._turn()
        schedule = await world.state.schedule("alice")
        assert schedule
        intervals.append(schedule.interval)
    assert intervals == [300, 600, 1200, 2400]
    world.cloud.error = None
    scanner.wake()
    await scanner._turn()
    assert (await world.state.schedule("alice") or Schedule(0, 0)).interval == 300


async def test_nobody_is_scanned_before_nextcloud_said_and_others_go_on(world: World) -> None:
    clock = Clock()
    world.cloud.put("note", "1", "text", readers=["bob"])
    scanner = world.scanner("alice", clock=clock)
    world.cloud.error = RateLimited("too much", retry_after=900)
    await scanner._turn()
    world.cloud.error = None
    schedule = await world.state.schedule("alice")
    assert schedule
    assert (schedule.next_at, schedule.not_before) == (clock.now + 900, clock.now + 900)
    world.cloud.calls.clear()
    for seconds in (0, 400, 499):
        clock.now += seconds
        await world.state.due("alice")
        scanner.wake()
        assert await scanner._turn() == schedule.next_at - clock.now
    assert world.cloud.calls == []
    await world.scanner("bob", clock=clock)._turn()
    assert world.cloud.calls == ["list note bob"]
    clock.now += 1
    await scanner._turn()
    assert world.cloud.calls == ["list note bob", "list note alice"]
    assert (await world.state.schedule("alice") or Schedule(0, 0, 0, 0, 1)).not_before is None


async def test_one_app_that_asks_to_be_left_alone_delays_the_next_scan_of_all(world: World) -> None:
    clock = Clock()
    world.cloud.put("note", "1", "text")
    world.cloud.put("file", "1", "text")
    world.cloud.down["file"] = Maintenance("updating", retry_after=1200)
    await world.scanner("alice", clock=clock)._turn()
    schedule = await world.state.schedule("alice")
    assert schedule
    assert (schedule.next_at, schedule.failures) == (clock.now + 1200, 0)
    assert set(await world.state.stamps("alice", "note")) == set()
    assert {scan.doc_type: scan.error for scan in await world.state.scans("alice")} == {
        "note": None,
        "file": "updating Try again in 1200 seconds.",
    }


@pytest.mark.parametrize(("asked", "hold"), [(None, 0), (0, 0), (30, 30), (86_400, LONGEST_HOLD)])
def test_a_retry_after_is_heeded_for_an_hour_at_most(asked: float | None, hold: float) -> None:
    assert hold_of(Maintenance("updating", retry_after=asked)) == hold
    assert hold_of(NotFound("no such thing")) == 0


def test_intervals_grow_step_by_step_only_where_they_may_and_only_while_nothing_changes() -> None:
    fixed, adaptive = Intervals(300, 3600), Intervals(300, 3600, adapt=lambda: True)
    assert fixed.after(300, changed=False, failures=0) == 300
    steps = [300.0]
    while steps[-1] < 3600:
        steps.append(adaptive.after(steps[-1], changed=False, failures=0))
    assert steps == sorted(steps)
    assert adaptive.after(3600, changed=False, failures=0) == 3600
    assert adaptive.after(3600, changed=True, failures=0) == 300
    assert Intervals(7200, 3600).after(7200, changed=False, failures=3) == 7200


def test_a_thousand_users_stretch_their_intervals_evenly_to_stay_under_the_rate() -> None:
    pace = Pace(5)
    assert 1000 < pace.stretch(300, 5000) < 1200
    assert pace.stretch(300, 10) == 300


async def test_the_pace_lets_requests_through_at_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("nextcloud_mcp_server.index.pace.asyncio.sleep", sleep)
    pace = Pace(5, clock=lambda: 100.0)
    for _ in range(4):
        await pace.take()
    assert slept == pytest.approx([0.2, 0.4, 0.6])


async def test_scanners_follow_who_is_provisioned(world: World) -> None:
    world.cloud.put("note", "1", "text")
    manager = UserManager(world.cloud.provisioned, world.scanner)
    await manager.update()
    assert manager.users == {"alice", "bob"}
    world.cloud.users = {"bob", "carol"}
    await manager.update()
    assert manager.users == {"bob", "carol"}
    assert manager.wake("bob")
    assert not manager.wake("alice")
    world.cloud.error = Unreachable("the database is away")
    await manager.update()
    assert manager.users == {"bob", "carol"}
    world.cloud.error = None
    world.cloud.users = set()
    await manager.update()
    assert manager.users == frozenset()


async def test_a_manager_that_is_cancelled_leaves_no_scanner_and_no_lease(world: World) -> None:
    world.cloud.put("note", "1", "text")
    leases = Leases(world.database)
    manager = UserManager(world.cloud.provisioned, world.scanner)
    task = asyncio.create_task(manager.run())
    await until(lambda: {"list note alice", "list note bob"} <= set(world.cloud.calls))
    task.cancel()
    await asyncio.wait({task})
    assert manager.users == frozenset()
    assert await leases.take("scan/alice", 60)


async def test_somebody_provisioned_in_this_process_is_scanned_at_once(world: World) -> None:
    world.cloud.put("note", "1", "text", "carol")
    manager = UserManager(world.cloud.provisioned, world.scanner, poll=3600)
    task = asyncio.create_task(manager.run())
    await until(lambda: manager.users == {"alice", "bob"})
    world.cloud.users.add("carol")
    manager.look()
    await until(lambda: "list note carol" in world.cloud.calls)
    task.cancel()
    await asyncio.wait({task})


async def test_a_pool_that_is_stopped_finishes_what_it_does_and_gives_nothing_up(world: World) -> None:
    for number in range(10):
        world.cloud.put("note", str(number), f"zeppelin {number}")
    await world.scanner("alice").scan()
    world.embedder.gate.clear()
    pool = asyncio.create_task(world.processors.run())
    await until(lambda: len(world.processors.current) == 3)
    pool.cancel()
    await asyncio.sleep(0)
    world.embedder.gate.set()
    await asyncio.wait({pool})
    assert (await world.queue.counts())["alice", "note"] == Counts(waiting=7)
    assert len(await world.contents()) == 3


async def test_a_pool_indexes_what_arrives_while_it_runs(world: World) -> None:
    world.cloud.put("note", "1", "zeppelin")
    pool = asyncio.create_task(world.processors.run())
    await world.scanner("alice").scan()
    await until(lambda: world.embedder.calls and not world.processors.current)
    assert await world.found("alice", "zeppelin") == ["1"]
    pool.cancel()
    await asyncio.wait({pool})


def test_the_load_is_the_sum_over_users() -> None:
    assert Load({"alice": 5, "bob": 2}).total == 7
