"""Paths as people and assistants write them, and as they are compared; pure."""

import re

from nextcloud_mcp_server.core.errors import InvalidValue


def normal(path: str) -> str:
    """`/a//./b/` as `a/b`; the root is empty. Raises InvalidValue for `..` and for what no name may hold."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise InvalidValue(f"The path {path!r} leaves its folder with '..'.", hint="Write the whole path from the root of the files.")
    if re.search(r"[\\\x00-\x1f]", path):
        raise InvalidValue(f"The path {path!r} holds a backslash or a control character, which Nextcloud does not allow in names.")
    try:
        path.encode()
    except UnicodeEncodeError:
        raise InvalidValue(f"The path {path!r} holds half of a character.") from None
    return "/".join(parts)


def named(path: str) -> str:
    """As `normal`, for what must not be the root."""
    found = normal(path)
    if not found:
        raise InvalidValue("The root of the files is no answer here: name something in it.")
    return found


def parent(path: str) -> str:
    return path.rpartition("/")[0]


def name(path: str) -> str:
    return path.rpartition("/")[2]


def below(path: str, folder: str) -> bool:
    """Whether `path` lies somewhere in `folder`."""
    return not folder or path.startswith(folder + "/")


def like(pattern: str) -> re.Pattern[str]:
    """SQL's LIKE as Nextcloud searches: `%` any characters, `_` one, any case."""
    parts = [{"%": ".*", "_": "."}.get(piece, re.escape(piece)) for piece in re.split(r"([%_])", pattern)]
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
