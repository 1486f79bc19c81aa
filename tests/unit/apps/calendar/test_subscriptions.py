"""A webcal subscription has events for whoever asks Nextcloud for its cache, as these tools do; without that it looks empty."""

from collections.abc import AsyncGenerator

import pytest

from tests.support.assistant import Assistant, session
from tests.support.wire import Exchange, reply, wire
from tests.unit.apps.calendar.test_faults import PERSON

XML = "application/xml; charset=utf-8"
SPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/"'
PLACE = "/remote.php/dav/calendars/alice/holidays/"
TEXT = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:may\nDTSTART;VALUE=DATE:20270501\nSUMMARY:May Day\nEND:VEVENT\nEND:VCALENDAR\n"


def multistatus(*resources: tuple[str, str]) -> bytes:
    """A reply about addresses and their properties."""
    found = "".join(
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{props}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
        "</d:response>"
        for href, props in resources
    )
    return reply(207, f'<?xml version="1.0"?><d:multistatus {SPACES}>{found}</d:multistatus>'.encode(), Content_Type=XML)


SUBSCRIPTION = (
    "<d:resourcetype><d:collection/><s:subscribed/></d:resourcetype><d:displayname>Holidays</d:displayname>"
    "<s:source><d:href>webcal://example.org/h.ics</d:href></s:source>"
)
EVENT = f'<d:getetag>"e1"</d:getetag><c:calendar-data>{TEXT}</c:calendar-data>'


def nextcloud(asked: Exchange) -> bytes:
    """Nextcloud with one subscription; its events are there for requests that ask for the cache, to be read."""
    if "/ocs/" in asked.path:
        return reply(200, PERSON)
    if asked.method == "PROPFIND":
        return multistatus((PLACE, SUBSCRIPTION))
    if asked.header("X-NC-CalDAV-Webcal-Caching") != "On":
        return multistatus() if asked.method == "REPORT" else reply(404)
    if asked.method == "REPORT":
        return multistatus((f"{PLACE}may.ics", EVENT))
    if asked.method != "GET":
        return reply(403)
    return reply(200, TEXT.encode(), ETag='"e1"')


@pytest.fixture
async def alice() -> AsyncGenerator[Assistant]:
    async with wire(nextcloud) as served:
        person = session(served.url, "alice", "secret")
        yield Assistant(person)
        await person.transport.aclose()


@pytest.mark.parametrize("where", [{"calendar_name": "holidays"}, {"search_all_calendars": True}], ids=["by name", "among all"])
async def test_its_events_are_listed(alice: Assistant, where: dict[str, object]) -> None:
    found = await alice.call("nc_calendar_list_events", start_date="2027-04-01", end_date="2027-05-31", **where)
    assert [(one["uid"], one["summary"], one["calendar_name"]) for one in found["events"]] == [("may", "May Day", "holidays")]


async def test_one_of_its_events_is_read_and_not_changed(alice: Assistant) -> None:
    place = {"calendar_name": "holidays", "event_uid": "may"}
    assert (await alice.call("nc_calendar_get_event", **place))["title"] == "May Day"
    assert "read-only" in await alice.error("nc_calendar_update_event", **place, title="Another day")
    assert "read-only" in await alice.error("nc_calendar_delete_event", **place)
