"""What background sync sees of files and notes, on a Nextcloud."""

from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest

from nextcloud_mcp_server.apps.files.source import FilesSource
from nextcloud_mcp_server.apps.notes.source import NotesSource
from nextcloud_mcp_server.core.errors import NextcloudError
from nextcloud_mcp_server.nextcloud.session import path_of, segment
from tests.support.assistant import Assistant, ToolFailed
from tests.support.follower import Follower

SHARES = "/apps/files_sharing/api/v1/shares"


@pytest.fixture
async def home(alice: Assistant, name: str) -> AsyncGenerator[str]:
    """A folder of alice with a file in it and another one two folders down."""
    for path in (name, f"{name}/in", f"{name}/in/deep"):
        await alice.call("nc_webdav_create_directory", path=path)
    await alice.call("nc_webdav_write_file", path=f"{name}/top.txt", content="at the top")
    await alice.call("nc_webdav_write_file", path=f"{name}/in/deep/low.txt", content="far below")
    yield name
    with suppress(ToolFailed):
        await alice.call("nc_webdav_delete_resource", path=name)


@pytest.fixture
def files(alice: Assistant, name: str) -> Follower:
    return Follower(FilesSource(alice.session), name)


async def share(person: Assistant, path: str, user: str) -> str:
    fields = {"path": path, "shareType": "0", "shareWith": user}
    return (await person.session.ocs("POST", SHARES, what="the share", data=fields))["id"]


async def unshare(person: Assistant, share_id: str) -> None:
    await person.session.ocs("DELETE", f"{SHARES}/{share_id}", what="the share")


async def ids(person: Assistant, folder: str) -> dict[str, str]:
    """File ids by name, of everything below a folder."""
    found: dict[str, str] = {}
    listed = await person.call("nc_webdav_list_directory", path=folder, limit=500)
    for one in listed["files"]:
        if one["is_directory"]:
            found |= await ids(person, one["path"])
        else:
            found[one["name"]] = str(one["file_id"])
    return found


async def restore(person: Assistant, path: str) -> None:
    trash = await person.call("nc_webdav_list_trash", query=path, limit=1)
    await person.call("nc_webdav_restore_trash", trash_id=trash["results"][0]["trash_id"])


async def test_a_first_scan_finds_every_file_with_what_is_to_be_known_of_it(alice: Assistant, files: Follower, home: str) -> None:
    await files.scan()
    me, mine = await alice.session.uid(), await ids(alice, home)
    low = files.documents[mine["low.txt"]]
    assert (low.path, low.text, low.size, low.mime_type) == (f"{home}/in/deep/low.txt", "far below", 9, "text/plain")
    assert (low.owner, low.readers) == (me, frozenset({me}))
    assert (files.source.link(low.id, low.extra) or "").endswith(f"/f/{low.id}")


async def test_a_scan_without_a_change_finds_nothing(alice: Assistant, files: Follower, home: str) -> None:
    await files.scan()
    mine = (await ids(alice, home)).values()
    again = (await files.scan()).among(mine)
    assert (again.changed, again.dropped) == (set(), set())
    assert set(mine) <= set(files.stored)


async def test_a_change_far_below_changes_that_file_alone(alice: Assistant, files: Follower, home: str) -> None:
    await files.scan()
    mine = await ids(alice, home)
    await alice.call("nc_webdav_write_file", path=f"{home}/in/deep/low.txt", content="changed now", if_match="*")
    scan = (await files.scan()).among(mine.values())
    assert (scan.changed, scan.dropped) == ({mine["low.txt"]}, set())
    assert files.documents[mine["low.txt"]].text == "changed now"


async def test_two_writes_within_one_second_are_both_seen(alice: Assistant, files: Follower, home: str) -> None:
    mine = await ids(alice, home)
    await alice.call("nc_webdav_write_file", path=f"{home}/top.txt", content="one", if_match="*")
    await files.scan()
    address = f"/remote.php/dav/files/{segment(await alice.session.uid())}/{path_of(home)}/top.txt"
    await alice.session.request("PUT", address, what="the file", data=b"two")
    await files.scan()
    assert files.documents[mine["top.txt"]].text == "two"


async def test_a_renamed_file_is_the_same_document_at_another_path(alice: Assistant, files: Follower, home: str) -> None:
    await files.scan()
    mine = await ids(alice, home)
    await alice.call("nc_webdav_move_resource", source_path=f"{home}/top.txt", destination_path=f"{home}/in/renamed.txt")
    scan = (await files.scan()).among(mine.values())
    assert (scan.changed, scan.dropped) == ({mine["top.txt"]}, set())
    document = files.documents[mine["top.txt"]]
    assert (document.path, document.title, document.text) == (f"{home}/in/renamed.txt", "renamed.txt", "at the top")


async def test_a_moved_folder_keeps_its_documents_with_their_new_paths(alice: Assistant, files: Follower, home: str) -> None:
    await files.scan()
    mine = await ids(alice, home)
    await alice.call("nc_webdav_move_resource", source_path=f"{home}/in", destination_path=f"{home}/out")
    scan = (await files.scan()).among(mine.values())
    assert (scan.changed, scan.dropped) == ({mine["low.txt"]}, set())
    assert files.documents[mine["low.txt"]].path == f"{home}/out/deep/low.txt"


async def test_a_deleted_folder_drops_its_files_and_the_trash_gives_them_back(alice: Assistant, files: Follower, home: str) -> None:
    await files.scan()
    mine = await ids(alice, home)
    await alice.call("nc_webdav_delete_resource", path=f"{home}/in")
    scan = (await files.scan()).among(mine.values())
    assert (scan.changed, scan.dropped) == (set(), {mine["low.txt"]})
    assert await files.source.readable(list(mine.values())) == {mine["top.txt"]}
    await restore(alice, f"{home}/in")
    scan = (await files.scan()).among(mine.values())
    assert (scan.changed, scan.dropped) == ({mine["low.txt"]}, set())
    assert files.documents[mine["low.txt"]].text == "far below"


@pytest.fixture
async def own_file(bob: Assistant, name: str) -> AsyncGenerator[str]:
    """A file of bob's own, for a listing that becomes empty drops nothing."""
    await bob.call("nc_webdav_write_file", path=f"{name}-own.txt", content="bob's")
    yield f"{name}-own.txt"
    await bob.call("nc_webdav_delete_resource", path=f"{name}-own.txt")


async def test_what_is_shared_is_one_document_of_its_owner_for_both(
    alice: Assistant, bob: Assistant, files: Follower, home: str, own_file: str
) -> None:
    theirs = Follower(FilesSource(bob.session), "low.txt")
    await files.scan()
    await theirs.scan()
    mine = await ids(alice, home)
    assert not set(mine.values()) & set(theirs.stored)
    assert await theirs.source.readable(list(mine.values())) == frozenset()
    shared = await share(alice, f"/{home}/in", await bob.session.uid())
    try:
        scan = (await theirs.scan()).among(mine.values())
        assert scan.changed == {mine["low.txt"]}
        document = theirs.documents[mine["low.txt"]]
        assert (document.owner, document.text) == (await alice.session.uid(), "far below")
        assert await theirs.source.readable(list(mine.values())) == {mine["low.txt"]}
        await alice.call("nc_webdav_write_file", path=f"{home}/in/deep/low.txt", content="seen by bob", if_match="*")
        assert (await theirs.scan()).among(mine.values()).changed == {mine["low.txt"]}
        assert theirs.documents[mine["low.txt"]].text == "seen by bob"
        assert own_file in theirs.titles(own_file)
    finally:
        await unshare(alice, shared)
    scan = (await theirs.scan()).among(mine.values())
    assert (scan.changed, scan.dropped) == (set(), {mine["low.txt"]})
    assert await theirs.source.readable(list(mine.values())) == frozenset()


async def test_a_file_names_those_whom_it_or_a_folder_above_is_shared_with(
    alice: Assistant, bob: Assistant, files: Follower, home: str
) -> None:
    me, other = await alice.session.uid(), await bob.session.uid()
    mine = await ids(alice, home)
    await files.scan()
    shared = await share(alice, f"/{home}", other)
    try:
        await alice.call("nc_webdav_write_file", path=f"{home}/new.txt", content="makes the folders be listed")
        scan = (await files.scan()).among(mine.values())
        assert scan.changed == set(mine.values())
        assert files.documents[mine["low.txt"]].readers == {me, other}
        listed = files.documents[mine["low.txt"]]
        again = [document async for document in files.source.fetch([mine["low.txt"]])]
        assert (again[0].version, again[0].readers) == (listed.version, listed.readers)
    finally:
        await unshare(alice, shared)


async def test_a_file_that_was_replaced_before_it_is_read_is_not_taken_for_the_other(alice: Assistant, files: Follower, home: str) -> None:
    mine = await ids(alice, home)
    await files.source.list(None)
    [document] = [one async for one in files.source.fetch([mine["top.txt"]])]
    await alice.call("nc_webdav_delete_resource", path=f"{home}/top.txt")
    await alice.call("nc_webdav_move_resource", source_path=f"{home}/in/deep/low.txt", destination_path=f"{home}/top.txt")
    assert document.content is not None
    with pytest.raises(NextcloudError, match="changed before it was read"):
        await anext(aiter(document.content))


@pytest.fixture
async def another(alice: Assistant, name: str) -> AsyncGenerator[str]:
    """A note that stays, for a listing that becomes empty drops nothing."""
    made = await alice.call("nc_notes_create_note", title=f"{name} stays", content="here")
    yield str(made["id"])
    await alice.call("nc_notes_delete_note", note_id=made["id"])


async def test_a_note_is_followed_through_its_life(alice: Assistant, name: str, another: str) -> None:
    notes = Follower(NotesSource(alice.session))
    await notes.scan()
    made = await alice.call("nc_notes_create_note", title=name, content="first", category=f"{name}/inner")
    id = str(made["id"])
    scan = await notes.scan()
    assert id in scan.changed
    note = notes.documents[id]
    assert (note.title, note.text, note.path) == (name, "first", f"Notes/{name}/inner/{name}.md")
    assert (note.owner, note.readers) == (await alice.session.uid(), frozenset({await alice.session.uid()}))
    assert (notes.source.link(id, note.extra) or "").endswith(f"/apps/notes/note/{id}")
    await alice.call("nc_notes_update_note", note_id=made["id"], title=f"{name} two", content="second", category="")
    assert (await notes.scan()).among([id]).changed == {id}
    assert (notes.documents[id].title, notes.documents[id].text) == (f"{name} two", "second")
    assert (await notes.scan()).among([id]).changed == set()
    await alice.call("nc_notes_delete_note", note_id=made["id"])
    assert (await notes.scan()).among([id]).dropped == {id}
    assert await notes.source.readable([id]) == frozenset()
    await restore(alice, f"{name} two.md")
    scan = (await notes.scan()).among([id])
    assert (scan.changed, notes.documents[id].text) == ({id}, "second")
    await alice.call("nc_notes_delete_note", note_id=made["id"])


async def test_a_note_that_came_and_went_between_two_scans_leaves_nothing(alice: Assistant, name: str, another: str) -> None:
    notes = Follower(NotesSource(alice.session))
    await notes.scan()
    made = await alice.call("nc_notes_create_note", title=name, content="short")
    assert str(made["id"]) in (await notes.scan()).changed
    await alice.call("nc_notes_delete_note", note_id=made["id"])
    await notes.scan()
    assert str(made["id"]) not in notes.stored
    assert another in notes.stored


async def test_only_who_may_read_a_note_is_told_so(alice: Assistant, bob: Assistant, name: str) -> None:
    made = await alice.call("nc_notes_create_note", title=name, content="for two")
    id, theirs = str(made["id"]), NotesSource(bob.session)
    try:
        assert await theirs.readable([id]) == frozenset()
        trash = await alice.session.request("GET", f"/index.php/apps/notes/api/v1/notes/{id}?exclude=content", what="the note")
        shared = await share(alice, trash.json()["internalPath"], await bob.session.uid())
        assert await theirs.readable([id, "999999999", "none"]) == {id}
        [note] = [one async for one in NotesSource(alice.session).fetch([id])]
        assert note.readers == {await alice.session.uid(), await bob.session.uid()}
        await unshare(alice, shared)
        assert await theirs.readable([id]) == frozenset()
    finally:
        await alice.call("nc_notes_delete_note", note_id=made["id"])
