"""What can be asked of the engine, and how it travels: JSON after its length (4 bytes, big-endian), both ways.

A request is `{"id", "call", "args"}`, an answer `{"id", "value"}` or `{"id", "error", "message", "hint"}`, in any order.
"""

import asyncio
import struct
from typing import Any

import orjson
from pydantic import TypeAdapter

from nextcloud_mcp_server.core import errors
from nextcloud_mcp_server.index.embed.port import Model, Vector
from nextcloud_mcp_server.index.sparse import Sparse
from nextcloud_mcp_server.index.store.port import Counts, Entry, Facts, Key, Ranked, Stored, Where

CALLS: dict[str, tuple[Any, Any]] = {
    "describe_model": (tuple[()], Model),
    "tokens": (tuple[str], list[int]),
    "embed": (tuple[list[str], bool], list[Vector]),
    "open": (tuple[str, int], None),
    "discard": (tuple[str], None),
    "put": (tuple[str, Key, Facts, list[Entry]], None),
    "trim": (tuple[str, Key, int], None),
    "describe": (tuple[str, Key, Facts, list[str]], None),
    "delete": (tuple[str, list[Key]], None),
    "delete_owner": (tuple[str, str], None),
    "search": (tuple[str, Where, Vector | None, Sparse | None, int], Ranked),
    "vectors": (tuple[str, list[tuple[Key, int]]], list[Vector]),
    "passages": (tuple[str, Key], list[Entry]),
    "count": (tuple[str, str | None], Counts),
    "page": (tuple[str, str | None], tuple[list[Stored], str | None]),
    "tidy": (tuple[()], None),
}
"""Name: the types of the arguments, the type of the value."""

ARGUMENTS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(types[0]) for name, types in CALLS.items()}
VALUES: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(types[1]) for name, types in CALLS.items()}


def pack(message: dict[str, Any]) -> bytes:
    raw = orjson.dumps(message, default=_plain)
    return struct.pack(">I", len(raw)) + raw


async def receive(stream: asyncio.StreamReader) -> dict[str, Any]:
    """The next message. Raises IncompleteReadError at the end."""
    (length,) = struct.unpack(">I", await stream.readexactly(4))
    return orjson.loads(await stream.readexactly(length))


def failure(error: errors.NextcloudError) -> dict[str, Any]:
    """An error as it travels."""
    return {"error": type(error).__name__, "message": error.message, "hint": error.hint}


def failed(answer: dict[str, Any]) -> errors.NextcloudError:
    """An error as it arrives: of its kind where the kind is one of ours."""
    kind = getattr(errors, str(answer["error"]), errors.NextcloudError)
    return kind(answer["message"], hint=answer["hint"])


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - of anything
    raise TypeError(type(value).__name__)
