"""Somebody else writes between a tool's reading and its writing.

Nextcloud compares preconditions before it writes, not in one step with it: two requests that arrive at the very same moment may both pass.
That window is the server's; the one of the tool, between reading and writing, is closed.
"""

import pytest

from tests.support.assistant import Assistant
from tests.support.calendars import write_in_between


async def test_a_note_that_somebody_changes_in_between_is_not_overwritten(
    alice: Assistant, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = {"note_id": (await alice.call("nc_notes_create_note", title=name, content="ours"))["id"]}
    write_in_between(monkeypatch, alice, lambda: alice.call("nc_notes_update_note", **note, content="theirs"))
    assert "modified by someone else" in await alice.error("nc_notes_update_note", **note, content="late")
    assert (await alice.call("nc_notes_get_note", **note))["content"] == "theirs"
    await alice.call("nc_notes_delete_note", **note)


async def test_what_is_appended_comes_after_what_somebody_appends_in_between(
    alice: Assistant, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = {"note_id": (await alice.call("nc_notes_create_note", title=name, content="one"))["id"]}
    write_in_between(monkeypatch, alice, lambda: alice.call("nc_notes_append_content", **note, content="two"))
    await alice.call("nc_notes_append_content", **note, content="three")
    assert (await alice.call("nc_notes_get_note", **note))["content"] == "one\n---\ntwo\n---\nthree"
    await alice.call("nc_notes_delete_note", **note)
