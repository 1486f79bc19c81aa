"""Cutting a comment that is longer than Nextcloud takes; pure."""

LONGEST = 1000
"""Characters (code points) of one comment after trimming."""

MOST_PARTS = 10
_BOUNDARIES = ("\n\n", "\n", ". ", " ")


def parts_of(text: str) -> list[str]:
    """The text in numbered parts, each within the limit, cut where a paragraph, line, sentence or word ends."""
    text = text.strip()
    if len(text) <= LONGEST:
        return [text]
    room = LONGEST - len("(99/99) ")
    parts: list[str] = []
    while text:
        piece = text[:room] if len(text) <= room else text[: _cut(text, room)]
        parts.append(piece.strip())
        text = text[len(piece) :].strip()
    return [f"({number}/{len(parts)}) {part}" for number, part in enumerate(parts, 1)]


def _cut(text: str, room: int) -> int:
    """Where to cut: after the last boundary in the second half of the room, or at its end."""
    for boundary in _BOUNDARIES:
        found = text.rfind(boundary, room // 2, room)
        if found > 0:
            return found + len(boundary.rstrip(" \n")) or found
    return room
