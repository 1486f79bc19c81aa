"""Long texts are cut with a word about how to read the rest."""

from dataclasses import dataclass

MAX_CHARACTERS = 50_000


@dataclass(frozen=True)
class Cut:
    """A piece of a text; `note` is None where the piece is the whole rest."""

    text: str
    note: str | None


def cut(text: str, offset: int = 0, limit: int = MAX_CHARACTERS) -> Cut:
    """`limit` characters from `offset`, and where to go on."""
    piece = text[offset : offset + limit]
    end = offset + len(piece)
    if end >= len(text):
        return Cut(piece, None)
    return Cut(piece, f"cut: characters {offset}-{end} of {len(text)}; call again with offset={end} for more")


def preview(text: str, limit: int = 140) -> str:
    """One line of at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
