"""Calendars of their own for the contract suites, and the bytes that Nextcloud keeps."""

import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from nextcloud_mcp_server.nextcloud.session import segment
from tests.support.assistant import Assistant

if TYPE_CHECKING:
    from tests.contract.conftest import Place

ICS = {"Content-Type": "text/calendar; charset=utf-8"}
PURGE = {"X-NC-CalDAV-No-Trashbin": "1"}


def slug() -> str:
    """A calendar name that nobody else uses."""
    return f"mcp-test-{uuid.uuid4().hex[:12]}"


async def path(person: Assistant, calendar: str, name: str = "") -> str:
    return f"/remote.php/dav/calendars/{segment(await person.session.uid())}/{segment(calendar)}/{segment(name)}"


async def put(person: Assistant, calendar: str, name: str, text: str) -> None:
    """Stores a calendar object byte for byte."""
    await person.session.request("PUT", await path(person, calendar, name), what="the test's object", headers=ICS, data=text.encode())


async def get(person: Assistant, calendar: str, name: str) -> str:
    """The bytes of a calendar object."""
    return (await person.session.request("GET", await path(person, calendar, name), what="the test's object")).body.decode()


async def purge(person: Assistant, calendar: str) -> None:
    """Deletes a calendar for good."""
    await person.session.request("DELETE", await path(person, calendar), what="the test's calendar", headers=PURGE)


async def fresh(person: Assistant, **more: str) -> str:
    """A new calendar for events and tasks."""
    name = slug()
    await person.call("nc_calendar_manage_calendar", action="create", calendar_name=name, **more)
    return name


@pytest.fixture(scope="module")
async def work(place: "Place") -> AsyncGenerator[str]:
    """A calendar of alice for the tests of one module."""
    name = await fresh(place.alice)
    yield name
    await purge(place.alice, name)


def write_in_between(monkeypatch: pytest.MonkeyPatch, person: Assistant, other: Callable[[], Awaitable[Any]], before: str = "PUT") -> None:
    """Lets `other` happen right before the person's next PUT (or what `before` says), after what the tool read."""
    request = person.session.request

    async def raced(method: str, *arguments: Any, **more: Any) -> Any:
        if method == before:
            monkeypatch.undo()
            await other()
        return await request(method, *arguments, **more)

    monkeypatch.setattr(person.session, "request", raced)


def event(uid: str, *lines: str) -> str:
    """A calendar object with one event of these lines."""
    return "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//test//EN",
            "BEGIN:VEVENT",
            f"UID:{uid}",
            "DTSTAMP:20260101T000000Z",
            *lines,
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )


def task(uid: str, *lines: str) -> str:
    """A calendar object with one task of these lines."""
    return event(uid, *lines).replace("VEVENT", "VTODO")
