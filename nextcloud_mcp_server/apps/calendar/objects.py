"""A calendar object: the text Nextcloud keeps under one name, with an event or task and the exceptions of its series."""

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from functools import cached_property
from typing import Literal

from nextcloud_mcp_server.apps.calendar.times import Moment, instant, moment_at, read
from nextcloud_mcp_server.apps.calendar.zones import Zones, definition, known_zone
from nextcloud_mcp_server.core.errors import BadAnswer
from nextcloud_mcp_server.nextcloud.content_lines import Component, component, line, parse
from nextcloud_mcp_server.nextcloud.objects import Stored

Kind = Literal["VEVENT", "VTODO"]
WORD = {"VEVENT": "event", "VTODO": "task"}
NOT_STORED = Stored("", "", "", "")
YEARS_AHEAD, YEARS_OF_SERIES = 1, 12
PRODID = "-//nextcloud-mcp-server//EN"


@dataclass
class CalendarObject:
    """The text taken apart. `items` are its events (or tasks): the series itself and its exceptions (RECURRENCE-ID)."""

    root: Component
    kind: Kind
    items: list[Component]
    stored: Stored = NOT_STORED

    @classmethod
    def of(cls, stored: Stored, kind: Kind) -> "CalendarObject":
        """Raises BadAnswer for a text that holds nothing of that kind."""
        root = parse(stored.text, f"The stored {WORD[kind]}")
        items = root.components(kind)
        if not items:
            raise BadAnswer(f"A stored calendar object holds no {WORD[kind]}.")
        return cls(root, kind, items, stored)

    @classmethod
    def read(cls, text: str, kind: Kind) -> "CalendarObject":
        """A text wherever it lies. Raises BadAnswer as `of` does."""
        return cls.of(replace(NOT_STORED, text=text), kind)

    @classmethod
    def new(cls, kind: Kind, uid: str, now: str) -> "CalendarObject":
        """An object with one empty item; `now` is a UTC value."""
        item = component(kind, line("UID", uid), line("DTSTAMP", now), line("CREATED", now))
        root = component("VCALENDAR", line("VERSION", "2.0"), line("PRODID", PRODID), line("CALSCALE", "GREGORIAN"), item)
        return cls(root, kind, [item])

    def __str__(self) -> str:
        return str(self.root)

    @cached_property
    def zones(self) -> Zones:
        return Zones(self.root)

    @property
    def uid(self) -> str:
        return self.items[0].text("UID") or ""

    @property
    def calendar(self) -> str:
        """The name of the calendar it lies in."""
        return self.stored.collection

    @property
    def what(self) -> str:
        """How errors name it."""
        return f"{WORD[self.kind]} {self.uid!r}"

    @property
    def master(self) -> Component | None:
        """The series, or the single event; None where only exceptions of somebody else's series are here."""
        return next((one for one in self.items if one.first("RECURRENCE-ID") is None), None)

    @property
    def main(self) -> Component:
        return self.master or self.items[0]

    @property
    def overrides(self) -> list[Component]:
        return [one for one in self.items if one.first("RECURRENCE-ID") is not None]

    @property
    def recurring(self) -> bool:
        return any(self.main.first(name) for name in ("RRULE", "RDATE", "RECURRENCE-ID"))

    def add(self, item: Component) -> None:
        self.root.content.append(item)
        self.items.append(item)

    def drop(self, item: Component) -> None:
        self.root.content = [one for one in self.root.content if one is not item]
        self.items = [one for one in self.items if one is not item]

    def tzids(self) -> set[str]:
        """The zones that its items name."""
        return {tzid for item in self.items for one in item.lines() if (tzid := one.parameter("TZID"))}

    def define_zones(self, before: set[str]) -> None:
        """Adds the VTIMEZONE of each zone that its items name now and did not `before`, good for as long as it may recur."""
        begin, years = begin_of(self.main), YEARS_OF_SERIES if self.recurring else YEARS_AHEAD
        for name in sorted(self.tzids() - before):
            if begin and known_zone(name) and not self.zones.defines(name):
                place = next(i for i, inner in enumerate(self.root.content) if isinstance(inner, Component))
                self.root.content.insert(place, definition(name, begin.clock, years))


def begin_of(item: Component) -> Moment | None:
    """When an event begins; a task without DTSTART stands at its DUE."""
    return read(item.first("DTSTART")) or (read(item.first("DUE")) if item.name == "VTODO" else None)


def length_of(item: Component) -> timedelta | None:
    """A DURATION, if the item has one that can be read."""
    value = item.text("DURATION")
    return read_duration(value) if value else None


def read_duration(value: str) -> timedelta | None:
    """An RFC 5545 duration; None for what is none."""
    from icalendar import vDuration

    if not any(character.isdecimal() for character in value):
        return None
    try:
        return vDuration.from_ical(value.strip().upper())  # type: ignore[reportUnknownMemberType]
    except ValueError:
        return None


def end_of(item: Component, zones: Zones) -> Moment | None:
    """The exclusive end of an event, or DUE of a task; an all-day event without one ends a day after it began."""
    name = "DUE" if item.name == "VTODO" else "DTEND"
    if written := read(item.first(name)):
        return written
    begin, length = read(item.first("DTSTART")), length_of(item)
    if begin is None:
        return None
    if length is not None:
        if begin.all_day or "T" not in (item.text("DURATION") or "").upper():  # days and weeks go by the clock (RFC 5545 3.3.6)
            return begin.plus(length)
        exact = instant(begin, zones, UTC) + length
        return moment_at(exact, begin, zones, UTC)
    return begin.plus(timedelta(days=1)) if begin.all_day and item.name == "VEVENT" else None
