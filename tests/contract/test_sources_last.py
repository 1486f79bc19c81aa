"""The last thing of an app that somebody deletes leaves the index too, and a list that is empty by mistake takes nothing out of it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

import pytest

from nextcloud_mcp_server.apps.calendar.source import event_source
from nextcloud_mcp_server.apps.contacts.source import ContactsSource
from nextcloud_mcp_server.apps.cookbook.source import CookbookSource
from nextcloud_mcp_server.apps.deck.source import DeckSource
from nextcloud_mcp_server.apps.files.source import FilesSource
from nextcloud_mcp_server.apps.notes.source import NotesSource
from nextcloud_mcp_server.apps.tables.source import TablesSource
from nextcloud_mcp_server.core.documents import IndexSource, Listing
from nextcloud_sandbox.server import running
from tests.support import calendars
from tests.support.assistant import Assistant, session
from tests.support.follower import Follower

TABLES = "/index.php/apps/tables/api/1"
Undo = Callable[[], Awaitable[Any]]


@pytest.fixture
async def newcomer() -> AsyncGenerator[Assistant]:
    """Somebody who has nothing yet."""
    async with running(seed=False) as box:
        box.sandbox.add_user("nora", "nora", "Nora")
        person = session(box.url, "nora", "nora")
        yield Assistant(person)
        await person.transport.aclose()


async def note(nora: Assistant) -> Undo:
    made = await nora.call("nc_notes_create_note", title="Only", content="words", category="")
    return lambda: nora.call("nc_notes_delete_note", note_id=made["id"])


async def file(nora: Assistant) -> Undo:
    await nora.call("nc_webdav_write_file", path="only.txt", content="words")
    return lambda: nora.call("nc_webdav_delete_resource", path="only.txt")


async def recipe(nora: Assistant) -> Undo:
    made = await nora.call("nc_cookbook_create_recipe", name="Only")
    return lambda: nora.call("nc_cookbook_delete_recipe", recipe_id=made["id"])


async def card(nora: Assistant) -> Undo:
    board = await nora.call("deck_create_board", title="Only", color="0087c5")
    stack = await nora.call("deck_create_stack", board_id=board["id"], title="To do", order=1)
    await nora.call("deck_create_card", board_id=board["id"], stack_id=stack["id"], title="Only")
    return lambda: nora.call("deck_delete_board", board_id=board["id"], confirm=True)


async def row(nora: Assistant) -> Undo:
    fields = {"title": "Only", "template": "custom"}
    table = (await nora.session.request("POST", f"{TABLES}/tables", what="a table", json=fields)).json()
    column = {"baseNodeId": table["id"], "baseNodeType": "table", "title": "Name", "subtype": "line"}
    await nora.session.ocs("POST", "/apps/tables/api/2/columns/text", what="a column", json=column)
    await nora.call("nc_tables_insert_row", table_id=table["id"], data={"Name": "Only"})
    return lambda: nora.session.request("DELETE", f"{TABLES}/tables/{table['id']}", what="the table")


async def contact(nora: Assistant) -> Undo:
    await nora.call("nc_contacts_create_addressbook", name="only", display_name="Only")
    await nora.call("nc_contacts_create_contact", addressbook="only", contact_data={"fn": "Only One"})
    return lambda: nora.call("nc_contacts_delete_addressbook", name="only")


async def event(nora: Assistant) -> Undo:
    name = await calendars.fresh(nora)
    start, end = "2026-12-01T10:00", "2026-12-01T11:00"
    await nora.call("nc_calendar_create_event", calendar_name=name, title="Only", start_datetime=start, end_datetime=end)
    return lambda: calendars.purge(nora, name)


CASES: Sequence[tuple[Callable[[Any], IndexSource], Callable[[Assistant], Awaitable[Undo]]]] = (
    (NotesSource, note),
    (FilesSource, file),
    (CookbookSource, recipe),
    (DeckSource, card),
    (TablesSource, row),
    (ContactsSource, contact),
    (event_source, event),
)


@pytest.mark.parametrize(("make", "create"), CASES, ids=[create.__name__ for _, create in CASES])
async def test_the_last_one_goes_with_the_next_scan(
    make: Callable[[Any], IndexSource], create: Callable[[Assistant], Awaitable[Undo]], newcomer: Assistant
) -> None:
    things = Follower(make(newcomer.session))
    delete = await create(newcomer)
    await things.scan()
    assert len(things.stored) >= 1
    await delete()
    await things.scan()
    assert things.stored == {}
    assert (await things.scan()).withheld is None


@pytest.mark.parametrize(("make", "create"), CASES, ids=[create.__name__ for _, create in CASES])
async def test_a_list_that_is_empty_by_mistake_takes_nothing_out(
    make: Callable[[Any], IndexSource], create: Callable[[Assistant], Awaitable[Undo]], newcomer: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = Follower(make(newcomer.session))
    await create(newcomer)
    await things.scan()
    before = dict(things.stored)
    kind = type(things.source)

    async def nothing(_self: object, _since: object) -> Listing:
        return Listing((), {})

    with monkeypatch.context() as mistaken:
        mistaken.setattr(kind, "list", nothing)
        scan = await things.scan()
    assert (scan.dropped, scan.withheld) == (set(), "the listing was empty where documents were")
    assert set(things.stored) == set(before)
    assert (await things.scan()).dropped == set()
