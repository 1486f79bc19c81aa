"""One suite, both engines: what the port promises."""

import asyncio

import anyio
import pytest

from nextcloud_mcp_server.storage import Conflict, Database, StorageError, Unavailable, open_database

INSERT = "insert into lease (name, owner, until) values (?, ?, ?)"


async def test_a_question_mark_inside_a_text_stays(database: Database) -> None:
    row = await database.one("select '?' as mark, '100%' as percent, ? as given", "a?%")
    assert row == {"mark": "?", "percent": "100%", "given": "a?%"}


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    async def fails() -> None:
        async with database.transaction() as transaction:
            await transaction.run(INSERT, "a", "alice", 1.0)
            assert await transaction.one("select owner from lease where name = ?", "a") == {"owner": "alice"}
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        await fails()
    assert await database.all("select name from lease") == []


async def test_a_transaction_is_invisible_until_it_commits(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.run(INSERT, "a", "alice", 1.0)
        assert await database.all("select name from lease") == []
    assert await database.all("select name from lease") == [{"name": "a"}]


async def test_a_cancelled_transaction_leaves_nothing_and_frees_the_database(database: Database) -> None:
    inside = anyio.Event()

    async def never_ends() -> None:
        async with database.transaction() as transaction:
            await transaction.run(INSERT, "a", "alice", 1.0)
            inside.set()
            await anyio.sleep_forever()

    task = asyncio.ensure_future(never_ends())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await database.run(INSERT, "a", "bob", 1.0)
    assert await database.all("select owner from lease") == [{"owner": "bob"}]


async def test_a_taken_key_is_a_conflict(database: Database) -> None:
    await database.run(INSERT, "a", "alice", 1.0)
    with pytest.raises(Conflict):
        await database.run(INSERT, "a", "bob", 1.0)
    assert await database.one("select owner from lease") == {"owner": "alice"}


async def test_the_number_of_changed_rows_is_told(database: Database) -> None:
    await database.many(INSERT, [("a", "alice", 1.0), ("b", "bob", 2.0), ("c", "bob", 3.0)])
    assert await database.run("delete from lease where owner = ?", "bob") == 2
    assert await database.run("delete from lease where owner = ?", "bob") == 0


async def test_many_rows_come_all_or_none(database: Database) -> None:
    with pytest.raises(Conflict):
        await database.many(INSERT, [("a", "alice", 1.0), ("a", "bob", 2.0)])
    assert await database.all("select name from lease") == []


async def test_a_returning_insert_gives_its_row(database: Database) -> None:
    assert await database.one(f"{INSERT} returning owner, until", "a", "alice", 1.5) == {"owner": "alice", "until": 1.5}


async def test_a_hundred_writers_at_once_lose_nothing(database: Database) -> None:
    await database.run(INSERT, "counter", "x", 0.0)

    async def add_one() -> None:
        async with database.transaction() as transaction:
            row = await transaction.one(f"select until from lease where name = 'counter'{database.for_update}")
            assert row
            await transaction.run("update lease set until = ? where name = 'counter'", row["until"] + 1)

    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(add_one)
    assert await database.one("select until from lease") == {"until": 100.0}


async def test_the_clock_is_in_epoch_seconds(database: Database) -> None:
    row = await database.one(f"select {database.now} as now")
    assert row
    assert 1_700_000_000 < row["now"] < 5_000_000_000


async def test_a_write_inside_a_transaction_of_the_same_task_is_refused_instead_of_waiting_for_ever(tmp_path) -> None:
    database = open_database(str(tmp_path / "x.db"))
    await database.open()
    async with database.transaction():
        with pytest.raises(RuntimeError, match="what the transaction yields"):
            await database.run(INSERT, "a", "alice", 1.0)
    await database.close()


async def test_opening_twice_is_harmless_and_a_closed_database_says_so(database: Database) -> None:
    await database.open()
    await database.close()
    with pytest.raises(Unavailable):
        await database.all("select 1")


async def test_postgres_that_does_not_answer_is_unavailable_and_does_not_name_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextcloud_mcp_server.storage.postgres.WAIT_SECONDS", 0.2)
    database = open_database("postgresql://me:geheim@127.0.0.1:1/none")
    with pytest.raises(Unavailable) as told:
        await database.open()
    await database.close()
    assert "geheim" not in str(told.value)


@pytest.mark.parametrize("address", ["mysql://x/y", "redis://x"])
def test_another_engine_is_refused(address: str) -> None:
    with pytest.raises(StorageError, match="There is no database engine"):
        open_database(address)


@pytest.mark.parametrize("address", ["sqlite:///{}", "sqlite+aiosqlite:///{}", "{}"])
async def test_the_addresses_of_a_file(address: str, tmp_path) -> None:
    file = tmp_path / "a b" / "x.db"
    database = open_database(address.format(str(file).replace(" ", "%20") if ":" in address else file))
    await database.open()
    await database.close()
    assert file.exists()
