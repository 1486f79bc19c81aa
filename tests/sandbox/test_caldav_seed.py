"""The demo data of calendars and contacts."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from nextcloud_sandbox.areas.caldav import state
from nextcloud_sandbox.areas.caldav.times import Range, occurrences
from nextcloud_sandbox.areas.caldav.validation import check
from nextcloud_sandbox.areas.carddav import state as contacts
from nextcloud_sandbox.areas.carddav.vcard import V3, V4, convert
from nextcloud_sandbox.areas.carddav.vcard import check as check_card
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.groupware.store import Item
from nextcloud_sandbox.groupware.vobject import parse
from nextcloud_sandbox.server import new_sandbox

WEDNESDAY = datetime(2027, 3, 31, 12, tzinfo=UTC)
"""In the week after the change to summer time."""


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return new_sandbox(clock=WEDNESDAY.timestamp)


def events(sandbox: Sandbox, user: str) -> list[Item]:
    return [item for view in state.active(sandbox, user) for item in view.collection.items.values() if item.kind == "VEVENT"]


def cards(sandbox: Sandbox, user: str) -> list[Item]:
    return [item for view in contacts.home(sandbox, user) for item in view.collection.items.values()]


@pytest.mark.parametrize(("user", "least"), [("alice", 20), ("bob", 8)])
def test_the_present_week_is_full_wherever_the_clock_stands(sandbox: Sandbox, user: str, least: int) -> None:
    monday = (WEDNESDAY - timedelta(days=WEDNESDAY.weekday())).replace(hour=0)
    week = Range(monday, monday + timedelta(days=7))
    assert sum(len(occurrences(item, week)) for item in events(sandbox, user)) >= least


@pytest.mark.parametrize("user", ["alice", "bob"])
def test_every_demo_object_is_one_that_the_server_would_take(sandbox: Sandbox, user: str) -> None:
    for view in state.active(sandbox, user):
        for item in view.collection.items.values():
            assert check(item.data, ["VEVENT", "VTODO"], 0.0).warning == "", item.data
    for item in cards(sandbox, user):
        assert check_card(item.data).warning == ""
        for form in (V3, V4):
            assert parse(convert(item.data, form)).value("UID") == item.uid


def test_the_demo_data_covers_what_clients_find_hard(sandbox: Sandbox) -> None:
    everything = b"".join(item.data for item in events(sandbox, "alice")).decode()
    for part in (
        "RECURRENCE-ID",
        "EXDATE",
        "TZID=America/New_York",
        "TZID=Asia/Kolkata",
        "VALUE=DATE",
        "X-WR-ALARMUID",
        "ATTENDEE",
        "CLASS:PRIVATE",
    ):
        assert part in everything
    versions = Counter(item.component.value("VERSION") for item in cards(sandbox, "alice"))
    assert min(versions["3.0"], versions["4.0"]) > 15
    assert sum(versions.values()) >= 60
    assert sum(item.component.first("PHOTO") is not None for item in cards(sandbox, "alice")) > 5


def test_tasks_lie_in_calendars_that_take_them(sandbox: Sandbox) -> None:
    for user in ("alice", "bob"):
        view = state.find(sandbox, user, "tasks")
        assert view is not None
        assert {item.kind for item in view.collection.items.values()} == {"VTODO"}


def test_the_two_users_have_different_data_and_what_they_share(sandbox: Sandbox) -> None:
    own = {user: {view.collection.id for view in state.home(sandbox, user) if not view.shared} for user in ("alice", "bob")}
    assert not own["alice"] & own["bob"]
    assert {view.uri for view in state.home(sandbox, "bob") if view.shared} == {"family_shared_by_alice"}
    assert {view.uri: view.read_only for view in state.home(sandbox, "alice") if view.shared} == {"team_shared_by_bob": True}
