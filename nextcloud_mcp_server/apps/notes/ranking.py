"""Orders the notes that Nextcloud's search found; pure."""

import re
from collections.abc import Iterable

from nextcloud_mcp_server.apps.notes.models import Note, NoteHit, SearchEntry
from nextcloud_mcp_server.core.text import preview

_WORD = re.compile(r"\w+")
TITLE, CATEGORY, CONTENT = 3.0, 2.0, 1.0


def words_of(query: str) -> list[str]:
    """The different words of a query, in lower case, at most eight."""
    return list(dict.fromkeys(_WORD.findall(query.casefold())))[:8]


def note_id(entry: SearchEntry) -> int | None:
    """The id at the end of a hit's address."""
    tail = entry.resourceUrl.rstrip("/").rsplit("/", 1)[-1]
    return int(tail) if tail.isdecimal() else None


def ranked(entries: Iterable[SearchEntry], notes: Iterable[Note], words: list[str]) -> list[NoteHit]:
    """Best first: words in the title weigh most, whole words more than parts; then the newer note."""
    excerpts = {found: entry.subline for entry in entries if (found := note_id(entry)) is not None}
    hits = [_hit(note, excerpts[note.id], words) for note in notes if note.id in excerpts]
    return sorted(hits, key=lambda hit: (-(hit.score or 0), -hit.modified))


def _hit(note: Note, subline: str, words: list[str]) -> NoteHit:
    places = ((note.title.casefold(), TITLE), (note.category.casefold(), CATEGORY), (subline.casefold(), CONTENT))
    score = sum(max((_weight(word, text, weight) for text, weight in places), default=0.0) or CONTENT / 2 for word in words)
    excerpt = preview(subline) if subline and subline != note.category else None
    return listed(note).model_copy(update={"score": round(score / (TITLE * max(len(words), 1)), 3), "excerpt": excerpt})


def _weight(word: str, text: str, weight: float) -> float:
    if word in _WORD.findall(text):
        return weight
    return weight / 2 if word in text else 0.0


def listed(note: Note) -> NoteHit:
    return NoteHit(
        id=note.id, title=note.title, category=note.category, modified=note.modified, favorite=note.favorite or None, url=note.url
    )
