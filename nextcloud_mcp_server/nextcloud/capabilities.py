"""What is asked of Nextcloud once and kept for a short while, per credential."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from nextcloud_mcp_server.core.errors import Delayed
from nextcloud_mcp_server.nextcloud.person import Person

T = TypeVar("T")
Known = Mapping[str, Any]
"""The capabilities document: `version` and `capabilities` (app name to what it says of itself)."""

CAPABILITIES_FOR = 30.0
PERSON_FOR = 600.0
ENTRIES = 10_000


@dataclass
class _Entry(Generic[T]):
    value: T | None = None
    asked: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass
class _Kept(Generic[T]):
    """Values by key, asked again when they are older than `seconds`; while asking fails, the last known answer holds."""

    seconds: float
    entries: dict[str, _Entry[T]] = field(default_factory=dict[str, _Entry[T]])

    async def get(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        entry = self.entries.setdefault(key, _Entry())
        if entry.value is not None and time.monotonic() - entry.asked < self.seconds:
            return entry.value
        async with entry.lock:
            if entry.value is None or time.monotonic() - entry.asked >= self.seconds:
                await self._renew(entry, ask)
        while len(self.entries) > ENTRIES:
            del self.entries[next(iter(self.entries))]
        assert entry.value is not None  # noqa: S101 - for the type checker; renewing sets it or raises
        return entry.value

    async def _renew(self, entry: _Entry[T], ask: Callable[[], Awaitable[T]]) -> None:
        try:
            entry.value = await ask()
        except Delayed:
            if entry.value is None:
                raise
        entry.asked = time.monotonic()


@dataclass
class Cache:
    """Shared by all sessions of a process."""

    _capabilities: _Kept[Known] = field(default_factory=lambda: _Kept[Known](CAPABILITIES_FOR))
    _people: _Kept[Person] = field(default_factory=lambda: _Kept[Person](PERSON_FOR))

    _shelves: dict[type, Any] = field(default_factory=dict[type, Any])

    def shelf(self, kind: type[T]) -> T:
        """What one piece of domain code remembers in this process, made at first use; its keys must name the credential."""
        if kind not in self._shelves:
            self._shelves[kind] = kind()
        return self._shelves[kind]

    async def capabilities(self, key: str, ask: Callable[[], Awaitable[Known]]) -> Known:
        return await self._capabilities.get(key, ask)

    async def person(self, key: str, ask: Callable[[], Awaitable[Person]]) -> Person:
        return await self._people.get(key, ask)

    def forget(self, key: str) -> None:
        """Drops what is known for one credential."""
        self._capabilities.entries.pop(key, None)
        self._people.entries.pop(key, None)
