"""What finding changes costs: requests as the sandbox logs them, for many things of which none or ten changed."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from email.utils import formatdate

import pytest

from nextcloud_mcp_server.apps.calendar.source import event_source, task_source
from nextcloud_mcp_server.apps.contacts.source import ContactsSource
from nextcloud_mcp_server.apps.cookbook.source import CookbookSource
from nextcloud_mcp_server.apps.deck.source import DeckSource
from nextcloud_mcp_server.apps.files.source import FilesSource
from nextcloud_mcp_server.apps.notes.source import NotesSource
from nextcloud_mcp_server.apps.tables.source import TablesSource
from nextcloud_sandbox.server import Running, running
from tests.contract.test_sources_dav import event, ics
from tests.support import calendars
from tests.support.assistant import Assistant, session
from tests.support.follower import Follower

NOTES, FOLDERS, EACH, EVENTS, CONTACTS, CARDS = 600, 40, 25, 120, 120, 60
LONG_AGO = 1_700_000_000


@dataclass
class Place:
    """A sandbox whose clock the test moves, and alice in it."""

    sandbox: Running
    alice: Assistant
    later: Callable[[float], None]

    def asked(self) -> Counter[str]:
        """The requests since the last time, by method and the beginning of their path; who is asking is asked once and does not count."""
        seen = [one for one in self.sandbox.sandbox.requests if "/cloud/" not in one.path]
        self.sandbox.sandbox.requests.clear()
        return Counter(one.method for one in seen)


@pytest.fixture
async def place() -> AsyncGenerator[Place]:
    now = [float(LONG_AGO)]

    def later(seconds: float) -> None:
        now[0] += seconds

    async with running(seed=False, clock=lambda: now[0]) as sandbox:
        person = session(sandbox.url, "alice", "alice")
        await person.uid()
        yield Place(sandbox, Assistant(person), later)
        await person.transport.aclose()


async def settled(place: Place, follower: Follower) -> None:
    """Two scans: what the first could not be sure of yet is settled."""
    await follower.scan()
    place.later(60)
    await follower.scan()
    place.later(60)
    await follower.scan()
    place.asked()


async def test_notes_without_a_change_cost_one_request(place: Place) -> None:
    files = place.sandbox.sandbox.files("alice")
    for number in range(NOTES):
        files.write(f"/Notes/{number % 9}/note {number}.md", b"words", parents=True)
    notes = Follower(NotesSource(place.alice.session))
    first = await notes.scan()
    assert len(first.changed) == NOTES
    assert first.fetching == 0
    await settled(place, notes)
    scan = await notes.scan()
    assert (scan.changed, scan.dropped, len(notes.stored)) == (set(), set(), NOTES)
    assert place.asked() == {"GET": 1}
    for number in range(10):
        files.write(f"/Notes/{number % 9}/note {number}.md", b"other words")
    files.delete("/Notes/1/note 100.md")
    place.later(10)
    scan = await notes.scan()
    assert (len(scan.changed), len(scan.dropped)) == (10, 1)
    assert place.asked() == {"GET": 1, "SEARCH": 1}


async def test_files_without_a_change_cost_one_request_and_ten_changes_about_ten(place: Place) -> None:
    files = place.sandbox.sandbox.files("alice")
    for folder in range(FOLDERS):
        for number in range(EACH):
            files.write(f"/{folder % 8}/{folder}/{number}.bin", b"x", parents=True)
    follower = Follower(FilesSource(place.alice.session), only="nothing is read")
    assert len((await follower.scan()).changed) == FOLDERS * EACH
    await settled(place, follower)
    scan = await follower.scan()
    assert (scan.changed, scan.dropped, len(follower.stored)) == (set(), set(), FOLDERS * EACH)
    assert place.asked() == {"PROPFIND": 1}
    for folder in range(10):
        files.write(f"/0/{folder * 8 % FOLDERS}/new {folder}.bin", b"x", parents=True)
    place.later(10)
    scan = await follower.scan()
    assert len(scan.changed) == 10
    assert place.asked() == {"PROPFIND": 1 + 1 + 5}


@pytest.mark.parametrize(("kind", "listed"), [("shared", 1), ("group", 2), ("external", 4)])
async def test_mounts_whose_etags_do_not_come_through_are_listed_every_time(place: Place, kind: str, listed: int) -> None:
    theirs, files = place.sandbox.sandbox.files("bob"), place.sandbox.sandbox.files("alice")
    for path in ("/all/one/a.bin", "/all/two/b.bin"):
        theirs.write(path, b"x", parents=True)
    files.write("/own/c.bin", b"x", parents=True)
    files.mount("/all", theirs.get("/all").node, kind)
    follower = Follower(FilesSource(place.alice.session), only="nothing is read")
    await settled(place, follower)
    scan = await follower.scan()
    assert (scan.changed, scan.dropped, len(follower.stored)) == (set(), set(), 3)
    assert place.asked() == {"PROPFIND": listed}


async def test_events_and_tasks_together_cost_one_request(place: Place) -> None:
    one, two = await calendars.fresh(place.alice), await calendars.fresh(place.alice)
    for number in range(EVENTS):
        await calendars.put(place.alice, one, f"{number}.ics", event(f"u-{number}", f"event {number}"))
    await calendars.put(place.alice, two, "task.ics", ics("u-task", "SUMMARY:a task", kind="VTODO"))
    place.asked()
    events, tasks = Follower(event_source(place.alice.session)), Follower(task_source(place.alice.session))
    await events.scan()
    await tasks.scan()
    assert events.state is not None
    collections = len(events.state["tokens"])
    assert place.asked() == {"PROPFIND": 1, "REPORT": collections + -(-EVENTS // 50) + 1}
    scans = [await events.scan(), await tasks.scan()]
    assert [scan.changed | scan.dropped for scan in scans] == [set(), set()]
    assert (len(events.stored), len(tasks.stored)) == (EVENTS, 1)
    assert place.asked() == {"PROPFIND": 1}
    for number in range(10):
        await calendars.put(place.alice, one, f"{number}.ics", event(f"u-{number}", f"changed {number}"))
    place.asked()
    scans = [await events.scan(), await tasks.scan()]
    assert [len(scan.changed) for scan in scans] == [10, 0]
    assert place.asked() == {"PROPFIND": 1, "REPORT": 1 + 1}


async def test_contacts_without_a_change_cost_one_request(place: Place) -> None:
    await place.alice.call("nc_contacts_create_addressbook", name="friends", display_name="Friends")
    for number in range(CONTACTS):
        await place.alice.call(
            "nc_contacts_create_contact", addressbook="friends", contact_data={"fn": f"Person {number}"}, uid=f"u{number}"
        )
    contacts = Follower(ContactsSource(place.alice.session))
    await contacts.scan()
    place.asked()
    scan = await contacts.scan()
    assert (scan.changed, scan.dropped, len(contacts.stored)) == (set(), set(), CONTACTS)
    assert place.asked() == {"PROPFIND": 1}
    for number in range(10):
        await place.alice.call("nc_contacts_update_contact", addressbook="friends", uid=f"u{number}", contact_data={"note": "new"})
    place.asked()
    assert len((await contacts.scan()).changed) == 10
    assert place.asked() == {"PROPFIND": 1, "REPORT": 1 + 1}


async def test_boards_without_a_change_cost_one_request(place: Place) -> None:
    boards = [(await place.alice.call("deck_create_board", title=f"board {number}", color="0800fd"))["id"] for number in range(6)]
    made: list[dict[str, int]] = []
    for board in boards:
        stack = (await place.alice.call("deck_create_stack", board_id=board, title="To do", order=1))["id"]
        for number in range(CARDS // len(boards)):
            card = await place.alice.call("deck_create_card", board_id=board, stack_id=stack, title=f"card {number}")
            made.append({"board_id": board, "stack_id": stack, "card_id": card["id"]})
    cards = Follower(DeckSource(place.alice.session))
    first = await cards.scan()
    assert (len(first.changed), first.fetching) == (CARDS, 0)
    await settled(place, cards)
    scan = await cards.scan()
    assert (scan.changed, scan.dropped, len(cards.stored)) == (set(), set(), CARDS)
    assert place.asked() == {"GET": 1}
    assert not any("if-modified-since" in map(str.lower, one.headers) for one in place.sandbox.sandbox.requests)
    await place.alice.call("deck_update_card", **made[0], description="changed")
    place.later(10)
    place.asked()
    scan = await cards.scan()
    assert (len(scan.changed), scan.fetching) == (1, 0)
    assert place.asked() == {"GET": 1 + 2}
    assert await cards.source.readable(list(cards.stored)) == set(cards.stored)
    place.asked()
    assert await cards.source.readable(list(cards.stored)) == set(cards.stored)
    assert place.asked() == {"GET": 1}


async def test_recipes_cost_one_request_and_tables_one_for_each_and_one(place: Place) -> None:
    for number in range(5):
        await place.alice.call("nc_cookbook_create_recipe", name=f"recipe {number}", ingredients=["salt"])
    recipes = Follower(CookbookSource(place.alice.session))
    await settled(place, recipes)
    scan = await recipes.scan()
    assert (scan.changed, scan.dropped, len(recipes.stored)) == (set(), set(), 5)
    assert place.asked() == {"GET": 1}
    path = "/index.php/apps/tables/api/1/tables"
    for number in range(3):
        body = {"title": f"table {number}", "emoji": "", "template": "todo"}
        await place.alice.session.request("POST", path, what="a table", json=body)
    tables = await place.alice.call("nc_tables_list_tables", limit=100)
    rows = Follower(TablesSource(place.alice.session))
    first = await rows.scan()
    place.asked()
    scan = await rows.scan()
    assert (scan.changed, scan.dropped, first.fetching) == (set(), set(), 0)
    assert place.asked() == {"GET": 1 + len(tables["tables"])}


async def test_what_changes_while_it_is_listed_is_never_asked_by_date(place: Place) -> None:
    """Deck answers 500 to If-Modified-Since: the sandbox does too, so that nobody begins to send it."""
    headers = {"If-Modified-Since": formatdate(LONG_AGO, usegmt=True)}
    with pytest.raises(Exception, match="500"):
        await place.alice.session.request("GET", "/index.php/apps/deck/api/v1.1/boards", what="the boards", headers=headers)
