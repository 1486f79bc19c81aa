"""Who takes back access leaves nothing in the index, whoever else reads the same; nobody else is touched, nor anybody by mistake."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from nextcloud_mcp_server.core.ending import end
from nextcloud_mcp_server.core.errors import CredentialRefused, Maintenance, NextcloudError, Unreachable
from nextcloud_mcp_server.index.leaving import MISSING_FOR, REFUSED_FOR, Leavers
from nextcloud_mcp_server.index.queue.port import Counts, Task
from nextcloud_mcp_server.index.state import Schedule
from nextcloud_mcp_server.index.users import UserManager
from tests.unit.index.test_scanner import until
from tests.unit.index.world import Clock, World


@dataclass
class Office:
    """Who looks after leavers of a world, at a time that the tests set."""

    world: World
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        world = self.world
        self.leavers = Leavers(world.cloud, world.state, world.queue, world.indexer, clock=self.clock)

    async def look(self) -> None:
        """As with each poll."""
        with suppress(NextcloudError):
            await self.leavers.provisioned()
            await self.leavers.look()

    async def readers(self) -> dict[str, set[str]]:
        return {key[2]: set(readers) for key, (_, readers) in (await self.world.contents()).items()}


async def two_people(world: World) -> Office:
    """Each with something of their own, and one thing shared."""
    world.cloud.put("note", "hers", "zeppelin")
    world.cloud.put("note", "both", "garden", readers=["bob"])
    world.cloud.put("note", "his", "bread", "bob")
    for user in ("alice", "bob"):
        scanner = world.scanner(user)
        scanner.wake()
        await scanner._turn()
        await scanner._release()
    await world.processors.drain()
    return Office(world)


async def test_whoever_revokes_leaves_nothing_and_the_other_keeps_what_both_read(world: World) -> None:
    office = await two_people(world)
    await world.queue.put([Task("alice", "note", "new", "fetch", "v9")])
    (dead,) = await world.queue.claim(1)
    await world.queue.bury(dead, "unreadable")
    await world.queue.put([Task("alice", "note", "newer", "fetch", "v9")])
    world.cloud.users.discard("alice")
    office.leavers.told("alice")
    await office.look()
    assert await office.readers() == {"both": {"bob"}, "his": {"bob"}}
    assert await world.found("bob", "garden") == ["both", "his"]
    assert (await world.queue.counts("alice"), await world.queue.failures("alice")) == ({}, [])
    assert (await world.state.scans("alice"), await world.state.schedule("alice"), await world.state.known("alice")) == ([], None, {})
    assert await world.state.users() == {"bob"}


async def test_whoever_comes_back_is_indexed_anew(world: World) -> None:
    office = await two_people(world)
    world.cloud.users.discard("alice")
    office.leavers.told("alice")
    await office.look()
    world.cloud.users.add("alice")
    await world.sync("alice")
    assert await office.readers() == {"hers": {"alice"}, "both": {"alice", "bob"}, "his": {"bob"}}


async def test_whoever_is_missing_without_a_word_is_forgotten_only_after_a_while(world: World) -> None:
    office = await two_people(world)
    world.cloud.users.discard("alice")
    for wait, left in ((0, 3), (MISSING_FOR - 1, 3)):
        office.clock.now += wait
        await office.look()
        assert len(await office.readers()) == left
    world.cloud.users.add("alice")
    await office.look()
    world.cloud.users.discard("alice")
    office.clock.now += MISSING_FOR
    await office.look()
    assert len(await office.readers()) == 3
    office.clock.now += MISSING_FOR
    await office.look()
    assert set(await office.readers()) == {"both", "his"}


async def test_a_grant_that_is_lost_makes_whoever_is_missing_now_leave(world: World) -> None:
    office = await two_people(world)
    world.cloud.users.discard("alice")
    office.leavers.told(None)
    await office.look()
    assert set(await office.readers()) == {"both", "his"}


async def test_nobody_is_forgotten_while_it_cannot_be_known_who_is_there(world: World) -> None:
    office = await two_people(world)
    world.cloud.users.discard("alice")
    world.cloud.error = Unreachable("the database is away")
    office.leavers.told("alice")
    await office.look()
    assert len(await office.readers()) == 3
    world.cloud.error = None
    await office.look()
    assert set(await office.readers()) == {"both", "his"}


async def test_what_a_job_under_way_puts_in_after_its_person_left_goes_with_the_next_look(world: World) -> None:
    office = await two_people(world)
    world.cloud.change("note", "hers", text="zeppelin anew")
    await world.scanner("alice").scan()
    world.embedder.gate.clear()
    pool = asyncio.create_task(world.processors.drain())
    await until(lambda: world.processors.current)
    world.cloud.users.discard("alice")
    office.leavers.told("alice")
    looking = asyncio.create_task(office.look())
    await until(lambda: "alice" in office.leavers._missing)
    world.embedder.gate.set()
    await asyncio.gather(pool, looking)
    await office.look()
    assert set(await office.readers()) == {"both", "his"}
    assert await world.state.users() == {"bob"}


async def test_the_scanner_of_a_leaver_stops_and_others_go_on(world: World) -> None:
    world.cloud.put("note", "hers", "zeppelin")
    manager = UserManager(world.cloud.provisioned, world.scanner, poll=3600)
    task = asyncio.create_task(manager.run())
    await until(lambda: "list note alice" in world.cloud.calls)
    world.cloud.users.discard("alice")
    manager.look()
    await until(lambda: manager.users == {"bob"})
    task.cancel()
    await asyncio.wait({task})


async def test_one_poll_asks_once_who_is_provisioned_for_scanners_and_leavers_alike(world: World) -> None:
    office = await two_people(world)
    manager = UserManager(office.leavers.provisioned, world.scanner, poll=3600)
    world.cloud.calls.clear()
    tasks = [asyncio.create_task(manager.run()), asyncio.create_task(office.leavers.run())]
    await until(lambda: manager.users == {"alice", "bob"})
    world.cloud.users.discard("alice")
    office.leavers.told("alice")
    manager.look()
    async with asyncio.timeout(10):
        while await world.state.users() != {"bob"}:
            await asyncio.sleep(0.001)
    assert world.cloud.calls.count("provisioned") == 2
    await end(*tasks)


async def test_an_answer_to_a_question_from_before_somebody_left_does_not_use_up_the_word_of_it(world: World) -> None:
    office = await two_people(world)
    world.cloud.gate.clear()
    asking = asyncio.create_task(office.leavers.provisioned())
    await until(lambda: "provisioned" in world.cloud.calls)
    office.leavers.told("alice")
    world.cloud.gate.set()
    assert await asking == {"alice", "bob"}
    await office.leavers.look()
    world.cloud.users.discard("alice")
    await office.look()
    assert set(await office.readers()) == {"both", "his"}


async def test_a_credential_refused_for_a_week_empties_the_index_and_an_outage_of_a_day_does_not(world: World) -> None:
    office = await two_people(world)

    async def scan() -> Schedule | None:
        scanner = world.scanner("alice", clock=office.clock)
        scanner.wake()
        await scanner._turn()
        await scanner._release()
        return await world.state.schedule("alice")

    world.cloud.error = CredentialRefused("wrong password")
    first = office.clock.now
    for seconds in (0, 86_400, REFUSED_FOR - 86_401):
        office.clock.now += seconds
        schedule = await scan()
        assert schedule
        assert schedule.refused_at == first
    world.cloud.error = Maintenance("updating")
    assert (await scan() or Schedule(0, 0)).refused_at == first
    world.cloud.error = None
    await office.look()
    assert len(await office.readers()) == 3
    office.clock.now += 2
    await office.look()
    assert set(await office.readers()) == {"both", "his"}
    assert (await scan() or Schedule(0, 0, 0, 1)).refused_at is None
    await world.processors.drain()
    await office.look()
    assert len(await office.readers()) == 3
    assert await world.queue.counts() == {}


async def test_jobs_of_the_other_are_left_alone(world: World) -> None:
    office = await two_people(world)
    world.cloud.change("note", "his", text="more bread")
    await world.scanner("bob").scan()
    world.cloud.users.discard("alice")
    office.leavers.told("alice")
    await office.look()
    assert await world.queue.counts() == {("bob", "note"): Counts(waiting=1)}
