"""Tasks: list, search, create, update, complete, delete."""

import uuid
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from nextcloud_mcp_server.apps.calendar import tasks
from nextcloud_mcp_server.apps.calendar.client import Calendars
from nextcloud_mcp_server.apps.calendar.edit import utc_value
from nextcloud_mcp_server.apps.calendar.matching import has_text, in_categories, words_of
from nextcloud_mcp_server.apps.calendar.models import Calendar, CompletedTodo, Deleted, SavedTodo, Todo, within
from nextcloud_mcp_server.apps.calendar.objects import CalendarObject
from nextcloud_mcp_server.apps.calendar.show import priority_of
from nextcloud_mcp_server.apps.calendar.tasks import TodoChanges
from nextcloud_mcp_server.apps.calendar.times import read, shown
from nextcloud_mcp_server.apps.calendar.tools.events import delete
from nextcloud_mcp_server.apps.calendar.tools.shared import (
    TOOLS,
    Categories,
    NewReminders,
    Priority,
    Reminders,
    TodoStatus,
    chosen,
    gather,
    noted,
    picked,
    required,
)
from nextcloud_mcp_server.core.arguments import Cursor, Etag, Limit
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, paginate
from nextcloud_mcp_server.nextcloud.session import segment

READ = ("todo:read", "calendar:read")
WRITE = ("todo:write", "calendar:read")
When = Annotated[str | None, Field(description="Date or ISO time.")]
Percent = Annotated[int, within(0, 100)]
AtLeast = Annotated[int | None, Field(description="5 keeps 1 to 5.")]


@TOOLS.read(items="todos", total="total_count", scopes=READ, untrusted=True)
async def nc_calendar_list_todos(
    calendars: Calendars,
    calendar_name: str,
    status: TodoStatus | None = None,
    min_priority: AtLeast = None,
    categories: Categories = None,
    summary_contains: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Todo]:
    """List tasks of a calendar, open ones first, then by due date."""
    ones = await chosen(calendars, required("calendar_name", calendar_name), "VTODO")
    found, _ = await _found(calendars, ones, status, min_priority, categories, summary_contains)
    return paginate(found, limit, cursor, calendar_name=calendar_name)


@TOOLS.read(items="todos", total="total_count", scopes=READ, untrusted=True)
async def nc_calendar_search_todos(
    calendars: Calendars,
    status: TodoStatus | None = None,
    min_priority: AtLeast = None,
    categories: Categories = None,
    summary_contains: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Todo]:
    """Find tasks in all calendars, open ones first, then by due date."""
    ones = await chosen(calendars, None, "VTODO")
    found, problems = await _found(calendars, ones, status, min_priority, categories, summary_contains)
    return paginate(found, limit, cursor, **noted(problems))


async def _found(
    calendars: Calendars, ones: Iterable[Calendar], status: str | None, min_priority: int | None, categories: str | None, text: str | None
) -> tuple[list[Todo], list[str]]:
    here, home, wanted = await calendars.here(), await calendars.path(), words_of(categories)

    def take(opened: CalendarObject, calendar: Calendar) -> Iterable[Todo]:
        item = opened.main
        urgent = 1 <= priority_of(item.text("PRIORITY")) <= min_priority if min_priority else True
        fits = urgent and (not status or tasks.status_of(item) == status) and has_text(item, "SUMMARY", text)
        if fits and in_categories(item, wanted):
            todo = tasks.show(opened, here, f"{home}{segment(calendar.name)}/{segment(opened.stored.name)}")
            yield todo.model_copy(update={"calendar_name": calendar.name, "calendar_display_name": calendar.display_name})

    found, problems = await gather(calendars, ones, "VTODO", None, take)
    return sorted(found, key=tasks.sort_key), problems


@TOOLS.create(scopes=WRITE)
async def nc_calendar_create_todo(
    calendars: Calendars,
    calendar_name: str,
    summary: str,
    description: str | None = None,
    status: TodoStatus = "NEEDS-ACTION",
    priority: Priority = 0,
    due: When = None,
    dtstart: When = None,
    categories: Categories = None,
    reminders: Reminders = None,
    recurrence_rule: Annotated[str | None, Field(description="RFC 5545 RRULE; needs due or dtstart.")] = None,
) -> SavedTodo:
    """Create a task in a calendar whose `components` hold VTODO."""
    required("summary", summary)
    changes: TodoChanges = picked(TodoChanges, locals())
    made = CalendarObject.new("VTODO", str(uuid.uuid4()), utc_value())
    tasks.apply(made, made.main, changes, await calendars.author())
    status_code = await calendars.create(calendar_name, made)
    return SavedTodo.model_validate(await _saved(calendars, made) | {"status_code": status_code})


@TOOLS.update(scopes=WRITE)
async def nc_calendar_update_todo(
    calendars: Calendars,
    calendar_name: str,
    todo_uid: str,
    summary: str | None = None,
    description: str | None = None,
    status: TodoStatus | None = None,
    priority: Priority | None = None,
    percent_complete: Percent | None = None,
    due: When = None,
    dtstart: When = None,
    completed: When = None,
    categories: Categories = None,
    reminders: NewReminders = None,
    recurrence_rule: Annotated[str | None, Field(description="RFC 5545 RRULE.")] = None,
    etag: Etag = None,
) -> SavedTodo:
    """Change the given fields of a task; what is left out stays, an empty value clears. To complete one use nc_calendar_complete_todo."""
    changes: TodoChanges = picked(TodoChanges, locals())
    if changes.empty:
        raise InvalidValue("Nothing to change: no field is given.")
    opened = await calendars.find(calendar_name, todo_uid, "VTODO")
    tasks.apply(opened, opened.main, changes, await calendars.author())
    status_code = await calendars.save(opened, etag)
    return SavedTodo.model_validate(await _saved(calendars, opened) | {"status_code": status_code})


@TOOLS.update(scopes=WRITE)
async def nc_calendar_complete_todo(
    calendars: Calendars, calendar_name: str, todo_uid: str, completed: When = None, etag: Etag = None
) -> CompletedTodo:
    """Complete a task; of one that recurs the oldest open occurrence, and it moves on to the next."""
    opened = await calendars.find(calendar_name, todo_uid, "VTODO")
    done, occurrence = tasks.complete(opened, completed, await calendars.here())
    await calendars.save(opened, etag)
    saved = await _saved(calendars, opened)
    due, dtstart = saved.pop("due"), saved.pop("dtstart")
    moved_on = occurrence is not None and tasks.status_of(opened.main) != "COMPLETED"
    told = {
        "status": "COMPLETED",
        "percent_complete": 100,
        "completed": shown(read(done.first("COMPLETED")), opened.zones),
        "completed_occurrence": occurrence.recurrence_id if occurrence else None,
        "next_due": due if moved_on else None,
        "next_dtstart": dtstart if moved_on else None,
    }
    return CompletedTodo.model_validate(saved | told)


@TOOLS.delete(scopes=WRITE)
async def nc_calendar_delete_todo(calendars: Calendars, calendar_name: str, todo_uid: str, etag: Etag = None) -> Deleted:
    """Move a task to the calendar's trash."""
    return await delete(calendars, calendar_name, todo_uid, "VTODO", etag)


async def _saved(calendars: Calendars, opened: CalendarObject) -> dict[str, str | None]:
    dates = {name.lower(): shown(read(opened.main.first(name)), opened.zones) for name in ("DUE", "DTSTART")}
    return {
        "uid": opened.uid,
        "calendar_name": opened.calendar,
        "href": await calendars.href(opened),
        "etag": opened.stored.etag,
        **dates,
    }
