"""Shares made deep in folders that did not change, and texts that two apps could tell of, on a Nextcloud."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta

import pytest

from nextcloud_mcp_server.apps.files.source import FilesSource
from nextcloud_mcp_server.apps.notes.source import NotesSource
from nextcloud_mcp_server.index import plan
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.session import Policy, Session
from tests.contract.test_sources_files import home, ids, share, unshare
from tests.support.assistant import Assistant, ToolFailed
from tests.support.follower import Follower

__all__ = ["home"]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written twice within a second here, so that what was just written need not be listed again."""
    monkeypatch.setattr(plan, "SETTLING", timedelta(minutes=-1))


def ask_for_shares(files: Follower) -> None:
    """As if the last time were long ago."""
    assert files.state
    files.state["shares"]["asked"] = 0


async def test_a_share_deep_in_an_unchanged_tree_is_seen_by_its_owner_and_its_end_too(
    alice: Assistant, bob: Assistant, home: str, name: str
) -> None:
    files, me, other = Follower(FilesSource(alice.session), name), await alice.session.uid(), await bob.session.uid()
    low = (await ids(alice, home))["low.txt"]
    await files.scan()
    shared = await share(alice, f"{home}/in/deep/low.txt", other)
    ask_for_shares(files)
    scan = await files.scan()
    assert (scan.among([low]).changed, files.documents[low].readers) == ({low}, {me, other})
    assert scan.requests <= 1 + 4 + 1
    assert (await files.scan()).among([low]).changed == set()
    assert files.documents[low].readers == {me, other}
    await unshare(alice, shared)
    ask_for_shares(files)
    await files.scan()
    assert files.documents[low].readers == {me}


async def test_whoever_is_shared_something_sees_it_with_the_next_scan(alice: Assistant, bob: Assistant, home: str, name: str) -> None:
    theirs, low = Follower(FilesSource(bob.session), name), (await ids(alice, home))["low.txt"]
    await theirs.scan()
    assert low not in theirs.stored
    shared = await share(alice, f"{home}/in/deep/low.txt", await bob.session.uid())
    await theirs.scan()
    assert theirs.documents[low].owner == await alice.session.uid()
    await unshare(alice, shared)
    assert (await theirs.scan()).among([low]).dropped == {low}


async def test_a_folder_shared_in_an_unchanged_tree_gives_all_below_new_readers(
    alice: Assistant, bob: Assistant, home: str, name: str
) -> None:
    files, me, other = Follower(FilesSource(alice.session), name), await alice.session.uid(), await bob.session.uid()
    mine = await ids(alice, home)
    await files.scan()
    shared = await share(alice, f"{home}/in", other)
    ask_for_shares(files)
    await files.scan()
    assert files.documents[mine["low.txt"]].readers == {me, other}
    assert files.documents[mine["top.txt"]].readers == {me}
    await unshare(alice, shared)


async def test_a_tag_that_hides_a_shared_file_later_takes_it_from_both_and_nothing_else(
    alice: Assistant, bob: Assistant, home: str, name: str
) -> None:
    """Each scan asks anew what is hidden."""

    def hiding(person: Assistant) -> FilesSource:
        session = person.session
        return FilesSource(Session(session.transport, session.credential, Cache(), policy=Policy(excluded_tags=frozenset({name}))))

    mine = await ids(alice, home)
    shared = await share(alice, f"{home}/in", await bob.session.uid())
    followers = [Follower(hiding(person), name) for person in (alice, bob)]
    for one in followers:
        await one.scan()
        assert mine["low.txt"] in one.stored
    await alice.call("nc_webdav_tag_file", path=f"{home}/in/deep/low.txt", add=[name])
    for one, person in zip(followers, (alice, bob), strict=True):
        one.source = hiding(person)
        assert (await one.scan()).among(mine.values()).dropped == {mine["low.txt"]}
    assert mine["top.txt"] in followers[0].stored
    await alice.call("nc_webdav_tag_file", path=f"{home}/in/deep/low.txt", remove=[name])
    for one, person in zip(followers, (alice, bob), strict=True):
        one.source = hiding(person)
        await one.scan()
        assert mine["low.txt"] in one.stored
    await unshare(alice, shared)


@pytest.fixture
async def written(alice: Assistant, name: str) -> AsyncGenerator[tuple[str, str]]:
    """The ids of a note, and of a file that lies in the Notes folder and is none."""
    made = await alice.call("nc_notes_create_note", title=name, content="words of a note", category=name)
    folder = await NotesSource(alice.session).kept()
    assert folder
    beside = f"{folder.folder}/{name}/{name}.csv"
    await alice.call("nc_webdav_write_file", path=beside, content="a,b")
    yield str(made["id"]), (await ids(alice, f"{folder.folder}/{name}"))[f"{name}.csv"]
    with suppress(ToolFailed):
        await alice.call("nc_notes_delete_note", note_id=made["id"])
    with suppress(ToolFailed):
        await alice.call("nc_webdav_delete_resource", path=f"{folder.folder}/{name}")


async def test_a_note_is_indexed_as_a_note_alone_while_notes_are(alice: Assistant, written: tuple[str, str], name: str) -> None:
    notes, note, beside = NotesSource(alice.session), *written
    kept = await notes.kept()
    assert kept
    files = Follower(FilesSource(alice.session), name)
    await files.scan()
    assert {note, beside} <= set(files.stored)
    files.source = FilesSource(alice.session).without([kept])
    assert (await files.scan()).among([note, beside]).dropped == {note}
    assert (await files.scan()).among([note, beside]).changed == set()
    followed = Follower(notes)
    await followed.scan()
    assert followed.documents[note].path == f"{kept.folder}/{name}/{name}.md"
    files.source = FilesSource(alice.session)
    assert note in (await files.scan()).among([note, beside]).changed
