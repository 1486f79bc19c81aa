"""What background sync makes of listings that fail, storage that changes by itself and what is hidden by tag; on the sandbox."""

import re
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

import pytest
from aiohttp import web

from nextcloud_mcp_server.apps.calendar.source import event_source
from nextcloud_mcp_server.apps.contacts.source import ContactsSource
from nextcloud_mcp_server.apps.cookbook.source import CookbookSource
from nextcloud_mcp_server.apps.deck.source import DeckSource
from nextcloud_mcp_server.apps.files.source import FilesSource
from nextcloud_mcp_server.apps.notes.source import NotesSource
from nextcloud_mcp_server.apps.tables.source import TablesSource
from nextcloud_mcp_server.core.documents import IndexSource
from nextcloud_mcp_server.core.errors import NextcloudError
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_sandbox import faults
from nextcloud_sandbox.server import Running, running
from nextcloud_sandbox.tree.nodes import Node
from tests.contract.test_files.conftest import TAG, again, tag
from tests.support.assistant import Assistant, session
from tests.support.follower import Follower

LONG_AGO = 1_700_000_000
MAKERS: dict[str, Callable[[Session], IndexSource]] = {
    "/apps/notes/api": NotesSource,
    "/remote.php/dav/files": FilesSource,
    "/remote.php/dav/calendars": event_source,
    "/remote.php/dav/addressbooks": ContactsSource,
    "/apps/deck/api": DeckSource,
    "/apps/cookbook/api": CookbookSource,
    "/apps/tables/api": TablesSource,
}


@dataclass
class Place:
    sandbox: Running
    alice: Assistant
    later: Callable[[float], None]


@pytest.fixture
async def place() -> AsyncGenerator[Place]:
    """A sandbox with its demo data."""
    ahead = [-3600.0]

    def later(seconds: float) -> None:
        ahead[0] += seconds

    async with running(clock=lambda: time.time() + ahead[0]) as sandbox:
        person = session(sandbox.url, "alice", "alice")
        await person.uid()
        yield Place(sandbox, Assistant(person), later)
        await person.transport.aclose()


def failing(path: str) -> faults.PathFault:
    return faults.answer(path, 500)


FAULTS: dict[str, Callable[[str], faults.PathFault]] = {"cut": faults.cut_off, "page": faults.html_for_json, "500": failing}


@pytest.mark.parametrize("path", MAKERS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_listing_that_fails_drops_nothing_and_the_next_one_goes_on(place: Place, path: str, fault: str) -> None:
    follower = Follower(MAKERS[path](place.alice.session), only="none is read")
    await follower.scan()
    known = dict(follower.stored)
    assert known
    follower.state = None
    place.sandbox.sandbox.faults.append(FAULTS[fault](path))
    with pytest.raises(NextcloudError):
        await follower.scan()
    assert follower.stored.keys() == known.keys()
    again = await follower.scan()
    assert (again.dropped, follower.stored.keys()) == (set(), known.keys())


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_a_calendar_that_cannot_be_read_stays_as_it_was_and_the_others_go_on(place: Place, status: int) -> None:
    name = "one"
    await place.alice.call("nc_calendar_manage_calendar", action="create", calendar_name=name)
    day = {"start_datetime": "2026-12-01T10:00:00Z", "end_datetime": "2026-12-01T11:00:00Z"}
    await place.alice.call("nc_calendar_create_event", calendar_name=name, title="before", **day)
    events = Follower(event_source(place.alice.session))
    await events.scan()
    known = set(events.stored)
    for calendar in (name, "personal"):
        await place.alice.call("nc_calendar_create_event", calendar_name=calendar, title=f"new in {calendar}", **day)
    place.sandbox.sandbox.faults.append(faults.answer(f"/calendars/alice/{name}/$", status, method="REPORT", times=None))
    scan = await events.scan()
    assert (scan.dropped, events.titles("new in")) == (set(), ["new in personal"])
    assert known < set(events.stored)
    place.sandbox.sandbox.faults.clear()
    await events.scan()
    assert events.titles("new in") == [f"new in {name}", "new in personal"]


async def test_a_long_list_of_contacts_is_followed_to_its_end(place: Place) -> None:
    await place.alice.call("nc_contacts_create_addressbook", name="many", display_name="Many")
    for number in range(5):
        await place.alice.call("nc_contacts_create_contact", addressbook="many", contact_data={"fn": f"Person {number}"}, uid=f"u{number}")
    level, limited = rb"(<(\w+):sync-level>1</\w+:sync-level>)", rb"\1<\2:limit><\2:nresults>2</\2:nresults></\2:limit>"
    asked: list[bytes] = []

    async def cut(request: web.Request) -> None:
        """Nextcloud's own limit, which is 2,500."""
        request._read_bytes = re.sub(level, limited, await request.read())  # pyright: ignore[reportPrivateUsage]
        asked.append(request._read_bytes)  # pyright: ignore[reportPrivateUsage]

    place.sandbox.sandbox.faults.append(faults.PathFault("/addressbooks/users/alice/many/$", cut, "REPORT", None))
    contacts = Follower(ContactsSource(place.alice.session))
    await contacts.scan()
    assert len(contacts.titles("Person")) == 5
    assert sum(b"nresults" in body for body in asked) == 3


async def test_external_storage_is_looked_at_every_time_and_may_be_away(place: Place) -> None:
    files, alice = place.sandbox.sandbox.files("alice"), place.alice
    disk = files.mkdir("/disk", parents=True).node
    files.write("/disk/in/deep.txt", b"one", parents=True, mtime=LONG_AGO)
    place.later(60)
    home = files.root.children
    assert home is not None
    del home["disk"]
    disk.parent = None
    files.mount("/Disk", disk, "external")
    follower = Follower(FilesSource(alice.session), only="deep.txt")
    await follower.scan()
    [deep] = [document for document in follower.documents.values() if document.title == "deep.txt"]
    node = find(disk, "in", "deep.txt")
    node.content, node.etag = b"three", "changed-on-the-disk"
    await follower.scan()
    assert follower.documents[deep.id].text == "three"
    place.sandbox.sandbox.faults.append(faults.answer("/files/alice/Disk", 503, times=None))
    scan = await follower.scan()
    assert scan.dropped == set()
    assert deep.id in follower.stored
    place.sandbox.sandbox.faults.clear()
    files.unmount("/Disk")
    assert (await follower.scan()).dropped == {deep.id}


def find(node: Node, *names: str) -> Node:
    for name in names:
        assert node.children is not None
        node = node.children[name]
    return node


async def test_what_an_administrator_hides_leaves_the_index_though_no_folder_changed(place: Place) -> None:
    for path in ("vault", "vault/deep"):
        await place.alice.call("nc_webdav_create_directory", path=path)
    for path in ("open.txt", "secret.txt", "vault/deep/file.txt"):
        await place.alice.call("nc_webdav_write_file", path=path, content="words")
    limited = again(place.alice, TAG).session
    follower = Follower(FilesSource(limited), only="none is read")
    await follower.scan()
    every = {document.path: id for id, document in follower.documents.items()}
    assert {"open.txt", "secret.txt", "vault/deep/file.txt"} <= every.keys()
    hidden = {every["secret.txt"], every["vault/deep/file.txt"]}
    for path in ("secret.txt", "vault"):
        await tag(place.alice, path, TAG)
    follower.source = FilesSource(again(place.alice, TAG).session)
    assert await follower.source.readable(list(every.values())) == set(every.values()) - hidden
    scan = await follower.scan()
    assert scan.dropped == hidden
    assert [document async for document in follower.source.fetch(list(hidden))] == []
    await place.alice.call("nc_webdav_tag_file", path="secret.txt", remove=[TAG])
    follower.source = FilesSource(again(place.alice, TAG).session)
    assert every["secret.txt"] in (await follower.scan()).changed
