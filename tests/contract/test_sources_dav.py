"""What background sync sees of events, tasks and contacts, on a Nextcloud."""

from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest

from nextcloud_mcp_server.apps.calendar.source import event_source, task_source
from nextcloud_mcp_server.apps.contacts.source import ContactsSource
from nextcloud_mcp_server.nextcloud import collections
from nextcloud_mcp_server.nextcloud.session import segment
from tests.support import calendars
from tests.support.assistant import Assistant, ToolFailed
from tests.support.follower import Follower

XML = {"Content-Type": "application/xml; charset=utf-8"}


@pytest.fixture(autouse=True)
def each_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events and tasks share one look at the calendars of a moment ago, which may be before the test's own change."""
    monkeypatch.setattr(collections, "SAME_SCAN", 0.0)


def ics(uid: str, *lines: str, kind: str = "VEVENT") -> str:
    body = "\r\n".join(lines)
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:{kind}\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{body}\r\n"
        f"END:{kind}\r\nEND:VCALENDAR\r\n"
    )


def event(uid: str, title: str, *lines: str) -> str:
    return ics(uid, f"SUMMARY:{title}", "DTSTART:20261201T100000Z", "DTEND:20261201T110000Z", *lines)


@pytest.fixture
async def calendar(alice: Assistant) -> AsyncGenerator[str]:
    name = await calendars.fresh(alice)
    yield name
    await calendars.purge(alice, name)


@pytest.fixture
async def book(alice: Assistant, name: str) -> AsyncGenerator[str]:
    await alice.call("nc_contacts_create_addressbook", name=name, display_name=name)
    yield name
    with suppress(ToolFailed):
        await alice.call("nc_contacts_delete_addressbook", name=name)


async def share(owner: Assistant, kind: str, name: str, user: str, *, on: bool = True) -> None:
    """Shares a calendar or address book, or takes it back."""
    href = f"<d:href>principal:principals/users/{segment(user)}</d:href>"
    what = f"<oc:set>{href}<oc:read-write/></oc:set>" if on else f"<oc:remove>{href}</oc:remove>"
    body = f'<oc:share xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">{what}</oc:share>'
    path = f"/remote.php/dav/{kind}/{segment(await owner.session.uid())}/{segment(name)}/"
    await owner.session.request("POST", path, what="the share", headers=XML, data=body.encode())


async def test_an_event_says_what_people_search_for(alice: Assistant, calendar: str) -> None:
    events = Follower(event_source(alice.session))
    me = await alice.session.uid()
    more = ("LOCATION:Room 7", "DESCRIPTION:Budget for the roof", "ATTENDEE;CN=Carla Diaz:mailto:carla@example.test", "CATEGORIES:Work")
    await calendars.put(alice, calendar, "one.ics", event("u-one", "Planning", *more, "RRULE:FREQ=WEEKLY;BYDAY=TU"))
    await events.scan()
    found = events.documents[f"{me}/{calendar}/one.ics"]
    assert (found.title, found.tags, found.owner, found.readers) == ("Planning", ("Work",), me, frozenset({me}))
    assert "Tuesday 1 December 2026 (2026-12-01), 10:00 to 11:00 UTC" in found.text
    assert "Repeats every week on Tuesday" in found.text
    for part in ("Room 7", "Budget for the roof", "Carla Diaz <carla@example.test>"):
        assert part in found.text
    assert "/apps/calendar/edit/" in (events.source.link(found.id, found.extra) or "")


async def test_an_event_is_followed_through_its_life(alice: Assistant, calendar: str) -> None:
    events, me = Follower(event_source(alice.session)), await alice.session.uid()
    other = await calendars.fresh(alice)
    id, moved = f"{me}/{calendar}/one.ics", f"{me}/{other}/one.ics"
    both = (id, moved)
    try:
        await calendars.put(alice, calendar, "one.ics", event(f"{calendar}-1", "first"))
        await events.scan()
        assert (await events.scan()).among(both).changed == set()
        await calendars.put(alice, calendar, "one.ics", event(f"{calendar}-1", "second"))
        scan = (await events.scan()).among(both)
        assert (scan.changed, scan.dropped, events.documents[id].title) == ({id}, set(), "second")
        destination = f"{alice.session.transport.address.base}{await calendars.path(alice, other, 'one.ics')}"
        path = await calendars.path(alice, calendar, "one.ics")
        await alice.session.request("MOVE", path, what="the event", headers={"Destination": destination})
        scan = (await events.scan()).among(both)
        assert (scan.changed, scan.dropped) == ({moved}, {id})
        await alice.call("nc_calendar_delete_event", calendar_name=other, event_uid=f"{calendar}-1")
        assert await events.source.readable([*both]) == frozenset()
        scan = (await events.scan()).among(both)
        assert (scan.changed, scan.dropped) == (set(), {moved})
        await alice.call("nc_calendar_restore_event", uid=f"{calendar}-1")
        scan = (await events.scan()).among(both)
        assert (scan.changed, events.documents[moved].title) == ({moved}, "second")
    finally:
        await calendars.purge(alice, other)
    assert (await events.scan()).among(both).dropped == {moved}


async def test_events_and_tasks_are_told_apart(alice: Assistant, calendar: str) -> None:
    me = await alice.session.uid()
    await calendars.put(alice, calendar, "event.ics", event(f"{calendar}-e", "an event"))
    task = ics(f"{calendar}-t", "SUMMARY:Water the plants", "DUE:20261224T180000Z", "STATUS:NEEDS-ACTION", kind="VTODO")
    await calendars.put(alice, calendar, "task.ics", task)
    events, tasks = Follower(event_source(alice.session)), Follower(task_source(alice.session))
    await events.scan()
    await tasks.scan()
    assert f"{me}/{calendar}/event.ics" in events.stored
    assert f"{me}/{calendar}/task.ics" not in events.stored
    found = tasks.documents[f"{me}/{calendar}/task.ics"]
    assert f"{me}/{calendar}/event.ics" not in tasks.stored
    assert "Due Thursday 24 December 2026 (2026-12-24), 18:00 UTC" in found.text
    assert "State: needs action" in found.text
    assert (tasks.source.link(found.id, {}) or "").endswith(f"/apps/tasks/calendars/{calendar}/tasks/task.ics")
    await alice.call("nc_calendar_delete_todo", calendar_name=calendar, todo_uid=f"{calendar}-t")
    scan = (await tasks.scan()).among([found.id])
    assert scan.dropped == {found.id}


async def test_a_token_that_is_refused_leads_to_a_whole_listing(alice: Assistant, calendar: str) -> None:
    events, me = Follower(event_source(alice.session)), await alice.session.uid()
    for number in range(3):
        await calendars.put(alice, calendar, f"{number}.ics", event(f"{calendar}-{number}", f"number {number}"))
    await events.scan()
    for token in ("garbage", "http://sabre.io/ns/sync/999999999"):
        await calendars.put(alice, calendar, "0.ics", event(f"{calendar}-0", f"after {token}"))
        events.stored[f"{me}/{calendar}/gone.ics"] = events.stored[f"{me}/{calendar}/1.ics"]
        assert events.state is not None
        events.state["tokens"][f"{me}/{calendar}"] = token
        scan = await events.scan()
        assert scan.among([f"{me}/{calendar}/{number}.ics" for number in range(3)]).changed == {f"{me}/{calendar}/0.ics"}
        assert f"{me}/{calendar}/gone.ics" in scan.dropped


async def test_a_shared_calendar_is_its_owners_for_both_and_hides_what_is_private(alice: Assistant, bob: Assistant, calendar: str) -> None:
    me, other = await alice.session.uid(), await bob.session.uid()
    open_id, private_id, secret_id = (f"{me}/{calendar}/{name}.ics" for name in ("open", "private", "secret"))
    everything = (open_id, private_id, secret_id)
    await calendars.put(alice, calendar, "open.ics", event(f"{calendar}-o", "open"))
    await calendars.put(alice, calendar, "private.ics", event(f"{calendar}-p", "private", "CLASS:PRIVATE"))
    await calendars.put(alice, calendar, "secret.ics", event(f"{calendar}-s", "secret plan", "CLASS:CONFIDENTIAL"))
    mine, theirs = Follower(event_source(alice.session)), Follower(event_source(bob.session))
    await theirs.scan()
    assert await theirs.source.readable(everything) == frozenset()
    await share(alice, "calendars", calendar, other)
    await mine.scan()
    assert mine.documents[open_id].readers == {me, other}
    assert mine.documents[secret_id].readers == mine.documents[private_id].readers == {me}
    await theirs.scan()
    assert set(everything) & set(theirs.stored) == {open_id}
    assert (theirs.documents[open_id].owner, theirs.documents[open_id].text) == (me, mine.documents[open_id].text)
    assert await theirs.source.readable(everything) == {open_id}
    assert await mine.source.readable(everything) == set(everything)
    await share(alice, "calendars", calendar, other, on=False)
    assert await theirs.source.readable(everything) == frozenset()
    scan = (await theirs.scan()).among(everything)
    assert (scan.changed, scan.dropped) == (set(), {open_id})


async def test_one_calendar_that_is_gone_hides_no_readable_event(alice: Assistant, calendar: str) -> None:
    me, events = await alice.session.uid(), event_source(alice.session)
    await calendars.put(alice, calendar, "one.ics", event(f"{calendar}-1", "here"))
    asked = [f"{me}/{calendar}/one.ics", f"{me}/no-such-calendar/one.ics", f"{me}/{calendar}/none.ics", "nobody/personal/x.ics", "x"]
    assert await events.readable(asked) == {f"{me}/{calendar}/one.ics"}


async def test_calendars_that_deck_generates_are_left_out(alice: Assistant, name: str) -> None:
    board = (await alice.call("deck_create_board", title=name, color="0800fd"))["id"]
    try:
        stack = (await alice.call("deck_create_stack", board_id=board, title="To do", order=1))["id"]
        await alice.call("deck_create_card", board_id=board, stack_id=stack, title=name, duedate="2026-12-24T10:00:00+00:00")
        tasks = Follower(task_source(alice.session))
        await tasks.scan()
        assert tasks.titles(name) == []
    finally:
        await alice.session.request("DELETE", f"/index.php/apps/deck/api/v1.1/boards/{board}", what="the board")


async def test_a_contact_is_followed_through_its_life(alice: Assistant, book: str) -> None:
    contacts, me = Follower(ContactsSource(alice.session)), await alice.session.uid()
    data = {"fn": "Zoe Quist", "email": "zoe@example.test", "org": "Roofers", "note": "Met in Lyon", "tel": "+33 1 23"}
    uid = (await alice.call("nc_contacts_create_contact", addressbook=book, contact_data=data))["uid"]
    id = f"{me}/{book}/{uid}.vcf"
    await contacts.scan()
    found = contacts.documents[id]
    assert (found.title, found.owner) == ("Zoe Quist", me)
    for part in ("zoe@example.test", "Organization: Roofers", "Met in Lyon", "+33 1 23"):
        assert part in found.text
    assert "/apps/contacts/direct/contact/" in (contacts.source.link(id, found.extra) or "")
    assert (await contacts.scan()).among([id]).changed == set()
    await alice.call("nc_contacts_update_contact", addressbook=book, uid=uid, contact_data={"note": "Moved to Nice"})
    assert (await contacts.scan()).among([id]).changed == {id}
    assert "Moved to Nice" in contacts.documents[id].text
    await alice.call("nc_contacts_delete_contact", addressbook=book, uid=uid)
    assert await contacts.source.readable([id]) == frozenset()
    assert (await contacts.scan()).among([id]).dropped == {id}


async def test_a_shared_address_book_is_its_owners_for_both(alice: Assistant, bob: Assistant, book: str) -> None:
    me, other = await alice.session.uid(), await bob.session.uid()
    uid = (await alice.call("nc_contacts_create_contact", addressbook=book, contact_data={"fn": "Zoe Quist"}))["uid"]
    id = f"{me}/{book}/{uid}.vcf"
    theirs = Follower(ContactsSource(bob.session))
    await theirs.scan()
    assert id not in theirs.stored
    assert await theirs.source.readable([id]) == frozenset()
    await share(alice, "addressbooks/users", book, other)
    await theirs.scan()
    assert theirs.documents[id].owner == me
    assert await theirs.source.readable([id]) == {id}
    await share(alice, "addressbooks/users", book, other, on=False)
    assert await theirs.source.readable([id]) == frozenset()
    assert (await theirs.scan()).among([id]).dropped == {id}


async def test_generated_address_books_are_left_out(alice: Assistant) -> None:
    contacts = Follower(ContactsSource(alice.session))
    await contacts.scan()
    assert not [id for id in contacts.stored if "generated--" in id]
