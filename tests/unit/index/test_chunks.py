"""Passages fit the model, cover the text, and end where a reader would end them."""

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from nextcloud_mcp_server.index.chunks import chunk, estimate

texts = st.lists(
    st.sampled_from(["word ", "longer-word ", "End. ", "Why? ", "\n", "\n\n", "# Head\n", "日本。", "x" * 150, "   ", "12345 ", "(a) "]),
    max_size=60,
).map("".join)


def words(text: str) -> list[int]:
    return [match.start() for match in re.finditer(r"\S+", text)]


@given(texts | st.text(max_size=200), st.integers(3, 12), st.integers(0, 6))
@settings(max_examples=300)
def test_no_passage_has_more_tokens_than_the_limit_and_no_word_is_lost(text: str, limit: int, overlap: int) -> None:
    tokens = estimate(text)
    passages = chunk(text, tokens, limit=limit, overlap=overlap)
    covered: set[int] = set()
    for passage in passages:
        part = text[passage.start : passage.end]
        assert part == part.strip() != ""
        assert len([offset for offset in tokens if passage.start <= offset < passage.end]) <= limit
        covered.update(range(passage.start, passage.end))
    assert all(text[offset].isspace() for offset in range(len(text)) if offset not in covered)
    assert [passage.index for passage in passages] == list(range(len(passages)))
    assert all(before.start < after.start and before.end < after.end for before, after in pairwise(passages))


@given(texts)
def test_without_overlap_passages_do_not_repeat_text(text: str) -> None:
    passages = chunk(text, estimate(text), limit=8)
    assert all(before.end <= after.start for before, after in pairwise(passages))


def test_a_passage_ends_at_the_paragraph_rather_than_at_a_later_sentence() -> None:
    text = "One two three four five.\n\nSix seven. Eight nine ten eleven twelve."
    parts = [text[passage.start : passage.end] for passage in chunk(text, words(text), limit=8)]
    assert parts == ["One two three four five.", "Six seven. Eight nine ten eleven twelve."]


def test_a_passage_ends_at_a_sentence_where_there_is_no_paragraph() -> None:
    text = "One two three. Four five six. Seven eight nine ten."
    parts = [text[passage.start : passage.end] for passage in chunk(text, words(text), limit=7)]
    assert parts == ["One two three. Four five six.", "Seven eight nine ten."]


def test_a_heading_begins_a_passage_and_is_not_overlapped_into() -> None:
    text = "# First\n\nAlpha beta gamma. Delta epsilon.\n\n# Second\n\nZeta eta theta."
    parts = [text[passage.start : passage.end] for passage in chunk(text, words(text), limit=12, overlap=3)]
    assert parts == ["# First\n\nAlpha beta gamma. Delta epsilon.", "# Second\n\nZeta eta theta."]


def test_the_overlap_repeats_whole_sentences() -> None:
    text = "A b c d. E f. G h i j k l m. N o p."
    parts = [text[passage.start : passage.end] for passage in chunk(text, words(text), limit=8, overlap=2)]
    assert parts == ["A b c d. E f.", "E f. G h i j k l", "m. N o p."]


def test_pages_are_counted_from_where_a_passage_begins() -> None:
    text = "one two\n\nthree four\n\nfive six"
    pages = [0, text.index("three"), text.index("five")]
    assert [passage.page for passage in chunk(text, words(text), limit=2, pages=pages)] == [1, 2, 3]
    assert chunk(text, words(text), limit=2)[0].page is None


def test_an_endless_word_is_cut_though_the_tokeniser_calls_it_one_token() -> None:
    text = "x" * 1000
    passages = chunk(text, [0], limit=256)
    assert [(passage.start, passage.end) for passage in passages] == [(0, 256), (256, 512), (512, 768), (768, 1000)]


def test_an_endless_word_among_others_has_a_token_for_each_of_its_characters() -> None:
    text = f"one {'x' * 100} two {'y' * 150} three"
    parts = [text[passage.start : passage.end] for passage in chunk(text, words(text), limit=101)]
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert max(part.count("x") + part.count("y") for part in parts) <= 101


def test_nothing_comes_of_nothing() -> None:
    assert chunk("", [], limit=5) == chunk(" \n\t", [], limit=5) == []


@given(st.text(max_size=300))
def test_the_estimate_counts_every_visible_character_in_reach_of_a_token(text: str) -> None:
    tokens = estimate(text)
    assert list(tokens) == sorted(set(tokens))
    assert len(tokens) >= len(re.findall(r"\S+", text))
