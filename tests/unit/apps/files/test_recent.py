"""An ETag of this second is remembered with what is behind it."""

import gc

import pytest

from nextcloud_mcp_server.apps.files.recent import ENTRIES, Content, Recent, seconds, young


@pytest.mark.parametrize(
    ("changed", "is_young"),
    [("10:00:00", True), ("09:59:58", True), ("09:59:57", False), (None, True)],
)
def test_a_version_is_young_for_two_seconds_of_the_servers_clock(changed: str | None, is_young: bool) -> None:
    headers = {"Date": "Sat, 21 Nov 2026 10:00:00 GMT"}
    if changed:
        headers["Last-Modified"] = f"Sat, 21 Nov 2026 {changed} GMT"
    assert young(headers) is is_young


def test_what_was_seen_is_remembered_up_to_a_bound() -> None:
    recent = Recent()
    for number in range(ENTRIES + 5):
        recent.saw(("who", "path", str(number)), Content(number, "x"))
    assert len(recent.contents) == ENTRIES
    assert ("who", "path", "4") not in recent.contents
    assert recent.contents["who", "path", str(ENTRIES + 4)].content == Content(ENTRIES + 4, "x")


def test_a_version_dated_later_stays_young_longer() -> None:
    recent = Recent()
    recent.saw(("who", "path", "a"), Content(1, "x"))
    first = recent.contents["who", "path", "a"]
    recent.saw(("who", "path", "b"), Content(2, "y"), first)
    assert recent.contents["who", "path", "b"].until >= first.until + 1


def test_a_file_has_one_lock_while_somebody_holds_it_and_none_after() -> None:
    recent = Recent()
    lock = recent.lock("alice", "a")
    assert recent.lock("alice", "a") is lock
    assert recent.lock("bob", "a") is not lock
    del lock
    gc.collect()
    assert not recent.locks


@pytest.mark.parametrize(("text", "found"), [("Thu, 01 Jan 1970 00:00:05 GMT", 5), ("soon", None), (None, None), ("", None)])
def test_a_date_is_read_or_left(text: str | None, found: int | None) -> None:
    assert seconds(text) == found
