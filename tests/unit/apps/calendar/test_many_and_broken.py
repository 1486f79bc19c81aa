"""Listings of every size, odd objects, and answers that real servers gave."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nextcloud_mcp_server.apps.calendar.client import Calendars
from nextcloud_mcp_server.apps.calendar.edit import Author
from nextcloud_mcp_server.apps.calendar.homes import calendar_of
from nextcloud_mcp_server.apps.calendar.models import Calendar
from nextcloud_mcp_server.apps.calendar.objects import CalendarObject, Kind
from nextcloud_mcp_server.apps.calendar.times import Span
from nextcloud_mcp_server.apps.calendar.tools.bulk import nc_calendar_bulk_operations
from nextcloud_mcp_server.apps.calendar.tools.events import nc_calendar_list_events
from nextcloud_mcp_server.apps.calendar.tools.todos import nc_calendar_list_todos, nc_calendar_search_todos
from nextcloud_mcp_server.apps.calendar.wire import free_busy_replies
from nextcloud_mcp_server.core.errors import BadAnswer, Changed, NextcloudError, NotFound
from nextcloud_mcp_server.core.tools import Progress
from nextcloud_mcp_server.nextcloud.dav import parse_multistatus
from nextcloud_mcp_server.nextcloud.objects import Stored
from tests.support.assistant import session

CAPTURES = Path(__file__).parents[3] / "captures" / "caldav"


class Kept(Calendars):
    """Calendars that hold these texts and answer no request."""

    texts: dict[str, list[str]]
    broken: dict[str, NextcloudError]

    async def here(self) -> Any:
        return ZoneInfo("Europe/Berlin")

    async def all(self) -> list[Calendar]:
        return [Calendar(name=name, display_name=name.title(), components=["VEVENT", "VTODO"]) for name in (*self.texts, *self.broken)]

    async def objects(self, calendar: str, kind: Kind, take: Callable[[CalendarObject], Any], span: Span | None = None) -> list[Any]:
        if calendar in self.broken:
            raise self.broken[calendar]
        made: list[Any] = []
        for number, text in enumerate(self.texts[calendar]):
            with suppress(BadAnswer):
                made.append(take(CalendarObject.of(Stored(calendar, f"{number}.ics", f"e{number}", text), kind)))
        return made

    async def author(self) -> Author:
        return Author(await self.here())

    async def exact(self, opened: CalendarObject) -> CalendarObject:
        return opened

    async def save(self, changed: CalendarObject, etag: str | None = None) -> int:
        if changed.uid == "3":
            raise Changed("Event '3' was modified by someone else.")
        return 204


class Told(Progress):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[tuple[float, float | None]] = []

    async def __call__(self, done: float, total: float | None = None, message: str | None = None) -> None:
        self.said.append((done, total))


def kept(texts: dict[str, list[str]], broken: dict[str, NextcloudError] | None = None) -> Kept:
    person = session("http://nowhere.invalid", "alice", "x")
    person.user_id = "alice"
    made = Kept(person)
    object.__setattr__(made, "texts", texts)
    object.__setattr__(made, "broken", broken or {})
    return made


def text_of(number: int, kind: str = "VEVENT") -> str:
    name = "DTSTART" if kind == "VEVENT" else "DUE"
    when = f"{name}:2027{number % 12 + 1:02}04T100000Z"
    return f"BEGIN:VCALENDAR\nBEGIN:{kind}\nUID:{number}\nSUMMARY:n{number:05}\n{when}\nEND:{kind}\nEND:VCALENDAR\n"


@pytest.mark.parametrize("size", [0, 25, 26, 10_000])
async def test_a_listing_of_any_size_comes_in_pages(size: int) -> None:
    client = kept({"work": [text_of(number) for number in range(size)]})
    first = await nc_calendar_list_events(client, calendar_name="work", start_date="2027-01-01", end_date="2027-12-31")
    assert (len(first.items), first.total) == (min(size, 25), size)
    assert (first.next_cursor is None) == (size <= 25)
    last = await nc_calendar_list_events(client, calendar_name="work", title_contains=f"n{size - 1:05}", limit=1)
    assert [one.uid for one in last.items] == ([str(size - 1)] if size else [])


@pytest.mark.parametrize("size", [0, 25, 26, 10_000])
async def test_tasks_of_any_number_come_in_pages(size: int) -> None:
    client = kept({"work": [text_of(number, "VTODO") for number in range(size)]})
    first = await nc_calendar_list_todos(client, calendar_name="work")
    assert (len(first.items), first.total, first.next_cursor is None) == (min(size, 25), size, size <= 25)


async def test_a_calendar_that_cannot_be_read_is_named_and_the_others_are_shown() -> None:
    client = kept({"work": [text_of(1)]}, {"sick": BadAnswer("Nextcloud failed on it.")})
    page = await nc_calendar_list_events(client, search_all_calendars=True)
    assert [one.uid for one in page.items] == ["1"]
    assert page.also["not_read"] == ["sick: Nextcloud failed on it."]
    with pytest.raises(BadAnswer):
        await nc_calendar_list_events(client, calendar_name="sick")
    assert (await nc_calendar_search_todos(kept({"work": []}, {"gone": NotFound("x")}))).total == 0


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "<html>",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\n",
        "BEGIN:VCALENDAR\nEND:VEVENT\nEND:VCALENDAR\n",
        "BEGIN:VCALENDAR\nBEGIN:VJOURNAL\nEND:VJOURNAL\nEND:VCALENDAR\n",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:never\nRRULE:x\nEND:VEVENT\nEND:VCALENDAR\n",
    ],
)
async def test_one_broken_object_does_not_hide_the_others(broken: str) -> None:
    page = await nc_calendar_list_events(
        kept({"work": [broken, text_of(7)]}), calendar_name="work", start_date="2027-01-01", end_date="2027-12-31"
    )
    assert [one.uid for one in page.items] == ["7"]


async def test_a_long_operation_tells_how_far_it_is_and_goes_on_after_a_failure() -> None:
    client, progress = kept({"work": [text_of(number) for number in range(150)]}), Told()
    answer = await nc_calendar_bulk_operations(
        client, progress, operation="update", calendar_name="work", title_contains="n", new_title="x", confirm=True
    )
    assert (answer.total_found, answer.updated_count, answer.failed_count, answer.not_shown) == (150, 149, 1, 50)
    assert (answer.results[0].uid, answer.results[0].status, answer.results[0].error) == (
        "3",
        "failed",
        "Event '3' was modified by someone else.",
    )
    assert progress.said == [(number, 150) for number in range(1, 151)]


def body(capture: str) -> bytes:
    answer = (CAPTURES / capture).read_bytes().split(b"----- RESPONSE -----", 1)[1]
    return answer.split(b"\n\n", 1)[1].strip()


def test_the_calendars_of_a_real_home_are_told_apart() -> None:
    every = [found for one in parse_multistatus(body("02-list-calendars.txt"), "x").resources if (found := calendar_of(one, "alice"))]
    by_name = {one.name: one for one in every}
    assert {"personal", "contact_birthdays"} <= by_name.keys()
    assert not {"inbox", "outbox", "trashbin", "alice"} & by_name.keys()
    assert (by_name["personal"].accepts("VEVENT"), by_name["personal"].accepts("VTODO")) == (True, False)
    assert by_name["contact_birthdays"].read_only
    decks = [one for one in every if one.name.startswith("app-generated--deck")]
    assert all((one.generated_by, one.read_only) == ("deck", True) for one in decks)


def test_free_busy_of_a_real_outbox_names_who_is_unknown() -> None:
    replies = free_busy_replies(body("48-freebusy-outbox.txt"))
    assert replies["nobody@example.net"] is None
    alice = replies["alice@example.org"]
    assert alice is not None
    assert len(alice.components("VFREEBUSY")[0].lines("FREEBUSY")) == 6
    with pytest.raises(BadAnswer):
        free_busy_replies(b'<!DOCTYPE x [<!ENTITY a "b">]><schedule-response/>')
    with pytest.raises(BadAnswer):
        free_busy_replies(b"<cut")
