"""The same operation on many events: matched first, shown by a dry run, done with `confirm`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from nextcloud_mcp_server.apps.calendar.client import Calendars
from nextcloud_mcp_server.apps.calendar.edit import Author, EventChanges, apply
from nextcloud_mcp_server.apps.calendar.exceptions import exception_for, exclude
from nextcloud_mcp_server.apps.calendar.expansion import Occurrence, occurrence_of
from nextcloud_mcp_server.apps.calendar.matching import EventFilter, words_of
from nextcloud_mcp_server.apps.calendar.models import BulkAnswer, BulkResult, within
from nextcloud_mcp_server.apps.calendar.times import parse_span, shown
from nextcloud_mcp_server.apps.calendar.tools.shared import (
    TOOLS,
    Categories,
    EventStatus,
    RangeEnd,
    RangeStart,
    chosen,
    happening,
    picked,
    required,
)
from nextcloud_mcp_server.core.arguments import Confirm
from nextcloud_mcp_server.core.errors import InvalidValue, NextcloudError
from nextcloud_mcp_server.core.tools import Progress

SHOWN_AT_MOST = 100
OPERATIONS = {"update": "updated", "delete": "deleted", "move": "moved"}
SERIES = "A series: give both dates to touch only its occurrences between them, or whole_series=true."


@dataclass
class Job:
    """One object and what of it matched: single occurrences, or all of it."""

    first: Occurrence
    title: str
    occurrences: list[str] = field(default_factory=list[str])
    whole: bool = True
    refused: str | None = None

    def result(self, status: str, target: str | None = None, error: str | None = None) -> BulkResult:
        """How it is shown."""
        recurs = self.first.stored.recurring
        return BulkResult(
            uid=self.first.stored.uid,
            title=self.title,
            status=status,
            start=shown(self.first.start, self.first.stored.zones),
            occurrences=self.occurrences or None if not self.whole else None,
            series=True if recurs and self.whole else None,
            error=error,
            from_calendar=self.first.stored.calendar,
            to_calendar=target,
        )


@TOOLS.delete(untrusted=True, cleaned=True)
async def nc_calendar_bulk_operations(
    calendars: Calendars,
    progress: Progress,
    operation: Annotated[str, Field(json_schema_extra={"enum": [*OPERATIONS]})],
    title_contains: str | None = None,
    categories: Categories = None,
    calendar_name: str | None = None,
    start_date: RangeStart = None,
    end_date: RangeEnd = None,
    status: EventStatus | None = None,
    location_contains: str | None = None,
    new_title: str | None = None,
    new_description: str | None = None,
    new_location: str | None = None,
    new_categories: str | None = None,
    new_priority: Annotated[int, within(0, 9)] | None = None,
    new_reminder_minutes: Annotated[int, within(0, 60 * 24 * 366)] | None = None,
    target_calendar: str | None = None,
    whole_series: Annotated[bool, Field(description="Touch series with all their dates.")] = False,
    confirm: Confirm = False,
) -> BulkAnswer:
    """Update, delete or move all events that match every given filter; first without `confirm` to see which."""
    operation = operation.strip().lower()
    changes: EventChanges = picked(
        EventChanges, {name.removeprefix("new_"): value for name, value in locals().items() if name.startswith("new_")}
    )
    wanted: EventFilter = picked(EventFilter, locals())
    asked = (title_contains, location_contains, calendar_name, start_date, end_date, status, *words_of(categories))
    if not any(one and one.strip() for one in asked):
        raise InvalidValue("No filter is given: this would touch every event.", hint="Give at least one filter.")
    await _check(calendars, operation, changes, target_calendar)
    author = await calendars.author()
    span = parse_span(start_date, end_date, author.here)
    ones = [one for one in await chosen(calendars, calendar_name, "VEVENT") if calendar_name or not one.read_only]
    found, problems = await happening(calendars, ones, span, author.here)
    if problems:
        raise InvalidValue(f"Not every calendar could be read ({'; '.join(problems)}).", hint="Name one with calendar_name.")
    fitting = [each[0] for each in found if wanted.fits(each[0], author.here)]
    jobs = _jobs(fitting, bool(start_date and end_date), whole_series, operation)
    jobs = [job for job in jobs if not (operation == "move" and job.first.stored.calendar == target_calendar)]
    if confirm:
        runner = Runner(calendars, progress, operation, changes, author, target_calendar, len(jobs))
        # One after the other: a Nextcloud on SQLite fails writes that come at the same time.
        results = [await runner.run(job) for job in jobs]
    else:
        results = [job.result("failed" if job.refused else "matched", target_calendar, job.refused) for job in jobs]
    return _answer(operation, results, target_calendar, confirm)


async def _check(calendars: Calendars, operation: str, changes: EventChanges, target: str | None) -> None:
    if operation not in OPERATIONS:
        raise InvalidValue(f"operation {operation!r} is unknown.", candidates=OPERATIONS)
    if operation == "update" and changes.empty:
        raise InvalidValue("Nothing to change: no new_… value is given.")
    if operation != "update" and not changes.empty:
        raise InvalidValue(f"new_… values do not go with operation {operation!r}.")
    if (operation == "move") != bool(target):
        raise InvalidValue("target_calendar is required to move, and only then.")
    if target and not (await calendars.named(required("target_calendar", target))).accepts("VEVENT"):
        raise InvalidValue(f"Calendar {target!r} does not accept events.")


def _jobs(fitting: Sequence[Occurrence], ranged: bool, whole_series: bool, operation: str) -> list[Job]:
    """One job an object. Occurrences of a series stay single ones unless the whole series is asked for."""
    jobs: dict[tuple[str, str], Job] = {}
    for one in fitting:
        single = one.stored.recurring and not whole_series
        title = one.item.text("SUMMARY") or ""
        job = jobs.setdefault((one.stored.calendar, one.stored.stored.name), Job(one, title, whole=not single))
        if single and (not ranged or operation == "move" or one.id is None):
            job.refused = SERIES if operation != "move" else "A series moves only as a whole: whole_series=true."
        elif single:
            job.occurrences.append(one.recurrence_id or "")
    return list(jobs.values())


@dataclass
class Runner:
    """Does the jobs, tells how far it is, and goes on when one fails."""

    calendars: Calendars
    progress: Progress
    operation: str
    changes: EventChanges
    author: Author
    target: str | None
    total: int
    done: int = 0

    async def run(self, job: Job) -> BulkResult:
        try:
            if job.refused:
                return job.result("failed", self.target, job.refused)
            await self._do(job)
            return job.result(OPERATIONS[self.operation], self.target)
        except NextcloudError as error:
            return job.result("failed", self.target, error.message)
        finally:
            self.done += 1
            await self.progress(self.done, self.total, f"{self.operation}: {self.done} of {self.total}")

    async def _do(self, job: Job) -> None:
        opened = job.first.stored
        if self.operation == "move":
            await self.calendars.move(opened, self.target or "")
        elif self.operation == "delete" and job.whole:
            await self.calendars.delete(opened)
        else:
            opened = await self.calendars.exact(opened)
            left = [self._touch(occurrence_of(opened, one, self.author.here)) for one in job.occurrences]
            if job.whole:
                apply(opened, opened.main, self.changes, self.author)
            await (self.calendars.save(opened) if all(left) else self.calendars.delete(opened))

    def _touch(self, one: Occurrence) -> bool:
        if self.operation == "delete":
            return exclude(one)
        apply(one.stored, exception_for(one), self.changes, self.author)
        return True


def _answer(operation: str, results: list[BulkResult], target: str | None, confirmed: bool) -> BulkAnswer:
    done = sum(one.status == OPERATIONS[operation] for one in results)
    would = f"Nothing was changed. confirm=true would {operation} these {len(results)}."
    restore = "Deleted events are in the calendar's trash: nc_calendar_restore_event." if operation == "delete" else None
    return BulkAnswer(
        operation=operation,
        dry_run=None if confirmed else True,
        total_found=len(results),
        failed_count=sum(one.status == "failed" for one in results),
        target_calendar=target,
        results=sorted(results, key=lambda one: one.status != "failed")[:SHOWN_AT_MOST],
        not_shown=max(0, len(results) - SHOWN_AT_MOST) or None,
        message=restore if confirmed else would,
        **{f"{OPERATIONS[operation]}_count": done},
    )
