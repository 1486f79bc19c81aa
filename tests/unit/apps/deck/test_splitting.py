"""Long comments in parts."""

import re

from hypothesis import given
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.deck.splitting import LONGEST, parts_of

NUMBER = re.compile(r"\((\d+)/(\d+)\) ")


@given(st.text(max_size=LONGEST))
def test_a_short_text_stays_as_it_is(text: str) -> None:
    assert parts_of(text) == [text.strip()]


@given(st.lists(st.text(st.characters(exclude_categories=["Zs", "Cc"]), min_size=1, max_size=400), min_size=3, max_size=40))
def test_parts_fit_are_numbered_and_lose_no_word(words: list[str]) -> None:
    text = " ".join(words)
    parts = parts_of(text)
    assert all(len(part) <= LONGEST for part in parts)
    if len(parts) > 1:
        assert [NUMBER.match(part)[0] for part in parts] == [f"({n}/{len(parts)}) " for n in range(1, len(parts) + 1)]  # type: ignore[index]
        parts = [NUMBER.sub("", part, count=1) for part in parts]
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_cuts_are_where_a_paragraph_a_line_a_sentence_or_a_word_ends() -> None:
    for boundary, end in (("\n\n", "a"), ("\n", "a"), (". ", "."), (" ", "a")):
        text = "a" * 900 + boundary + "b" * 900
        first, second = parts_of(text)
        assert first.removeprefix("(1/2) ") == "a" * 900 + ("." if end == "." else "")
        assert second == "(2/2) " + "b" * 900


def test_a_text_without_any_boundary_is_cut_anyway() -> None:
    parts = parts_of("x" * 2500)
    assert "".join(part[6:] for part in parts) == "x" * 2500
