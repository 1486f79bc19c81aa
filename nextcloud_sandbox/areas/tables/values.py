"""What Tables makes of values that come in, and how it shows them: without a complaint about most that it cannot read."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from nextcloud_sandbox.areas.tables.state import Column, Tables

URL = re.compile(r"(http|https)://[a-zA-Z0-9\-.]+\.[a-zA-Z]{2,3}(/\S*)?")
YES, NO = ("yes", "1", True, 1, "true", "TRUE"), ("no", "0", False, 0, "false", "FALSE")


class Bad(Exception):
    """A value that is refused with 400 and this text."""


def check(tables: Tables, column: Column, value: Any, row: int | None) -> None:
    """The few values that Tables refuses."""
    options, title = column.options, column.title
    if options["textMaxLength"] is not None and isinstance(value, str) and len(value) > options["textMaxLength"]:
        raise Bad(f"Value for column {title} exceeds maximum length of {options['textMaxLength']}")
    amount = floating(value) if is_numeric(value) else None
    if amount is not None and options["numberMin"] is not None and amount < options["numberMin"]:
        raise Bad(f"Value for column {title} is less than minimum allowed value of {options['numberMin']}")
    if amount is not None and options["numberMax"] is not None and amount > options["numberMax"]:
        raise Bad(f"Value for column {title} exceeds maximum allowed value of {options['numberMax']}")
    if options["textUnique"] and column.kind == "text-line":
        same = [one.id for one in tables.rows_of(column.table) if one.cells.get(column.id) == value]
        if [one for one in same if one != row]:
            raise Bad(f'Column "{title}" contains a non-unique value.')
    if column.options["type"] == "usergroup" and value is not None:
        check_people(tables, value)


def check_people(tables: Tables, value: Any) -> None:
    entries: Any = json.loads(value) if isinstance(value, str) else value
    if not isinstance(entries, list):
        raise Bad("Invalid value for usergroup column")
    for one in cast("list[dict[str, Any]]", entries):
        if not isinstance(one.get("id"), str):
            raise Bad("Invalid value for usergroup id")
        if one.get("type") == 0 and one["id"] not in tables.sandbox.users:
            raise Bad("User not found")
        if one.get("type") == 1 and one["id"] not in tables.sandbox.groups:
            raise Bad("Group not found")


def is_numeric(value: Any) -> bool:
    return not isinstance(value, bool) and (
        isinstance(value, int | float) or bool(re.fullmatch(r"\s*[-+]?\d*\.?\d+(e[-+]?\d+)?", str(value)))
    )


def floating(value: Any) -> float:
    """PHP's floatval: the number at the beginning of a text, else 0."""
    found = re.match(r"\s*[-+]?\d*\.?\d+(e[-+]?\d+)?", str(value))
    return float(found[0]) if found else 0.0


def parsed(column: Column, value: Any) -> Any:
    """The value as the answer of a write shows it; what cannot be read is null."""
    read = PARSERS.get(column.kind)
    return read(column, value) if read else value


def number(_: Column, value: Any) -> Any:
    found = floating(value) if value else 0.0
    return None if value is None or (value and not found) else int(found) if found == int(found) else found


def small_number(column: Column, value: Any) -> int | None:
    top = 5 if column.kind == "number-stars" else 100
    return int(floating(value)) if not value or 0 <= floating(value) <= top else None


def option(column: Column, value: Any) -> str | None:
    return next((str(one["id"]) for one in column.options["selectionOptions"] if is_numeric(value) and one["id"] == floating(value)), None)


def several_options(column: Column, value: Any) -> list[int]:
    known = [one["id"] for one in column.options["selectionOptions"]]
    wanted = cast("list[Any]", value) if isinstance(value, list) else []
    return sorted(int(one) for one in wanted if one in known)


def checked(_: Column, value: Any) -> str | None:
    return "true" if value in YES else "false" if value is None or value in NO else None


def people(_: Column, value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value or []


def dated(form: str) -> Callable[[Column, Any], str | None]:
    """Only a text of exactly this form."""

    def read(_: Column, value: Any) -> str | None:
        try:
            return value if isinstance(value, str) and datetime.strptime(value, form).strftime(form) == value else None  # noqa: DTZ007
        except ValueError:
            return None

    return read


def link(column: Column, value: Any) -> str | None:
    try:
        data: Any = json.loads(value) if value else None
    except ValueError:
        data = None
    if isinstance(data, dict):
        allowed = (column.options["textAllowedPattern"] or "").split(",")
        refused = "providerId" in data and data["providerId"] not in allowed
        return None if refused or "title" not in data or "value" not in data else value
    found = URL.search(str(value or ""))
    return json.dumps({"title": found[0], "value": found[0], "providerId": "url"}) if found else None


PARSERS: dict[str, Callable[[Column, Any], Any]] = {
    "number": number,
    "number-stars": small_number,
    "number-progress": small_number,
    "selection": option,
    "selection-multi": several_options,
    "selection-check": checked,
    "text-link": link,
    "usergroup": people,
    "datetime": dated("%Y-%m-%d %H:%M"),
    "datetime-date": dated("%Y-%m-%d"),
    "datetime-time": dated("%H:%M"),
}


def stored(column: Column, value: Any) -> Any:
    """As the database keeps it: an empty number is 0."""
    return float(value or 0) if column.options["type"] == "number" else value


def alike(old: Any, new: Any) -> bool:
    """PHP's `==` for what stands in cells: numeric texts by their number, 0 like nothing. Such a change is not written."""
    if isinstance(old, str) and isinstance(new, str) and is_numeric(old) and is_numeric(new):
        return float(old) == float(new)
    return old == new or (old in ("0", 0, "", None) and new is None)


def shown(tables: Tables, column: Column, value: Any) -> Any:
    """As a listing shows it: numbers cut to the column's decimals."""
    kind = column.options["type"]
    if kind == "number":
        decimals = column.options["numberDecimals"] or 0
        return round(value, decimals) if decimals else int(value)
    if column.kind == "selection":
        return None if value is None else int(value)
    if kind == "usergroup":
        return [{**one, "displayName": display_name(tables, one)} for one in value]
    return value


def display_name(tables: Tables, one: dict[str, Any]) -> str:
    user = tables.sandbox.users.get(one["id"])
    return user.display_name if user and one.get("type") == 0 else one["id"]
