"""The order of found notes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.notes.models import Note, SearchEntry
from nextcloud_mcp_server.apps.notes.ranking import note_id, ranked, words_of


def hit(number: int, subline: str = "") -> SearchEntry:
    return SearchEntry(title="t", subline=subline, resourceUrl=f"https://cloud.test/index.php/apps/notes/note/{number}")


def order(entries: list[SearchEntry], notes: list[Note], query: str) -> list[int]:
    return [one.id for one in ranked(entries, notes, words_of(query))]


def test_a_word_in_the_title_weighs_more_than_in_the_category_than_in_the_content() -> None:
    notes = [Note(id=1, title="x"), Note(id=2, title="x", category="Zebra"), Note(id=3, title="a zebra")]
    assert order([hit(1, "one zebra"), hit(2), hit(3)], notes, "zebra") == [3, 2, 1]


def test_a_whole_word_comes_before_a_part_and_the_newer_before_the_older() -> None:
    notes = [Note(id=1, title="zebras", modified=9), Note(id=2, title="zebra", modified=1), Note(id=3, title="zebra", modified=2)]
    assert order([hit(1), hit(2), hit(3)], notes, "zebra") == [3, 2, 1]


def test_a_note_that_the_search_did_not_find_or_that_is_hidden_is_no_hit() -> None:
    assert order([hit(1), hit(7)], [Note(id=1, title="zebra"), Note(id=2, title="zebra")], "zebra") == [1]


@pytest.mark.parametrize(
    ("address", "found"),
    [("/apps/notes/note/5", 5), ("/apps/notes/note/5/", 5), ("/apps/notes/", None), ("", None), ("/note/٥x", None)],
)
def test_the_id_of_a_hit_is_the_end_of_its_address(address: str, found: int | None) -> None:
    assert note_id(SearchEntry(resourceUrl=address)) == found


def test_an_excerpt_is_what_stands_around_the_word_and_not_the_category() -> None:
    notes = [Note(id=1, title="x", category="Work"), Note(id=2, title="x", category="Work")]
    found = {one.id: one.excerpt for one in ranked([hit(1, "Work"), hit(2, "one\n zebra")], notes, ["zebra"])}
    assert found == {1: None, 2: "one zebra"}


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_query_scores_between_0_and_1(query: str, title: str, subline: str) -> None:
    words = words_of(query)
    assert len(words) <= 8
    for one in ranked([hit(1, subline)], [Note(id=1, title=title)], words):
        assert 0 <= (one.score or 0) <= 1
