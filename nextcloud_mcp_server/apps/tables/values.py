"""Values as people write them, in the form that Tables keeps; pure.

Tables answers 200 to a value that it cannot read and stores nothing, 0, or a part of it. Such values are refused here.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any, cast
from urllib.parse import urlsplit

from nextcloud_mcp_server.apps.tables.models import Column
from nextcloud_mcp_server.core.errors import InvalidValue

YES, NO = frozenset({"true", "yes", "1", "on"}), frozenset({"false", "no", "0", "off", ""})
KINDS = {"user": 0, "group": 1, "team": 2, "circle": 2}
RANGES = {"number-stars": (0, 5), "number-progress": (0, 100)}


@dataclass
class Cells:
    """What goes on the wire by column id, and what the person should know of it."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    notes: list[str] = field(default_factory=list[str])

    @property
    def note(self) -> str | None:
        return " ".join(self.notes) or None


def cells(columns: Sequence[Column], data: Mapping[str, Any], zone: tzinfo = UTC, *, new: bool = False) -> Cells:
    """The values of `data` (by column id or title) for a new row or a change of one.

    A time with an offset becomes the time of `zone`. Raises InvalidValue with the columns or options there are.
    """
    out = Cells()
    for key, value in data.items():
        column = column_of(columns, key)
        if str(column.id) in out.values:
            raise InvalidValue(f"Column {column.name} is given twice.")
        empty = value is None or (isinstance(value, str) and not value.strip()) or value == []
        if empty and column.mandatory and column.kind != "selection-check":
            raise InvalidValue(f"Column {column.name} is mandatory and cannot be empty.")
        if not empty:
            out.values[str(column.id)] = _READERS.get(column.kind, _READERS.get(column.type, _text))(column, value, zone, out.notes)
        elif not new:
            out.values[str(column.id)] = _cleared(column)
    if new:
        missing = [column.name for column in columns if column.mandatory and str(column.id) not in out.values]
        if missing:
            raise InvalidValue(f"The row lacks values for the mandatory columns: {', '.join(missing)}.")
    return out


def column_of(columns: Sequence[Column], key: str) -> Column:
    """The column with this id or title, in any case where that is unique."""
    wanted = str(key).strip()
    for matches in (
        [one for one in columns if str(one.id) == wanted],
        [one for one in columns if one.title == wanted],
        [one for one in columns if one.title.strip().casefold() == wanted.casefold()],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise InvalidValue(f"{wanted!r} is the title of several columns: name one by id.", candidates=[one.name for one in matches])
    raise InvalidValue(f"There is no column {wanted!r} in this table.", candidates=[one.name for one in columns])


def label_of(column: Column | None, value: Any) -> str | None:
    """What the option ids of a selection stand for."""
    if column is None or not column.options or value is None:
        return None
    names = {str(option.id): option.label for option in column.options}
    found = [names.get(str(one), "") for one in (cast("list[Any]", value) if isinstance(value, list) else [value])]
    return ", ".join(filter(None, found)) or None


def _wrong(column: Column, value: Any, wanted: str, candidates: Sequence[str] = ()) -> InvalidValue:
    return InvalidValue(f"{str(value)[:80]!r} is not {wanted}, which column {column.name} needs.", candidates=candidates)


def _cleared(column: Column) -> Any:
    """An empty cell. Tables stores 0 for an empty number, which is another value."""
    if column.type == "number":
        hint = "Leave it out, write 0, or empty it in Nextcloud; nothing was changed."
        raise InvalidValue(f"Tables cannot empty number column {column.name}: it would become 0.", hint=hint)
    if column.type == "usergroup" or column.kind == "selection-multi":
        return []
    if column.kind == "selection-check":
        return "false"
    return "" if column.type == "text" and column.kind != "text-link" else None


def _text(column: Column, value: Any, _zone: tzinfo, _notes: list[str]) -> Any:
    if isinstance(value, bool | list | dict):
        raise _wrong(column, value, "a text")
    text = str(value)
    if column.textMaxLength and len(text) > column.textMaxLength:
        raise InvalidValue(f"Column {column.name} takes {column.textMaxLength} characters; these are {len(text)}.")
    return text


def _link(column: Column, value: Any, _zone: tzinfo, _notes: list[str]) -> str:
    """Tables cuts plain addresses at a guessed end of the host name: the JSON form is kept whole."""
    parts: Any = value
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            parts = json.loads(value)
        except ValueError:
            raise _wrong(column, value, "a web address") from None
    if not isinstance(parts, dict):
        parts = {"value": str(parts).strip()}
    given = cast("dict[str, Any]", parts)
    address = str(given.get("value") or given.get("url") or given.get("resourceUrl") or "")
    split = urlsplit(address)
    if split.scheme not in ("http", "https") or not split.netloc:
        raise _wrong(column, value, "a web address (https://...)")
    allowed = (column.textAllowedPattern or "").split(",")
    link = {"title": str(given.get("title") or address), "value": address}
    if (provider := str(given.get("providerId") or "url")) in allowed:
        link["providerId"] = provider
    return json.dumps(link, ensure_ascii=False)


def _number(column: Column, value: Any, _zone: tzinfo, notes: list[str]) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or (isinstance(value, int) and int(number) != value):
        raise _wrong(column, value, "a number")
    low, high = RANGES.get(column.kind, (column.numberMin, column.numberMax))
    if (low is not None and number < low) or (high is not None and number > high):
        bounds = " and ".join(f"{word} {bound:g}" for word, bound in (("at least", low), ("at most", high)) if bound is not None)
        raise InvalidValue(f"{value} does not fit column {column.name}: it takes {bounds}.")
    if column.kind in RANGES:
        if number != int(number):
            raise _wrong(column, value, "a whole number")
        return int(number)
    decimals = column.numberDecimals or 0
    shown = round(number, decimals) if decimals else math.trunc(number)
    if shown != number:
        notes.append(f"Column {column.name} has {decimals} decimals: {number:g} is shown as {shown:g}.")
    return int(number) if number == int(number) else number


def _option(column: Column, value: Any) -> int:
    """The id of an option, by label, by label in any case, or by id."""
    text = str(value).strip()
    exact = [option for option in column.options if isinstance(value, str) and option.label == text]
    alike = [option for option in column.options if isinstance(value, str) and option.label.casefold() == text.casefold()]
    by_id = [option for option in column.options if not isinstance(value, bool) and str(option.id) == text]
    for found in (exact, alike, by_id):
        if found:
            return found[0].id
    raise _wrong(column, value, "an option", [option.label for option in column.options])


def _selection(column: Column, value: Any, _zone: tzinfo, _notes: list[str]) -> int:
    if isinstance(value, list):
        wanted = cast("list[Any]", value)
        if len(wanted) != 1:
            raise _wrong(column, wanted, "one option", [option.label for option in column.options])
        return _option(column, wanted[0])
    return _option(column, value)


def _options(column: Column, value: Any, _zone: tzinfo, _notes: list[str]) -> list[int]:
    if isinstance(value, str) and value not in [option.label for option in column.options]:
        value = [part.strip() for part in value.split(",") if part.strip()]
    wanted = cast("list[Any]", value) if isinstance(value, list) else [value]
    return sorted({_option(column, one) for one in wanted})


def _check(column: Column, value: Any, _zone: tzinfo, _notes: list[str]) -> str:
    text = str(value).strip().lower()
    if text not in YES | NO:
        raise _wrong(column, value, "yes or no")
    return "true" if text in YES else "false"


def _moment(column: Column, value: Any, zone: tzinfo, wanted: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise _wrong(column, value, wanted) from None
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment


def _datetime(column: Column, value: Any, zone: tzinfo, notes: list[str]) -> str:
    moment = _moment(column, value, zone, "a date and time (2026-12-24 18:00)")
    if moment.second or moment.microsecond:
        notes.append(f"Column {column.name} keeps minutes: the seconds were left out.")
    return moment.strftime("%Y-%m-%d %H:%M")


def _date(column: Column, value: Any, zone: tzinfo, notes: list[str]) -> str:
    moment = _moment(column, value, zone, "a date (2026-12-24)")
    if moment.time() != time():
        notes.append(f"Column {column.name} keeps dates: the time was left out.")
    return date.isoformat(moment.date())


def _time(column: Column, value: Any, _zone: tzinfo, notes: list[str]) -> str:
    try:
        moment = time.fromisoformat(str(value).strip())
    except ValueError:
        raise _wrong(column, value, "a time (18:00)") from None
    if moment.second or moment.microsecond:
        notes.append(f"Column {column.name} keeps minutes: the seconds were left out.")
    return moment.strftime("%H:%M")


def _people(column: Column, value: Any, _zone: tzinfo, _notes: list[str]) -> list[dict[str, Any]]:
    """People by id, groups and teams as {id, type} with type group or team (or Tables' 0, 1, 2)."""
    wanted = cast("list[Any]", value) if isinstance(value, list) else [value]
    out: list[dict[str, Any]] = []
    for one in wanted:
        entry = cast("dict[str, Any]", one) if isinstance(one, dict) else {"id": one}
        kind = entry.get("type", 0)
        number = KINDS.get(kind.lower()) if isinstance(kind, str) else kind
        if not isinstance(entry.get("id"), str) or number not in (0, 1, 2):
            raise _wrong(column, one, "a user id or {id, type: user, group or team}")
        out.append({"id": entry["id"], "type": number})
    if len(out) > 1 and column.usergroupMultipleItems is False:
        raise InvalidValue(f"Column {column.name} takes one person or group; these are {len(out)}.")
    return out


_READERS: Mapping[str, Callable[[Column, Any, tzinfo, list[str]], Any]] = {
    "text": _text,
    "text-link": _link,
    "number": _number,
    "selection": _selection,
    "selection-multi": _options,
    "selection-check": _check,
    "datetime": _datetime,
    "datetime-date": _date,
    "datetime-time": _time,
    "usergroup": _people,
}
