"""Words as sparse vectors (BM25): terms weighted by frequency and length here, by rarity in the store's IDF."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

AVERAGE = 70.0
"""Words of a passage, stop words left out, that count as an average length."""

# fmt: off
LANGUAGES = {
    "ar": "arabic", "da": "danish", "nl": "dutch", "en": "english", "fi": "finnish", "fr": "french", "de": "german",
    "el": "greek", "hu": "hungarian", "it": "italian", "no": "norwegian", "nb": "norwegian", "nn": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "es": "spanish", "sv": "swedish", "tr": "turkish",
}
# fmt: on
"""Nextcloud's language codes (ISO 639-1) that have stop words and a stemmer."""


@dataclass(frozen=True, slots=True)
class Sparse:
    """Term ids (32 bits, unsigned) with weights."""

    indices: list[int]
    values: list[float]


def language_of(code: str) -> str:
    """`de_DE`, `de-CH`, `german` as the name of a language; English where it is unknown."""
    plain = code.strip().lower().replace("-", "_")
    return plain if plain in LANGUAGES.values() else LANGUAGES.get(plain.partition("_")[0], "english")


def of_document(text: str, language: str) -> Sparse:
    """A passage's terms. `language` as `language_of` names it."""
    return _sparse(_encoder(language).embed_document, text)


def of_query(text: str, language: str) -> Sparse:
    """A query's terms, all of weight 1."""
    return _sparse(_encoder(language).embed_query, text)


def _sparse(encode: Callable[[str], Any], text: str) -> Sparse:
    found = encode(text)
    return Sparse(list(found.indices), list(found.values))


@lru_cache(maxsize=8)
def _encoder(language: str) -> Any:
    from qdrant_edge import Bm25, Bm25Config

    return Bm25(Bm25Config(language=language, avg_len=AVERAGE, ascii_folding=True))
