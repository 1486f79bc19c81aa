"""One SQLite file and several processes: a visitor that comes and goes takes nothing from the one that stays."""

import subprocess
import sys
from pathlib import Path

from anyio.to_thread import run_sync

from nextcloud_mcp_server.storage import open_database

VISIT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("select count(*) from rate").fetchone()[0])
connection.close()
"""


def visit(path: Path) -> int:
    """Reads in another process and closes, as a command line or a backup does."""
    done = subprocess.run([sys.executable, "-c", VISIT, str(path)], capture_output=True, text=True, check=True)
    return int(done.stdout)


async def test_what_is_written_after_another_process_came_and_went_is_seen_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "tokens.db"
    database = open_database(str(path))
    await database.open()
    for number in range(1, 4):
        await database.run("insert into rate (key, slot, count) values (?, 1, 1)", f"k{number}")
        assert await run_sync(visit, path) == number
    again = open_database(str(path))
    await again.open()
    await database.run("insert into rate (key, slot, count) values ('k4', 1, 1)")
    assert await run_sync(visit, path) == 4
    await again.close()
    await database.run("insert into rate (key, slot, count) values ('k5', 1, 1)")
    assert await run_sync(visit, path) == 5
    await database.close()
    assert await run_sync(visit, path) == 5
