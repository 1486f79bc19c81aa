"""PostgreSQL by psycopg 3 and its pool; imported only where a `postgresql://` address is set."""

import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, LiteralString, cast

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from nextcloud_mcp_server.storage.database import Dialect, Queries, Row
from nextcloud_mcp_server.storage.errors import Conflict, Unavailable
from nextcloud_mcp_server.storage.migrate import VERSIONS, migrations, pending
from nextcloud_mcp_server.storage.placeholders import for_psycopg

Connection = psycopg.AsyncConnection[DictRow]

WAIT_SECONDS = 10.0
_MIGRATION_LOCK = 0x6E63_6D63_7001


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        raise Conflict("A row with this key is already there.") from error
    except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed) as error:
        # psycopg's own text may name the address; the kind is enough here, its log has the rest.
        raise Unavailable(f"PostgreSQL does not answer ({type(error).__name__}).") from error


async def _check(connection: Connection) -> None:
    await connection.execute("")


def _query(sql: str) -> LiteralString:
    return cast("LiteralString", for_psycopg(sql))


class _Statements:
    """The statements of one connection."""

    def __init__(self, connection: Connection) -> None:
        self.raw = connection

    async def all(self, sql: str, *values: Any) -> list[Row]:
        with _translated():
            return [*await (await self.raw.execute(_query(sql), values)).fetchall()]

    async def one(self, sql: str, *values: Any) -> Row | None:
        with _translated():
            return await (await self.raw.execute(_query(sql), values)).fetchone()

    async def run(self, sql: str, *values: Any) -> int:
        with _translated():
            return (await self.raw.execute(_query(sql), values)).rowcount

    async def many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        with _translated():
            async with self.raw.cursor() as cursor:
                await cursor.executemany(_query(sql), rows)


class Postgres:
    """The `Database` that several replicas share."""

    dialect: Dialect = "pg"
    now = "extract(epoch from clock_timestamp())::double precision"
    for_update = " for update"

    def __init__(self, address: str, pool_size: int) -> None:
        self.address = address
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            address,
            connection_class=psycopg.AsyncConnection[DictRow],
            kwargs={"autocommit": True, "row_factory": dict_row, "connect_timeout": int(WAIT_SECONDS)},
            min_size=1,
            max_size=pool_size,
            timeout=WAIT_SECONDS,
            check=_check,
            open=False,
        )
        self._migrated = False

    async def open(self) -> None:
        if self._migrated:
            return
        with _translated():
            if self._pool.closed:
                await self._pool.open()
        async with self.transaction() as transaction:
            await _migrate(transaction)
        self._migrated = True

    async def close(self) -> None:
        await self._pool.close()

    async def all(self, sql: str, *values: Any) -> list[Row]:
        async with self._connection() as connection:
            return await connection.all(sql, *values)

    async def one(self, sql: str, *values: Any) -> Row | None:
        async with self._connection() as connection:
            return await connection.one(sql, *values)

    async def run(self, sql: str, *values: Any) -> int:
        async with self._connection() as connection:
            return await connection.run(sql, *values)

    async def many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        async with self.transaction() as transaction:
            await transaction.many(sql, rows)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Queries]:
        async with self._connection() as connection:
            with _translated():
                async with connection.raw.transaction():
                    yield connection

    async def listen(self, channel: str, wake: Callable[[], None]) -> None:
        """Calls `wake` for every notice on `channel` until cancelled, with a connection of its own."""
        with _translated():
            async with await psycopg.AsyncConnection.connect(self.address, autocommit=True) as connection:
                await connection.execute(cast("LiteralString", f"listen {channel}"))
                wake()
                async for _ in connection.notifies():
                    wake()

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[_Statements]:
        with _translated():
            async with self._pool.connection() as connection:
                yield _Statements(connection)


async def _migrate(transaction: Queries) -> None:
    await transaction.run("select pg_advisory_xact_lock(?)", _MIGRATION_LOCK)
    await transaction.run(VERSIONS)
    applied = {row["version"] for row in await transaction.all("select version from schema_version")}
    for step in pending(migrations("pg"), applied):
        await transaction.run(step.sql)
        await transaction.run("insert into schema_version (version, applied_at) values (?, ?)", step.version, time.time())
