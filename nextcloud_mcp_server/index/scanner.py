"""One user's scans: asks each source what changed, plans, and puts the plan into the queue."""

import asyncio
import logging
import time
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nextcloud_mcp_server.core.documents import IndexSource
from nextcloud_mcp_server.core.errors import CredentialRefused, NextcloudError
from nextcloud_mcp_server.index.pace import Intervals, Pace, hold_of, jittered
from nextcloud_mcp_server.index.people import People
from nextcloud_mcp_server.index.plan import Plan, plan
from nextcloud_mcp_server.index.queue.port import Counts, Queue, Task
from nextcloud_mcp_server.index.state import Schedule, State
from nextcloud_mcp_server.storage import Leases, StorageError

log = logging.getLogger(__name__)
LEASES = "scan/"
LEASE = 45.0
"""Seconds after which another replica may take over the users of one that is silent: it renews its leases all the time."""
NOT_MINE = 20.0


@dataclass
class Load:
    """Requests that a round of all users' scans takes, for stretching intervals."""

    requests: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def total(self) -> int:
        return sum(self.requests.values())


class Scanner:
    """Scans `user` until the user is not provisioned any more. `clock` gives epoch seconds."""

    def __init__(
        self,
        user: str,
        people: People,
        state: State,
        queue: Queue,
        leases: Leases,
        *,
        intervals: Intervals,
        pace: Pace,
        load: Load,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.user = user
        self._people, self._state, self._queue, self._leases = people, state, queue, leases
        self._intervals, self._pace, self._load, self._clock = intervals, pace, load, clock
        self._wake = asyncio.Event()
        self._hold = 0.0

    def wake(self) -> None:
        """Scans at once: after the scan under way, where there is one, and as soon as Nextcloud may be asked."""
        self._wake.set()

    async def run(self) -> None:
        """Scans now and then; returns when the user is not provisioned. Cancelling it gives the lease back."""
        try:
            while (wait := await self._turn()) is not None:
                try:
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            self._load.requests.pop(self.user, None)
            await asyncio.shield(self._release())

    async def scan(self) -> bool | None:
        """One scan of everything. Whether anything changed; None where the user is not provisioned.

        Raises NextcloudError where every source failed.
        """
        sources = await self._people.sources(self.user)
        if sources is None:
            return None
        await self._leave_types(sources.keys())
        self._load.requests[self.user] = len(sources)
        changed = False
        failures: list[NextcloudError] = []
        for doc_type, source in sources.items():
            try:
                changed |= await self._scan_type(doc_type, source)
            except NextcloudError as error:
                failures.append(error)
                self._hold = max(self._hold, hold_of(error))
                await self._state.scan_failed(self.user, doc_type, error.explain())
                log.warning("The scan of %s for %s failed: %s", doc_type, self.user, error)
        if failures and len(failures) == len(sources):
            raise failures[0]
        return changed

    async def _turn(self) -> float | None:
        """Scans if it is time; the seconds until the next turn, None when there is none."""
        try:
            schedule = await self._state.schedule(self.user) or Schedule(0, self._intervals.shortest)
            lease = await self._leases.take(f"{LEASES}{self.user}", LEASE)
            if lease is None:
                self._wake.clear()
                return jittered(NOT_MINE)
            if self._clock() < (schedule.not_before or 0):
                self._wake.clear()
            wait = schedule.next_at - self._clock()
            if wait > 0 and not self._wake.is_set():
                return wait
            self._wake.clear()
            return await self._scheduled(schedule)
        except StorageError as error:
            log.warning("The scan for %s waits for the database: %s", self.user, error)
            return jittered(NOT_MINE)

    async def _scheduled(self, schedule: Schedule) -> float | None:
        """A scan, and when the next one is."""
        changed: bool | None = False
        failures, refused_at = schedule.failures + 1, schedule.refused_at
        self._hold = 0.0
        try:
            changed = await self.scan()
            failures, refused_at = 0, None
        except CredentialRefused:
            refused_at = refused_at or self._clock()
        except NextcloudError as error:
            self._hold = max(self._hold, hold_of(error))
        except StorageError:
            raise
        except Exception:  # supervisor: one user's scans go on whatever happens in one of them
            log.exception("The scan for %s failed", self.user)
        if changed is None:
            log.warning("%s is not provisioned any more: no more scans", self.user)
            return None
        interval = self._intervals.after(schedule.interval, changed=changed, failures=failures)
        wait, now = max(jittered(self._pace.stretch(interval, self._load.total)), self._hold), self._clock()
        not_before = now + self._hold if self._hold else None
        await self._state.plan_scan(self.user, Schedule(now + wait, interval, failures, refused_at, not_before))
        return wait

    async def _scan_type(self, doc_type: str, source: IndexSource) -> bool:
        since = await self._state.source_state(self.user, doc_type)
        await self._pace.take()
        listed_at = self._clock()
        listing = await source.list(since)
        stored = await self._state.stamps(self.user, doc_type)
        made = plan(stored, listing, datetime.fromtimestamp(listed_at, UTC))
        if made.withheld:
            log.warning("Nothing of %s is dropped for %s: %s; %d are asked for", doc_type, self.user, made.withheld, len(made.doubted))
        first = since is None and not stored
        found = await self._found(doc_type, made)
        if made.doubted:
            # What turns out to be gone may come back as it was: then only a listing of everything tells of it.
            await self._state.start_over(self.user, doc_type)
        # Durable before the source's state moves on: a death in between lists again.
        await self._queue.put(tasks_of(self.user, doc_type, made, backfill=first))
        keep = listing.complete and made.settled and not made.withheld
        await self._state.scanned(self.user, doc_type, now=listed_at, found=found, state=listing.state if keep else None)
        return bool(made.fetch or made.drop or made.doubted)

    async def _found(self, doc_type: str, made: Plan) -> int:
        """How many documents there are, with those that an earlier scan found and that still wait for their first time."""
        listed, before = made.kept + len(made.fetch), await self._state.found(self.user, doc_type)
        if listed >= before:
            return listed
        count = (await self._queue.counts(self.user)).get((self.user, doc_type), Counts())
        return max(listed, min(before, made.kept + count.waiting + count.running) + len(made.fetch))

    async def _leave_types(self, here: Set[str]) -> None:
        """Takes out what settings or the user's grant allow no longer. An app that Nextcloud lacks for now keeps what it had."""
        missing = await self._state.types(self.user) - here
        allowed = await self._people.allowed(self.user) if missing else None
        for doc_type in sorted(missing - allowed) if allowed is not None else ():
            await self._queue.forget(self.user, doc_type)
            stored = await self._state.stamps(self.user, doc_type)
            log.info("%d documents of type %s are taken out for %s, who does not allow them now", len(stored), doc_type, self.user)
            await self._queue.put([Task(self.user, doc_type, id, "drop") for id in stored])
            if stored or await self._queue.counts(self.user):
                await self._state.start_over(self.user, doc_type)
            else:
                await self._state.forget_scans(self.user, doc_type)

    async def _release(self) -> None:
        try:
            await self._leases.release(f"{LEASES}{self.user}")
        except StorageError as error:
            log.warning("The lease of %s runs out by itself: %s", self.user, error)


def tasks_of(user: str, doc_type: str, made: Plan, *, backfill: bool) -> list[Task]:
    """A plan as tasks."""
    fetch = [
        Task(user, doc_type, item.stamp.id, "fetch", item.stamp.version, settled=item.settled, backfill=backfill)
        for item in (*made.fetch, *made.doubted)
    ]
    return fetch + [Task(user, doc_type, item.id, "drop") for item in made.drop]
