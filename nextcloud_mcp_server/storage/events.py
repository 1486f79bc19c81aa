"""Small notices between replicas: a token was revoked, a person granted access.

A notice is a row; every process reads the rows after the last one that it saw, often on SQLite and when PostgreSQL
notifies it. Whoever subscribes drops something cached or wakes somebody; the database keeps the truth.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import anyio

from nextcloud_mcp_server.storage.database import Database, Queries
from nextcloud_mcp_server.storage.errors import Unavailable

Subscriber = Callable[[str | None], None]
"""Gets the key of a notice; None means that notices may have been lost and everything cached has to go."""

KEEP_SECONDS = 3600.0
CHANNEL = "nextcloud_mcp_events"
_ORDER_LOCK = 0x6E63_6D63_7002

log = logging.getLogger(__name__)


@runtime_checkable
class _Listening(Protocol):
    async def listen(self, channel: str, wake: Callable[[], None]) -> None: ...


class Events:
    """The notices of one database. `run` is a background task; without it only this process hears its own notices."""

    def __init__(self, database: Database, *, poll_seconds: float = 2.0) -> None:
        self._database = database
        self._poll_seconds = poll_seconds
        self._subscribers: defaultdict[str, list[Subscriber]] = defaultdict(list)
        self._seen: int | None = None
        self._read_at = time.monotonic()
        self._wake = anyio.Event()

    def subscribe(self, topic: str, subscriber: Subscriber) -> Callable[[], None]:
        """Calls `subscriber` for every notice of a topic, this process's own included; the answer ends it."""
        self._subscribers[topic].append(subscriber)
        return lambda: self._subscribers[topic].remove(subscriber)

    async def publish(self, topic: str, key: str, *, on: Queries | None = None) -> None:
        """Tells every replica; this one has heard it when the call returns.

        Inside the transaction `on` it has to be the last statement, is told when that commits, and this process
        hears it after `poll()`.
        """
        if on is not None:
            await self._insert(on, topic, key)
        else:
            if self._seen is None:
                await self.start()
            async with self._database.transaction() as transaction:
                await self._insert(transaction, topic, key)
            await self.poll()

    async def poll(self) -> int:
        """Reads what is new and tells the subscribers; the number of notices."""
        if self._seen is None:
            await self.start()
            return 0
        lost = time.monotonic() - self._read_at > KEEP_SECONDS / 2
        rows = await self._database.all("select id, topic, key from event where id > ? order by id", self._seen)
        self._read_at = time.monotonic()
        if lost:
            self._tell_all()
        for row in rows:
            if row["id"] > self._seen:
                self._seen = row["id"]
                self._tell(row["topic"], row["key"])
        return len(rows)

    async def start(self) -> None:
        """Notices from now on count. Call it before the first cache is filled."""
        row = await self._database.one("select coalesce(max(id), 0) as id from event")
        self._seen = row["id"] if row else 0
        self._read_at = time.monotonic()

    def wake(self) -> None:
        """Looks for new notices at once."""
        self._wake.set()

    async def run(self) -> None:
        """Polls for ever; an unreachable database is tried again."""
        async with anyio.create_task_group() as group:
            if isinstance(self._database, _Listening):
                group.start_soon(self._listen, self._database)
            while True:
                with anyio.move_on_after(self._poll_seconds):
                    await self._wake.wait()
                self._wake = anyio.Event()
                try:
                    await self.poll()
                except Unavailable as error:
                    log.warning("Notices between replicas are late: %s", error)

    async def prune(self) -> int:
        """Removes notices that every replica has read or lost; their number."""
        return await self._database.run(f"delete from event where time < {self._database.now} - ?", KEEP_SECONDS)  # noqa: S608 - a constant

    async def _listen(self, database: _Listening) -> None:
        while True:
            try:
                await database.listen(CHANNEL, self.wake)
            except Unavailable:
                await anyio.sleep(self._poll_seconds)

    async def _insert(self, transaction: Queries, topic: str, key: str) -> None:
        if self._database.dialect == "pg":
            # Without it a number could become visible after a higher one was read, and its notice would be lost.
            await transaction.run("select pg_advisory_xact_lock(?)", _ORDER_LOCK)
            await transaction.run(f"notify {CHANNEL}")
        sql = f"insert into event (time, topic, key) values ({self._database.now}, ?, ?)"  # noqa: S608 - a constant
        await transaction.run(sql, topic, key)

    def _tell(self, topic: str, key: str | None) -> None:
        for subscriber in tuple(self._subscribers[topic]):
            try:
                subscriber(key)
            except Exception:  # supervisor: one subscriber's fault must not keep the others in the dark
                log.exception("A subscriber of %s failed", topic)

    def _tell_all(self) -> None:
        for topic in tuple(self._subscribers):
            self._tell(topic, None)
