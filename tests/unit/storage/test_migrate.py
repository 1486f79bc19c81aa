import asyncio
import multiprocessing
from pathlib import Path

import pytest

from nextcloud_mcp_server.storage import Database, DatabaseTooNew, open_database
from nextcloud_mcp_server.storage.migrate import migrations, statements

COLUMNS = {
    "sqlite": 'select m.name as tab, p.name as col, p."notnull" as needed from sqlite_master m join pragma_table_info(m.name) p '
    "where m.type = 'table' and m.name not like 'sqlite_%'",
    "pg": "select table_name as tab, column_name as col, case when is_nullable = 'NO' then 1 else 0 end as needed "
    "from information_schema.columns where table_schema = 'public'",
}
INDEXES = {
    "sqlite": "select name from sqlite_master where type = 'index' and name not like 'sqlite_%'",
    "pg": "select indexname as name from pg_indexes where schemaname = 'public' "
    "and indexname not like '%_pkey' and indexname not like '%_key'",
}


async def _columns(database: Database) -> set[tuple[str, str]]:
    return {(row["tab"], row["col"]) for row in await database.all(COLUMNS[database.dialect])}


async def test_both_engines_end_with_the_same_tables(tmp_path: Path, postgres_address: str) -> None:
    found, indexes = [], []
    for address in (str(tmp_path / "x.db"), postgres_address):
        database = open_database(address)
        await database.open()
        found.append(await _columns(database))
        indexes.append({row["name"] for row in await database.all(INDEXES[database.dialect])})
        await database.close()
    assert found[0] == found[1]
    assert indexes[0] == indexes[1]
    assert ("secret", "value") in found[0]


def test_both_engines_know_the_same_steps() -> None:
    assert [(step.version, step.title) for step in migrations("sqlite")] == [(step.version, step.title) for step in migrations("pg")]
    assert all(step.title for step in migrations("pg"))


def test_a_semicolon_in_a_text_or_a_trigger_does_not_end_a_statement() -> None:
    script = "insert into a values ('x;\ny');\ncreate trigger t after insert on a begin\n delete from a;\n delete from b;\nend;\n"
    assert [found.split()[0] for found in statements(script)] == ["insert", "create"]


async def test_a_database_of_a_newer_version_is_refused(database: Database, database_address: str) -> None:
    await database.run("insert into schema_version (version, applied_at) values (9999, 0)")
    again = open_database(database_address)
    with pytest.raises(DatabaseTooNew, match="9999"):
        await again.open()
    await again.close()


def _open_and_count(address: str, start: "multiprocessing.synchronize.Barrier", answers: "multiprocessing.SimpleQueue[int]") -> None:
    async def opened() -> int:
        database = open_database(address)
        await database.open()
        rows = await database.all("select version from schema_version")
        await database.close()
        return len(rows)

    start.wait()
    answers.put(asyncio.run(opened()))


async def test_processes_that_migrate_at_once_apply_each_step_once(database_address: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    start, answers = spawn.Barrier(4), spawn.SimpleQueue()
    processes = [spawn.Process(target=_open_and_count, args=(database_address, start, answers)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    assert {answers.get() for _ in processes} == {len(migrations("sqlite"))}


def rights(folder: Path) -> dict[str, str]:
    return {found.name: oct(found.stat().st_mode & 0o777) for found in folder.iterdir()}


def open_to_all(folder: Path) -> None:
    for found in folder.iterdir():
        found.chmod(0o666)


async def test_the_file_and_its_companions_are_private(tmp_path: Path) -> None:
    file = tmp_path / "new" / "deep" / "tokens.db"
    database = open_database(str(file))
    await database.open()
    await database.run("insert into lease (name, owner, until) values ('a', 'b', 0)")
    assert rights(file.parent) == {"tokens.db": "0o600", "tokens.db-wal": "0o600", "tokens.db-shm": "0o600"}
    assert file.parent.stat().st_mode & 0o077 == 0
    await database.close()


async def test_rights_that_others_had_are_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "tokens.db"
    database = open_database(str(file))
    await database.open()
    open_to_all(tmp_path)
    again = open_database(str(file))
    await again.open()
    assert set(rights(tmp_path).values()) == {"0o600"}
    await again.close()
    await database.close()
