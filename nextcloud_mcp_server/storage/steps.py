"""Which steps of the schema a database has, looked at without connecting for use and without changing anything."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import cast

from nextcloud_mcp_server.storage.database import Database, Dialect
from nextcloud_mcp_server.storage.errors import Unavailable
from nextcloud_mcp_server.storage.sqlite import SQLite

_SELECT = "select version, applied_at from schema_version order by version"
_SECONDS = 10


def applied(database: Database) -> dict[int, float]:
    """The steps with the time at which each was applied (epoch seconds); none for a database that does not exist yet.

    Raises Unavailable.
    """
    if isinstance(database, SQLite):
        return _sqlite(database.path)
    from nextcloud_mcp_server.storage.postgres import Postgres

    return _postgres(cast("Postgres", database).address)


def latest(dialect: Dialect) -> int:
    """The step that this version of the server migrates to."""
    from nextcloud_mcp_server.storage.migrate import migrations

    return migrations(dialect)[-1].version


def _sqlite(path: Path) -> dict[int, float]:
    if not path.is_file():
        return {}
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_SECONDS)) as connection:
            if not connection.execute("select 1 from sqlite_master where name = 'schema_version'").fetchone():
                return {}
            return dict(connection.execute(_SELECT).fetchall())
    except sqlite3.Error as error:
        raise Unavailable(f"The database {path} cannot be read: {error}.", hint="Check the file and its owner.") from error


def _postgres(address: str) -> dict[int, float]:
    import psycopg

    try:
        with psycopg.connect(address, connect_timeout=_SECONDS) as connection:
            found = connection.execute("select to_regclass('schema_version')").fetchone()
            if not found or found[0] is None:
                return {}
            return dict(connection.execute(_SELECT).fetchall())
    except psycopg.Error as error:
        raise Unavailable(f"PostgreSQL does not answer ({type(error).__name__}).", hint="Check DATABASE_URL.") from None
