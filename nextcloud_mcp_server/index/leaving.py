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
    """`told` names who left, `provisioned` asks who is there, `run` is a background task that forgets whoever is not.

    `clock` gives epoch seconds.
    """

    def __init__(self, people: People, state: State, queue: Queue, indexer: Indexer, *, clock: Callable[[], float] = time.time) -> None:
        self._people, self._state, self._queue, self._indexer, self._clock = people, state, queue, indexer, clock
        self._missing: dict[str, float] = {}
        self._there: frozenset[str] | None = None
        self._told: set[str | None] = set()
        self._asked: set[str | None] = set()
        self._look = asyncio.Event()

    def told(self, user: str | None) -> None:
        """This user's access changed; None: somebody's was taken back, whoever is missing from the next answer has left."""
        self._told.add(user)

    async def provisioned(self) -> frozenset[str]:
        """Who is there, for whoever else needs to know; `run` looks at the answer too. Raises while it cannot be known."""
        # Only the answer to a question asked afterwards tells whether somebody has left.
        told, self._told = self._told, set()
        try:
            self._there = await self._people.provisioned()
        except (NextcloudError, StorageError):
            self._told |= told
            raise
        self._asked |= told
        self._look.set()
        return self._there

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._look.wait()
            self._look.clear()
            await self.look()

    async def look(self) -> None:
        """Forgets who is missing from the last answer and has left. Where that cannot be known nobody is forgotten."""
        if self._there is None:
            return
        there, now = self._there, self._clock()
        told, self._asked = self._asked, set()
        try:
            kept = await self._state.users()
            refused = await self._state.refused(now - REFUSED_FOR)
        except StorageError as error:
            self._asked |= told
            log.warning("Who has left cannot be known now: %s", error)
            return
        self._missing = {user: 0.0 if told & {None, user} else self._missing.get(user, now) for user in kept - there}
        for user in sorted(user for user, since in self._missing.items() if now - since >= MISSING_FOR):
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
