"""Forgets whoever lets the server work for them no longer: documents, jobs, and what was known of their scans."""

import asyncio
import logging
import time
from collections.abc import Callable

from nextcloud_mcp_server.core.errors import NextcloudError
from nextcloud_mcp_server.index.indexer import Indexer
from nextcloud_mcp_server.index.people import People
from nextcloud_mcp_server.index.queue.port import Queue
from nextcloud_mcp_server.index.state import State
from nextcloud_mcp_server.storage import StorageError

log = logging.getLogger(__name__)
MISSING_FOR = 600.0
"""Seconds that somebody is missing, without a word of having left, before that is believed."""
REFUSED_FOR = 7 * 86_400.0
"""Seconds that Nextcloud refuses a credential before its person counts as gone; an outage of a user backend refuses everybody's too."""


class Leavers:
    """`told` names who left; `run` is a background task that looks then and every `poll` seconds. `clock` gives epoch seconds."""

    def __init__(
        self, people: People, state: State, queue: Queue, indexer: Indexer, *, poll: float = 60, clock: Callable[[], float] = time.time
    ) -> None:
        self._people, self._state, self._queue, self._indexer = people, state, queue, indexer
        self._poll, self._clock = poll, clock
        self._missing: dict[str, float] = {}
        self._told: set[str] = set()
        self._everybody = False
        self._look = asyncio.Event()

    def told(self, user: str | None) -> None:
        """This user's access changed; None: somebody's was taken back, whoever is missing now has left."""
        if user is None:
            self._everybody = True
        else:
            self._told.add(user)
        self._look.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._look.clear()
            await self.look()
            try:
                async with asyncio.timeout(self._poll):
                    await self._look.wait()
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Forgets who left. Where that cannot be known nobody is forgotten."""
        told, everybody = self._told, self._everybody
        self._told, self._everybody = set(), False
        try:
            there = await self._people.provisioned()
            kept = await self._state.users()
            refused = await self._state.refused(self._clock() - REFUSED_FOR)
        except (NextcloudError, StorageError) as error:
            self._told |= told
            self._everybody |= everybody
            log.warning("Who has left cannot be known now: %s", error)
            return
        now = self._clock()
        self._missing = {user: self._missing.get(user, now) for user in kept - there}
        for user in sorted(self._missing):
            if everybody or user in told:
                self._missing[user] = 0.0
            if now - self._missing[user] >= MISSING_FOR:
                await self._forget(user)
        for user in sorted(refused & there):
            # Scans go on, ever more rarely: a credential that is taken again begins anew.
            await self._forget_documents(user)

    async def _forget(self, user: str) -> None:
        if await self._forget_documents(user):
            await self._state.forget_schedule(user)

    async def _forget_documents(self, user: str) -> bool:
        """Whether nothing is left: a job under way may still put something in, and the next look takes it out."""
        await self._queue.forget(user)
        count = await self._indexer.forget(user)
        if count:
            log.info("%d documents of %s are forgotten", count, user)
        if await self._queue.counts(user):
            return False
        await self._state.forget_scans(user)
        return True
