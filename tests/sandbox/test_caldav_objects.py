"""Content lines, collections and their change log."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextcloud_sandbox.groupware.store import TOKEN, Collection, Collections, InvalidSyncToken, Item
from nextcloud_sandbox.groupware.vobject import Line, ParseError, escape, parse, split_value, unescape


def item(number: int, uri: str = "", data: bytes = b"x") -> Item:
    return Item(number, uri or f"{number}.ics", data, 0, f"uid-{uri or number}", "VEVENT")


def test_an_object_is_written_back_as_it_was_read() -> None:
    text = (
        'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nX-ODD;A="b;c:d";E=f,g:h:i;j\r\n'
        "item1.X-LABEL:way\r\nSUMMARY:a\\, b\\nc\r\nBEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert str(parse(text)) == text


def test_folded_lines_with_either_line_end_are_one_line() -> None:
    root = parse("BEGIN:VCALENDAR\nDESCRIPTION:one\n  two\r\n\tthree\nEND:VCALENDAR\n")
    assert root.value("DESCRIPTION") == "one twothree"


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=300))
def test_folding_keeps_every_character_and_stays_within_75_bytes(value: str) -> None:
    folded = str(Line("DESCRIPTION", value))
    assert all(len(part) <= 75 for part in folded.encode().split(b"\r\n"))
    assert parse(f"BEGIN:VCALENDAR\r\n{folded}END:VCALENDAR\r\n").value("DESCRIPTION") == value


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"])))
def test_escaping_can_be_undone(value: str) -> None:
    assert unescape(escape(value)) == value


def test_an_escaped_separator_does_not_cut_a_value() -> None:
    assert split_value(r"a\;b;c", ";") == [r"a\;b", "c"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "only supports VCARD and VCALENDAR"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR", 'expected: "END:VEVENT" got: "END:VCALENDAR"'),
        ("BEGIN:VCALENDAR\nno colon here\nEND:VCALENDAR", "Line starting at 2"),
        ("BEGIN:VCALENDAR\nVERSION:2.0", "prematurely"),
    ],
)
def test_what_is_no_object_is_refused(text: str, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        parse(text)


def test_the_etag_is_the_quoted_md5_of_the_bytes() -> None:
    assert item(1, data=b"abc").etag == f'"{hashlib.md5(b"abc").hexdigest()}"'


def test_a_change_is_seen_from_the_token_before_it_and_not_from_the_one_after() -> None:
    collection = Collection(1, "alice", "personal")
    before = collection.sync_token
    collection.put(item(1))
    after = collection.sync_token
    assert collection.since(before).changed == ["1.ics"]
    assert collection.since(after).changed == []
    collection.remove("1.ics")
    assert collection.since(before).deleted == ["1.ics"]
    assert collection.since(after).deleted == ["1.ics"]


def test_an_object_changed_twice_is_reported_once() -> None:
    collection = Collection(1, "alice", "personal")
    start = collection.sync_token
    collection.put(item(1))
    collection.put(item(1, data=b"y"))
    assert collection.since(start).changed == ["1.ics"]


def test_a_token_from_the_future_gets_nothing_and_the_present_token() -> None:
    collection = Collection(1, "alice", "personal")
    assert collection.since(f"{TOKEN}999").token == collection.sync_token


@pytest.mark.parametrize("token", ["garbage", f"{TOKEN}x", f"{TOKEN}init_1", f"{TOKEN}init_x_1", "http://elsewhere/1"])
def test_a_foreign_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidSyncToken):
        Collection(1, "alice", "personal").since(token)


def test_pages_of_an_initial_synchronisation_give_every_member_once_and_later_changes_afterwards() -> None:
    collection = Collection(1, "alice", "contacts")
    for number in range(1, 8):
        collection.put(item(number))
    page = collection.since("", 3)
    seen = list(page.changed)
    collection.put(item(1, data=b"changed in between"))
    while page.truncated:
        page = collection.since(page.token, 3)
        seen += page.changed
    assert sorted(seen) == [f"{number}.ics" for number in range(1, 8)]
    assert collection.since(page.token).changed == ["1.ics"]


def test_a_limited_delta_can_be_continued() -> None:
    collection = Collection(1, "alice", "personal")
    start = collection.sync_token
    for number in range(1, 6):
        collection.put(item(number))
    first = collection.since(start, 2)
    assert (first.changed, first.truncated) == (["1.ics", "2.ics"], True)
    assert collection.since(first.token).changed == ["3.ics", "4.ics", "5.ics"]


def test_a_shared_collection_has_another_name_and_disappears_with_the_share() -> None:
    collections = Collections()
    mine = collections.add(Collection(1, "alice", "work", shares={"bob": True}))
    view = collections.find("bob", "work_shared_by_alice")
    assert view is not None
    assert view.read_only
    mine.shares.clear()
    assert collections.of("bob") == []
    assert [view.uri for view in collections.of("alice")] == ["work"]


def test_a_deleted_account_leaves_nothing_behind() -> None:
    collections = Collections()
    collections.add(Collection(1, "alice", "work", shares={"bob": False}))
    collections.add(Collection(2, "bob", "own"))
    collections.forget("bob")
    assert [found.uri for found in collections.by_id.values()] == ["work"]
    assert collections.by_id[1].shares == {}
