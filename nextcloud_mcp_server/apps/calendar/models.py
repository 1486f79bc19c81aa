"""What the tools of Calendar take and answer."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema


@dataclass(frozen=True)
class OneOf:
    """A text that is one of `values` in any case, or empty to clear."""

    values: tuple[str, ...]

    def check(self, given: str) -> str:
        """In upper case. Raises ValueError with what there is."""
        if given and given.strip().upper() not in self.values:
            raise ValueError(f"must be one of {', '.join(self.values)}")
        return given.strip().upper()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.values)}


def within(low: int, high: int) -> AfterValidator:
    """A number between two others; the schema stays as short as the name allows."""

    def check(given: int) -> int:
        if not low <= given <= high:
            raise ValueError(f"must be {low} to {high}")
        return given

    return AfterValidator(check)


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


class Reminder(BaseModel):
    """One alarm: exactly one of `minutes_before`, `trigger`, `trigger_at`."""

    model_config = ConfigDict(extra="forbid")

    minutes_before: Annotated[int, within(0, 60 * 24 * 366)] | None = None
    trigger: Annotated[str | None, Field(description="Such as -PT30M.")] = None
    trigger_at: str | None = None
    action: Annotated[Literal["DISPLAY", "EMAIL", "AUDIO"], BeforeValidator(_upper)] = "DISPLAY"
    description: str | None = None
    summary: str | None = None
    related: Annotated[Literal["START", "END"] | None, BeforeValidator(_upper)] = None


class Calendar(BaseModel):
    """A calendar; `components` are what it accepts (VEVENT, VTODO), `generated_by` the app that fills it."""

    name: str
    display_name: str
    description: str | None = None
    color: str | None = None
    href: str | None = None
    timezone: str | None = None
    enabled: bool = True
    ctag: str | None = None
    read_only: bool = False
    source: str | None = None
    components: list[str] = []
    owner: str | None = None
    generated_by: str | None = None
    transparent: Annotated[bool, Field(exclude=True)] = False
    deleted: Annotated[bool, Field(exclude=True)] = False

    def accepts(self, kind: str) -> bool:
        """Whether new events or tasks can be put into it."""
        return not self.read_only and kind in self.components


class Timed(BaseModel):
    """How the times of an event are meant. `last_day` only of all-day events, whose end is exclusive; `occurrence` of one of a series."""

    uid: str
    last_day: str | None = None
    start_tz: str | None = None
    end_tz: str | None = None
    all_day: bool
    recurring: bool | None = None
    occurrence: str | None = None


class Event(Timed):
    """An event, or one occurrence of a series, in a listing."""

    summary: str
    start: str
    end: str | None = None
    location: str | None = None
    description: str | None = None
    categories: list[str] = []
    status: str | None = None
    attendee_count: int | None = None
    calendar_name: str | None = None
    calendar_display_name: str | None = None


class EventDetails(Timed):
    """An event with everything that can be changed."""

    title: str
    description: str
    location: str
    status: str
    priority: int
    privacy: str
    url: str
    color: str | None = None
    start_datetime: str | None = None
    end_datetime: str | None = None
    categories: str | None = None
    recurrence_rule: str | None = None
    recurrence_end_date: str | None = None
    changed_occurrences: list[str] | None = None
    organizer: str | None = None
    attendees: str | None = None
    attendee_status: dict[str, str] | None = None
    reminders: list[Reminder] | None = None
    href: str
    etag: str


class Saved(BaseModel):
    """What is stored now."""

    uid: str
    href: str
    etag: str
    status_code: int | None = None


class SavedEvent(Saved):
    """An event after a change, with the span that is stored now."""

    start_datetime: str | None = None
    end_datetime: str | None = None
    last_day: str | None = None
    occurrence: str | None = None
    message: str | None = None


class Deleted(BaseModel):
    """What was deleted and how it comes back."""

    status_code: int
    message: str
    deleted_uid: str
    calendar_name: str


class Slot(BaseModel):
    """A free stretch of time in the person's zone."""

    start: str
    end: str
    duration_minutes: int
    date: str


class BulkResult(BaseModel):
    """One event that an operation matched; `status` is deleted, updated, moved, failed, or matched in a dry run."""

    uid: str
    title: str
    status: str
    start: str | None = None
    occurrences: list[str] | None = None
    series: bool | None = None
    error: str | None = None
    from_calendar: str | None = None
    to_calendar: str | None = None


class BulkAnswer(BaseModel):
    """What a bulk operation did, or would do."""

    operation: str
    dry_run: bool | None = None
    total_found: int
    deleted_count: int | None = None
    updated_count: int | None = None
    moved_count: int | None = None
    failed_count: int = 0
    target_calendar: str | None = None
    results: list[BulkResult]
    not_shown: int | None = None
    message: str | None = None


class ManagedCalendar(BaseModel):
    """A calendar after a change, or all of them."""

    name: str | None = None
    display_name: str | None = None
    description: str | None = None
    color: str | None = None
    status_code: int | None = None
    message: str | None = None
    calendars: list[Calendar] | None = None


class Todo(BaseModel):
    """A task; the last five only where it recurs."""

    uid: str
    summary: str
    description: str
    status: str
    priority: int
    percent_complete: int
    due: str | None = None
    dtstart: str | None = None
    completed: str | None = None
    categories: str
    recurring: bool
    recurrence_rule: str | None = None
    reminders: list[Reminder] = []
    href: str
    etag: str
    calendar_name: str | None = None
    calendar_display_name: str | None = None
    pending_count: int | None = None
    oldest_pending_dtstart: str | None = None
    oldest_pending_due: str | None = None
    current_dtstart: str | None = None
    current_due: str | None = None


class SavedTodo(Saved):
    """A task after a change."""

    calendar_name: str | None = None
    due: str | None = None
    dtstart: str | None = None


class CompletedTodo(SavedTodo):
    """A completed task, or the completed occurrence of one that recurs; `next_due` is when it is up again."""

    status: str
    percent_complete: int
    completed: str
    completed_occurrence: str | None = None
    next_dtstart: str | None = None
    next_due: str | None = None


class Trashed(BaseModel):
    """An event or task in the trash."""

    uid: str
    summary: str
    kind: str
    deleted_at: str | None = None
    calendar_name: str | None = None
