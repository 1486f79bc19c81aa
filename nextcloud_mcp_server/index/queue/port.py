"""What scanners and processors know of the queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

Op = Literal["fetch", "drop"]


@dataclass(frozen=True, slots=True)
class Task:
    """Look at one document for one user. `settled` as in the plan; `backfill` waits behind what just changed."""

    user: str
    doc_type: str
    doc_id: str
    op: Op
    version: str = ""
    settled: bool = True
    backfill: bool = False

    @property
    def document(self) -> tuple[str, str, str]:
        return self.user, self.doc_type, self.doc_id


@dataclass(frozen=True, slots=True)
class Job:
    """A task that this process has claimed. `attempts` counts this one."""

    id: int
    task: Task
    attempts: int


@dataclass(frozen=True, slots=True)
class Counts:
    waiting: int = 0
    running: int = 0
    failed: int = 0

    def plus(self, name: str, count: int) -> "Counts":
        return replace(self, **{name: count})


@dataclass(frozen=True, slots=True)
class Failure:
    """A document that is given up until it changes. `failed_at` in epoch seconds."""

    user: str
    doc_type: str
    doc_id: str
    version: str
    reason: str
    failed_at: float


class Queue(Protocol):
    """One pending task for each document of each user, durable when `put` returns.

    Claimed jobs belong to this process until `keep` is not called for longer than the lease; then others claim
    them again, so the effect of a job must be the same twice.
    """

    async def open(self) -> None: ...

    async def close(self) -> None:
        """Gives back what this process has claimed."""
        ...

    async def put(self, tasks: Sequence[Task]) -> int:
        """Adds tasks; how many are new. One for a document that waits replaces the waiting one, one for a document
        that runs is run after it, one for a version that was given up is left out."""
        ...

    async def claim(self, limit: int) -> list[Job]:
        """Up to `limit` due jobs, fair between users, changes before backfill, never two of one document."""
        ...

    async def inherit(self) -> None:
        """This is the only process that works: whatever others had claimed, they are dead, and it is due again."""
        ...

    async def keep(self) -> None:
        """Renews the lease of everything claimed here."""
        ...

    async def done(self, job: Job) -> None: ...

    async def retry(self, job: Job, seconds: float, *, counted: bool = True) -> None:
        """To be claimed again, by anybody, after `seconds`; as if it had not been claimed where not `counted`."""
        ...

    async def bury(self, job: Job, reason: str) -> None:
        """Gives the document up until it changes."""
        ...

    async def counts(self, user: str | None = None) -> Mapping[tuple[str, str], Counts]:
        """By user and document type."""
        ...

    async def failures(self, user: str, limit: int = 20) -> list[Failure]:
        """The latest ones of a user first."""
        ...

    async def forget(self, user: str, doc_type: str | None = None) -> None:
        """Removes everything that waits or failed for a user (of one type)."""
        ...

    async def wait(self, seconds: float) -> None:
        """Returns when there may be a job, at the latest after `seconds`."""
        ...
