"""The order of a listing; pure."""

import re
from collections.abc import Iterable
from typing import Literal

from nextcloud_mcp_server.apps.files import paths
from nextcloud_mcp_server.apps.files.recent import seconds
from nextcloud_mcp_server.apps.files.wire import Entry

Order = Literal["name", "modified", "size"]
_NUMBER = re.compile(r"(\d+)")


def ordered(entries: Iterable[Entry], order: Order) -> list[Entry]:
    """By name: folders first, numbers by their value; by time: newest first; by size: largest first."""
    named = sorted(entries, key=lambda entry: (not entry.is_folder, _natural(paths.name(entry.path))))
    if order == "modified":
        return sorted(named, key=lambda entry: seconds(entry.modified) or 0, reverse=True)
    return sorted(named, key=lambda entry: entry.size or 0, reverse=True) if order == "size" else named


def _natural(name: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdecimal() and len(part) < 20 else (1, 0, part) for part in _NUMBER.split(name.casefold())]
