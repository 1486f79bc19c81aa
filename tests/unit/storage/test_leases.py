import anyio

from nextcloud_mcp_server.storage import Database, Leases, open_database


async def test_only_one_owner_at_a_time(database: Database) -> None:
    first, second = Leases(database), Leases(database)
    assert await first.take("scan:alice", 60)
    assert await second.take("scan:alice", 60) is None
    assert await second.take("scan:bob", 60)
    assert await database.all("select count(*) as n from lease") == [{"n": 2}]
    assert (await first.mine(), await second.mine()) == (["scan:alice"], ["scan:bob"])


async def test_the_owner_renews(database: Database) -> None:
    leases = Leases(database, "one")
    first = await leases.take("a", 60)
    second = await leases.take("a", 120)
    assert first
    assert second
    assert second.until > first.until


async def test_a_lease_that_ran_out_is_taken_over_and_its_old_owner_cannot_give_it_back(database: Database) -> None:
    gone, heir = Leases(database, "gone"), Leases(database, "heir")
    await gone.take("a", -1)
    assert await heir.take("a", 60)
    assert await gone.take("a", 60) is None
    assert await gone.release("a") is False
    assert await heir.mine() == ["a"]


async def test_a_released_lease_is_free(database: Database) -> None:
    first, second = Leases(database), Leases(database)
    async with first.held("a", 60) as lease:
        assert lease
        async with second.held("a", 60) as refused:
            assert refused is None
        assert await first.mine() == ["a"]
    assert await first.mine() == []


async def test_a_hundred_at_once_one_wins(database: Database, database_address: str) -> None:
    other = open_database(database_address)
    await other.open()
    won: list[str] = []

    async def race(leases: Leases) -> None:
        if await leases.take("a", 60):
            won.append(leases.owner)

    async with anyio.create_task_group() as group:
        for number in range(100):
            group.start_soon(race, Leases(database if number % 2 else other, str(number)))
    assert len(won) == 1
    await other.close()


async def test_a_holder_renews_all_of_its_own_at_once_and_nothing_else(database: Database) -> None:
    mine, others = Leases(database, "mine"), Leases(database, "others")
    for name in ("scan/alice", "scan/bob", "upkeep"):
        await mine.take(name, 1)
    await others.take("scan/carol", 1)
    assert await mine.keep("scan/", 600) == 2
    now = {row["name"]: row["rest"] for row in await database.all(f"select name, until - {database.now} as rest from lease")}
    assert {name for name, left in now.items() if left > 60} == {"scan/alice", "scan/bob"}


async def test_leases_of_the_dead_are_cleared_and_ones_own_stay(database: Database) -> None:
    dead, heir = Leases(database, "dead"), Leases(database, "heir")
    await dead.take("scan/alice", 600)
    await dead.take("upkeep", 600)
    await heir.take("scan/bob", 600)
    assert await heir.clear("scan/") == 1
    assert (await dead.mine(), await heir.mine()) == (["upkeep"], ["scan/bob"])
    assert await heir.take("scan/alice", 600)
