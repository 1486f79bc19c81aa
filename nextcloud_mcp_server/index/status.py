"""What the tool, the page, the API and the command line say of the index: one place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from nextcloud_mcp_server.index.collections import Collections
from nextcloud_mcp_server.index.processor import Current
from nextcloud_mcp_server.index.queue.port import Counts, Failure, Queue
from nextcloud_mcp_server.index.state import Schedule, State


@dataclass(frozen=True, slots=True)
class TypeStatus:
    """One document type of one user. `known` documents are there, `indexed` of them can be found. Times in epoch seconds."""

    doc_type: str
    known: int
    indexed: int
    pending: int
    failed: int
    scanned_at: float | None
    error: str | None


@dataclass(frozen=True, slots=True)
class UserStatus:
    """`interval` is the time between scans in seconds as it is now. `note` says what search has to do without,
    `behind` why the person's changes are not followed at this time.
    """

    user: str
    types: tuple[TypeStatus, ...]
    failures: tuple[Failure, ...]
    current: tuple[Current, ...]
    next_scan: float | None
    interval: float | None
    note: str | None
    behind: str | None = None

    @property
    def syncing(self) -> bool:
        return any(item.pending for item in self.types)


async def status_of(user: str, state: State, queue: Queue, collections: Collections, current: Sequence[Current] = ()) -> UserStatus:
    """The status of one user; `current` is what is worked on for the user now."""
    scans = {scan.doc_type: scan for scan in await state.scans(user)}
    counts: Mapping[tuple[str, str], Counts] = await queue.counts(user)
    indexed = await state.known(user)
    types: list[TypeStatus] = []
    for doc_type in sorted({*scans, *(kind for _, kind in counts), *(kind for _, kind in indexed)}):
        scan, count, size = scans.get(doc_type), counts.get((user, doc_type), Counts()), indexed.get((user, doc_type), 0)
        known = max(scan.found if scan else 0, size)
        types.append(
            TypeStatus(
                doc_type,
                known,
                size,
                count.waiting + count.running,
                count.failed,
                scan.scanned_at if scan else None,
                scan.error if scan else None,
            )
        )
    schedule = await state.schedule(user)
    return UserStatus(
        user,
        tuple(types),
        tuple(await queue.failures(user)),
        tuple(current),
        schedule.next_at if schedule else None,
        schedule.interval if schedule else None,
        (await collections.ready()).note,
    )


def behind(schedule: Schedule, now: float) -> str | None:
    """Why a person's changes are not followed at `now` (epoch seconds); None where they are."""
    if schedule.refused_at:
        since = _time(schedule.refused_at)
        return f"Since {since} Nextcloud refuses what this server may use while the person is away: later changes are not found."
    if (schedule.not_before or 0) > now:
        return f"Nextcloud is overloaded or limits requests: it is not asked for changes before {_time(schedule.not_before or 0)}."
    return None


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
