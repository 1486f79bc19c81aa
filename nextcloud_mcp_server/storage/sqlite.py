"""SQLite by aiosqlite: one connection that writes, one that reads, each with a thread of its own.

The file holds everybody's secrets: it is made with mode 0600, and so are its `-wal` and `-shm` companions.
"""

import asyncio
import errno
import os
import sqlite3
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import aiosqlite
import anyio

from nextcloud_mcp_server.storage.database import Dialect, Queries, Row
from nextcloud_mcp_server.storage.errors import Conflict, Unavailable
from nextcloud_mcp_server.storage.migrate import VERSIONS, migrations, pending, statements

BUSY_SECONDS = 15.0
_PRIVATE = 0o600


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise Conflict("A row with this key is already there.") from error
    except sqlite3.OperationalError as error:
        raise Unavailable(f"The database answered: {error}.") from error


class _Statements:
    """The statements of one connection."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self.raw = connection

    async def all(self, sql: str, *values: Any) -> list[Row]:
        with _translated():
            return [dict(row) for row in await self.raw.execute_fetchall(sql, values)]

    async def one(self, sql: str, *values: Any) -> Row | None:
        rows = await self.all(sql, *values)
        return rows[0] if rows else None

    async def run(self, sql: str, *values: Any) -> int:
        with _translated():
            async with self.raw.execute(sql, values) as cursor:
                return cursor.rowcount

    async def many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        with _translated():
            async with self.raw.executemany(sql, rows):
                pass


class SQLite:
    """The `Database` in one file, for one machine; several processes may share it."""

    dialect: Dialect = "sqlite"
    now = "((julianday('now') - 2440587.5) * 86400.0)"
    for_update = ""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reading: _Statements | None = None
        self._writing: _Statements | None = None
        self._turn = asyncio.Lock()
        self._writer: asyncio.Task[Any] | None = None

    async def open(self) -> None:
        if self._writing:
            return
        await anyio.to_thread.run_sync(_make_private, self.path)
        writing = await self._connect()
        try:
            await _use_wal(writing)
            await _migrate(writing)
            reading = await self._connect()
            await reading.run("pragma query_only = on")
        except BaseException:
            with anyio.CancelScope(shield=True):
                await writing.raw.close()
            raise
        self._reading, self._writing = reading, writing
        await anyio.to_thread.run_sync(_make_private, self.path)

    async def close(self) -> None:
        for statements_of in (self._reading, self._writing):
            if statements_of:
                await statements_of.raw.close()
        self._reading = self._writing = None

    async def all(self, sql: str, *values: Any) -> list[Row]:
        if sql.lstrip()[:6].lower() == "select":
            return await self._opened(self._reading).all(sql, *values)
        async with self._write() as writing:
            return await writing.all(sql, *values)

    async def one(self, sql: str, *values: Any) -> Row | None:
        rows = await self.all(sql, *values)
        return rows[0] if rows else None

    async def run(self, sql: str, *values: Any) -> int:
        async with self._write() as writing:
            return await writing.run(sql, *values)

    async def many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        async with self.transaction() as transaction:
            await transaction.many(sql, rows)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Queries]:
        async with self._write() as writing:
            try:
                # Inside `try`: a cancelled `begin` still runs in the connection's thread and has to be undone.
                await writing.run("begin immediate")
                yield writing
                await writing.run("commit")
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await writing.raw.rollback()
                raise

    @asynccontextmanager
    async def _write(self) -> AsyncGenerator[_Statements]:
        task = asyncio.current_task()
        if self._writer is task:
            raise RuntimeError("A write inside a transaction has to use what the transaction yields.")
        async with self._turn:
            self._writer = task
            try:
                yield self._opened(self._writing)
            finally:
                self._writer = None

    def _opened(self, statements_of: _Statements | None) -> _Statements:
        if statements_of is None:
            raise Unavailable("The database is not open.")
        return statements_of

    async def _connect(self) -> _Statements:
        with _translated():
            connection = await aiosqlite.connect(self.path, isolation_level=None, timeout=BUSY_SECONDS)
        connection.row_factory = sqlite3.Row
        statements_of = _Statements(connection)
        await statements_of.run("pragma foreign_keys = on")
        await statements_of.run("pragma synchronous = full")
        return statements_of


def _make_private(path: Path) -> None:
    """Makes file and parents where they are missing, and takes every right of others away."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        # Only a file that is not there yet is opened: closing any descriptor of a database in use drops this process's locks on
        # it (POSIX), and then another process takes the log away under it (sqlite.org/howtocorrupt.html, 2.2).
        if not path.exists():
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE))
        if not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            if file.exists() and file.stat().st_mode & 0o777 != _PRIVATE:
                file.chmod(_PRIVATE)
    except OSError as error:
        raise Unavailable(
            f"The file {path} cannot be used: {error.strerror}.", hint="Check the folder's owner and TOKEN_STORAGE_DB."
        ) from error


async def _use_wal(connection: _Statements) -> None:
    """Two processes that switch at once: SQLite refuses one of them without waiting, so it tries again."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            await connection.all("pragma journal_mode = wal")
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            await anyio.sleep(0.05)
        else:
            return


async def _migrate(connection: _Statements) -> None:
    await connection.run("begin immediate")
    try:
        await connection.run(VERSIONS)
        applied = {row["version"] for row in await connection.all("select version from schema_version")}
        for step in pending(migrations("sqlite"), applied):
            for statement in statements(step.sql):
                await connection.run(statement)
            await connection.run("insert into schema_version (version, applied_at) values (?, ?)", step.version, time.time())
        await connection.run("commit")
    except BaseException:
        with anyio.CancelScope(shield=True):
            await connection.raw.rollback()
        raise
