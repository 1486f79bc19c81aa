"""Rows as the tools show them: with a version, and with what selections mean; pure."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from nextcloud_mcp_server.apps.tables.models import Column, Row
from nextcloud_mcp_server.apps.tables.values import label_of
from nextcloud_mcp_server.core.errors import Changed, InvalidValue
from nextcloud_mcp_server.nextcloud.answers import bare_etag

_NUMERIC = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")


def etag_of(row: Row) -> str:
    """The version of a row: a hash of its cells and last change, since Tables has no ETags and its times know seconds only."""
    cells = sorted((cell.columnId, cell.value) for cell in row.data)
    return hashlib.sha256(orjson.dumps([row.id, row.lastEditAt, cells])).hexdigest()[:12]


def same_version(etag: str | None, row: Row) -> None:
    """Raises Changed where `etag` is given and is not the current one."""
    if etag and bare_etag(etag) != etag_of(row):
        raise Changed(f"Row {row.id} was modified by someone else.", etag=etag_of(row))


def shown(row: Row, columns: Sequence[Column]) -> Row:
    """A row with its etag, cells in the order of the columns, selections with their labels."""
    known = {column.id: (place, column) for place, column in enumerate(columns)}
    ordered = sorted(row.data, key=lambda cell: known.get(cell.columnId, (len(known), None))[0])
    labelled = [cell.model_copy(update={"label": label_of(known.get(cell.columnId, (0, None))[1], cell.value)}) for cell in ordered]
    return row.model_copy(update={"data": labelled, "etag": etag_of(row)})


def alone(row: Row, columns: Sequence[Column], note: str | None = None) -> Row:
    """One row by itself, with the titles of its columns."""
    titles = {column.id: column.title for column in columns}
    return shown(row, columns).model_copy(update={"columns": titles, "note": note})


def not_taken_as_equal(row: Row, columns: Sequence[Column], values: Mapping[str, Any]) -> None:
    """Raises InvalidValue where Tables would keep the old value: it compares as PHP's `!=`, by which "007" is "7" and 0 is nothing."""
    known = {column.id: column for column in columns}
    for cell in row.data:
        column, old, new = known.get(cell.columnId), cell.value, values.get(str(cell.columnId), cell.value)
        if column is None or old == new:
            continue
        numbers = column.type == "text" and all(isinstance(one, str) and _NUMERIC.fullmatch(one) for one in (old, new))
        if (numbers and float(old) == float(new)) or (column.kind == "selection" and old == 0 and new is None):
            hint = "Set another value first, then this one; nothing was changed."
            raise InvalidValue(f"Tables takes {new!r} for the same as {old!r} in column {column.name} and would keep the old.", hint=hint)
