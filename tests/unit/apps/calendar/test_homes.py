"""Calendars as a home's listing names them, whatever it leaves out."""

import pytest

from nextcloud_mcp_server.apps.calendar.homes import calendar_of
from nextcloud_mcp_server.apps.calendar.models import Calendar
from nextcloud_mcp_server.nextcloud.dav import parse_multistatus

SPACES = (
    'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/" xmlns:oc="http://owncloud.org/ns" '
    'xmlns:n="http://nextcloud.com/ns" xmlns:i="http://apple.com/ns/ical/"'
)
ZONE = "BEGIN:VCALENDAR&#13;\nBEGIN:VTIMEZONE&#13;\nTZID:Europe/Berlin&#13;\nEND:VTIMEZONE&#13;\nEND:VCALENDAR"


def listed(props: str, kind: str = "<c:calendar/>", name: str = "work") -> Calendar | None:
    """What is made of a listing with one collection."""
    prop = f"<d:prop><d:resourcetype><d:collection/>{kind}</d:resourcetype>{props}</d:prop><d:status>HTTP/1.1 200 OK</d:status>"
    response = f"<d:response><d:href>/remote.php/dav/calendars/alice/{name}/</d:href><d:propstat>{prop}</d:propstat></d:response>"
    body = f"<d:multistatus {SPACES}>{response}</d:multistatus>".encode()
    return calendar_of(parse_multistatus(body, "the calendars").resources[0], "alice")


def test_a_calendar_of_which_nothing_is_told_takes_events_and_is_named_by_its_address() -> None:
    found = listed("", name="w%20%C3%BC")
    assert found is not None
    assert (found.name, found.display_name, found.components, found.enabled, found.owner) == ("w ü", "w ü", ["VEVENT"], True, None)
    assert found.accepts("VEVENT")


@pytest.mark.parametrize("kind", ["", "<c:schedule-inbox/>", "<c:schedule-outbox/>", "<n:trash-bin/>"])
def test_what_is_no_calendar_is_left_out(kind: str) -> None:
    assert listed("", kind) is None


@pytest.mark.parametrize(
    ("told", "zone"),
    [(ZONE, "Europe/Berlin"), ("Europe/Paris", "Europe/Paris"), ("", None), ("BEGIN:VCALENDAR\nhalf", None), ("x" * 99, None)],
)
def test_the_zone_of_a_calendar_is_read_in_every_form(told: str, zone: str | None) -> None:
    found = listed(f"<c:calendar-timezone>{told}</c:calendar-timezone>")
    assert found is not None
    assert found.timezone == zone


@pytest.mark.parametrize(
    ("props", "read_only"),
    [
        ("<d:current-user-privilege-set><d:privilege><d:read/></d:privilege></d:current-user-privilege-set>", True),
        ("<d:current-user-privilege-set><d:privilege><d:write/></d:privilege></d:current-user-privilege-set>", False),
        ("<oc:read-only>1</oc:read-only>", True),
        ("<oc:read-only></oc:read-only>", False),
        ("", False),
    ],
)
def test_what_one_may_not_write_is_read_only(props: str, read_only: bool) -> None:
    found = listed(props)
    assert found is not None
    assert (found.read_only, found.accepts("VEVENT")) == (read_only, not read_only)


def test_a_subscription_names_its_source_and_is_read_only() -> None:
    found = listed(
        "<cs:source><d:href>https://x.test/a.ics</d:href></cs:source><i:calendar-color>#12345678</i:calendar-color>", "<cs:subscribed/>"
    )
    assert found is not None
    assert (found.source, found.read_only, found.color) == ("https://x.test/a.ics", True, "#123456")


@pytest.mark.parametrize("owner", ["principals/users/bob", "<d:href>/remote.php/dav/principals/users/bob/</d:href>"])
def test_a_shared_calendar_names_its_owner_in_either_form(owner: str) -> None:
    found = listed(f"<oc:owner-principal>{owner}</oc:owner-principal>")
    assert found is not None
    assert found.owner == "bob"
