"""The schema as numbered steps, each a file `migrations/NNN.{sqlite,pg}.sql`, applied once and in order: 001-099 identity, 100-199 index.

A step is never changed after a release; both engines end with the same tables and columns.
"""

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from nextcloud_mcp_server.storage.database import Dialect
from nextcloud_mcp_server.storage.errors import DatabaseTooNew

VERSIONS = "create table if not exists schema_version (version integer primary key, applied_at double precision not null)"


@dataclass(frozen=True)
class Migration:
    """One step; `title` is the first line's comment."""

    version: int
    sql: str

    @property
    def title(self) -> str:
        return self.sql.partition("\n")[0].removeprefix("--").strip()


@cache
def migrations(dialect: Dialect) -> tuple[Migration, ...]:
    """All steps that this version of the server knows, in order."""
    folder = files("nextcloud_mcp_server.storage").joinpath("migrations")
    suffix = f".{dialect}.sql"
    found = [file for file in folder.iterdir() if file.name.endswith(suffix)]
    return tuple(
        sorted((Migration(int(file.name.removesuffix(suffix)), file.read_text("utf-8")) for file in found), key=lambda step: step.version)
    )


def pending(known: Collection[Migration], applied: Collection[int]) -> list[Migration]:
    """The steps still to apply. Raises DatabaseTooNew where the database knows a step that the server does not."""
    unknown = sorted(set(applied) - {step.version for step in known})
    if unknown:
        raise DatabaseTooNew(f"The database is at step {unknown[-1]}, which this version does not know.")
    return [step for step in known if step.version not in applied]


def statements(script: str) -> Iterator[str]:
    """The single statements of a script; a semicolon inside a trigger or a text does not end one."""
    statement = ""
    for piece in script.splitlines(keepends=True):
        statement += piece
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
