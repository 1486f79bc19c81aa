"""Lists come in pages: 25 items by default, the rest behind a cursor."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from nextcloud_mcp_server.core.errors import InvalidValue

T = TypeVar("T")
U = TypeVar("U")

DEFAULT_LIMIT = 25
MAX_LIMIT = 500


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items of a list. The tool's declaration names the fields they are shown under.

    `total` counts all matches and is None where counting would cost another request; `also` holds further
    fields of the answer (the query, the path).
    """

    items: Sequence[T]
    next_cursor: str | None = None
    total: int | None = None
    also: dict[str, Any] = field(default_factory=dict[str, Any])

    def map(self, change: Callable[[T], U]) -> "Page[U]":
        """The same page of changed items: expensive shaping is done for the shown items only."""
        return Page([change(item) for item in self.items], self.next_cursor, self.total, self.also)


def paginate(items: Sequence[T], limit: int, cursor: str | None, **also: Any) -> Page[T]:
    """Cuts a page out of a list that is already complete (filters come before).

    Raises InvalidValue for a cursor that did not come from here.
    """
    start = offset_of(cursor)
    end = start + limit
    following = cursor_for(end) if end < len(items) else None
    return Page(items[start:end], following, len(items), also)


def cursor_for(offset: int) -> str:
    """An opaque cursor for a position in a list."""
    return base64.urlsafe_b64encode(f"o{offset}".encode()).decode().rstrip("=")


def offset_of(cursor: str | None) -> int:
    """The position a cursor stands for; none means the start."""
    if not cursor:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        if text.startswith("o") and text[1:].isdecimal():
            return int(text[1:])
    except ValueError:
        pass
    raise InvalidValue(f"The cursor {cursor[:40]!r} is unknown.", hint="Pass next_cursor of the previous answer unchanged.")
