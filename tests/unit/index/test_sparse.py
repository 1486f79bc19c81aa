"""BM25 terms in the user's language."""

import pytest

from nextcloud_mcp_server.index.sparse import LANGUAGES, language_of, of_document, of_query


@pytest.mark.parametrize(
    ("code", "language"),
    [("de", "german"), ("de_DE", "german"), ("pt-BR", "portuguese"), ("french", "french"), ("xx", "english"), ("", "english")],
)
def test_a_language_code_names_its_language(code: str, language: str) -> None:
    assert language_of(code) == language


@pytest.mark.parametrize("language", sorted(set(LANGUAGES.values())))
def test_every_language_has_an_encoder(language: str) -> None:
    assert of_query("Nextcloud", language).indices == of_document("nextcloud", language).indices


def test_words_of_one_stem_are_one_term_and_stop_words_none() -> None:
    assert of_document("Häuser und ein Haus", "german").indices == of_query("Haus", "german").indices
    assert of_query("the and of", "english").indices == []


def test_a_frequent_term_weighs_more_but_not_in_proportion() -> None:
    once, often = of_document("apple banana", "english"), of_document("apple apple apple banana", "english")
    weight = dict(zip(often.indices, often.values, strict=True))
    term = of_query("apple", "english").indices[0]
    assert once.values[0] < weight[term] < 3 * once.values[0]
