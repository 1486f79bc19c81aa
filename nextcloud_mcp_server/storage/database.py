"""The database port: what the rest may ask of it, whichever engine is behind.

SQL is written once, in what SQLite (3.35 or newer) and PostgreSQL share: `?` placeholders, `on conflict`, `returning`.
The few differences are attributes (`now`, `for_update`). Times are epoch seconds (float), truths 0 or 1, secrets bytes.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

Row = Mapping[str, Any]
Dialect = Literal["sqlite", "pg"]


class Queries(Protocol):
    """Statements, alone or inside a transaction. All raise Unavailable, and Conflict for a duplicate key."""

    async def all(self, sql: str, *values: Any) -> list[Row]:
        """Every row of the answer."""
        ...

    async def one(self, sql: str, *values: Any) -> Row | None:
        """The first row, or None."""
        ...

    async def run(self, sql: str, *values: Any) -> int:
        """The number of rows changed."""
        ...

    async def many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        """The same statement for each of `rows`, in one round."""
        ...


class Database(Queries, Protocol):
    """One database. A statement outside a transaction commits by itself.

    `now` is SQL for the database's clock in epoch seconds, so replicas with differing clocks agree; `for_update`
    ends a select that locks its rows until the transaction ends (SQLite locks at `begin` already).
    """

    dialect: Dialect
    now: str
    for_update: str

    async def open(self) -> None:
        """Connects and migrates. Raises Unavailable while the database does not answer; may be called again."""
        ...

    async def close(self) -> None: ...

    def transaction(self) -> AbstractAsyncContextManager[Queries]:
        """All statements of the block or none; on SQLite it holds the write lock, so keep it short.

        Inside the block use what it yields: a write through the database itself would wait for the block, and
        raises RuntimeError instead.
        """
        ...
