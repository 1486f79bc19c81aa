"""What the tools of Calendar share: their toolbox, arguments, reading several calendars at once."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import tzinfo
from typing import Annotated, Any, TypeVar

from pydantic import Field, WithJsonSchema

from nextcloud_mcp_server.apps.calendar.client import Calendars
from nextcloud_mcp_server.apps.calendar.expansion import Occurrence, occurrences
from nextcloud_mcp_server.apps.calendar.models import Calendar, OneOf, Reminder, within
from nextcloud_mcp_server.apps.calendar.objects import CalendarObject, Kind
from nextcloud_mcp_server.apps.calendar.times import Span
from nextcloud_mcp_server.core.errors import BadAnswer, InvalidValue, NotFound, NotPermitted
from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("calendar")
T = TypeVar("T")
Found = tuple[Occurrence, Calendar]

Categories = Annotated[str | None, Field(description="Comma-separated.")]
Reminders = list[Reminder] | None
NewReminders = Annotated[
    list[Reminder] | None,
    WithJsonSchema({"type": "array", "items": {"type": "object"}, "description": "Replaces all; as when creating, or as read."}),
]
RangeStart = Annotated[str | None, Field(description="Date or ISO time in the user's zone.")]
RangeEnd = Annotated[str | None, Field(description="Inclusive.")]
Occurring = Annotated[str | None, Field(description="As listed: only this one of a series.")]
EventStatus = Annotated[str, OneOf(("CONFIRMED", "TENTATIVE", "CANCELLED"))]
Privacy = Annotated[str, OneOf(("PUBLIC", "PRIVATE", "CONFIDENTIAL"))]
TodoStatus = Annotated[str, OneOf(("NEEDS-ACTION", "IN-PROCESS", "COMPLETED", "CANCELLED"))]
Priority = Annotated[int, within(0, 9), Field(description="1 highest, 0 none.")]


def picked(kind: type[Any], given: Mapping[str, Any]) -> Any:
    """`kind` made of those of a tool's arguments that are its fields."""
    return kind(**{field.name: given[field.name] for field in fields(kind) if field.name in given})


def required(name: str, value: str | None) -> str:
    if not value or not value.strip():
        raise InvalidValue(f"{name} is required and missing.")
    return value


async def chosen(client: Calendars, name: str | None, kind: Kind) -> list[Calendar]:
    """The calendar of that name, or every one that can hold that kind."""
    if name:
        return [await client.named(name)]
    return [one for one in await client.all() if kind in one.components]


async def gather(
    client: Calendars,
    calendars: Iterable[Calendar],
    kind: Kind,
    span: Span | None,
    take: Callable[[CalendarObject, Calendar], Iterable[T]],
) -> tuple[list[T], list[str]]:
    """Reads calendars at the same time, taking from each object as it arrives; says which could not be read and why.

    One calendar alone raises its error.
    """

    async def read(calendar: Calendar) -> list[T]:
        found = await client.objects(calendar.name, kind, lambda opened: list(take(opened, calendar)), span)
        return [one for some in found for one in some]

    every = list(calendars)
    answers = await asyncio.gather(*(read(one) for one in every), return_exceptions=len(every) > 1)
    items: list[T] = []
    problems: list[str] = []
    for calendar, answer in zip(every, answers, strict=True):
        if isinstance(answer, BadAnswer | NotFound | NotPermitted):
            problems.append(f"{calendar.name}: {answer.message}")
        elif isinstance(answer, BaseException):
            raise answer
        else:
            items += answer
    return items, problems


async def happening(client: Calendars, calendars: Iterable[Calendar], span: Span, here: tzinfo) -> tuple[list[Found], list[str]]:
    """The occurrences of events within the span with their calendars, in order."""

    def take(opened: CalendarObject, calendar: Calendar) -> Iterable[Found]:
        return ((one, calendar) for one in occurrences(opened, span, here))

    found, problems = await gather(client, calendars, "VEVENT", span, take)
    return sorted(found, key=lambda each: (each[0].instants(here), each[0].stored.uid)), problems


def noted(problems: list[str]) -> dict[str, Any]:
    """The field of an answer that names calendars left out."""
    return {"not_read": problems} if problems else {}
