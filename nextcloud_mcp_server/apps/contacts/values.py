"""What an assistant gives for a property, as vCard values; pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from nextcloud_mcp_server.apps.contacts.reading import ADDRESS_PARTS, NAME_PARTS, birthday_of, parts_of
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.content_lines import Line, escape, split_escaped

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BIRTHDAY = re.compile(r"(\d{4}|-)-(\d\d)-(\d\d)")
LEAP_YEAR = 2000
OMITTED_YEAR = "1604"


@dataclass(frozen=True)
class Entry:
    """One value to write, escaped. `types` None keeps the types that stand there; `extra` are parameters of its own."""

    value: str
    types: tuple[str, ...] | None = None
    preferred: bool | None = None
    extra: Mapping[str, str] | None = None


Make = Callable[[str, Any, Line | None, bool], Entry]
"""Makes an entry of (key, given value, the line it replaces, whether the card is a 4.0)."""


def plain(key: str, value: Any) -> str:
    """A text or number given for `key`. Raises InvalidValue for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InvalidValue(f"{key}: {value!r:.80} is not a text.")
    text = str(value)
    if _CONTROL.search(text):
        raise InvalidValue(f"{key}: {text!r:.80} holds control characters.")
    return text


def text_entry(key: str, value: Any, _old: Line | None, _v4: bool) -> Entry:
    return Entry(escape(plain(key, value)))


def typed_text(key: str, value: Any, _old: Line | None, _v4: bool) -> Entry:
    """A text, or {value, type, preferred}."""
    if not isinstance(value, Mapping):
        return Entry(escape(plain(key, value)))
    given = dict(cast("Mapping[str, Any]", value))
    types, preferred = _taken(key, given)
    if given.get("value") is None or not str(given["value"]).strip():
        raise InvalidValue(f"{key}: {value!r:.80} has no value.", hint="Give a text or an object {value, type}.")
    text = plain(f"{key}.value", given.pop("value"))
    _nothing_left(key, given, ("value", "type", "preferred"))
    return Entry(escape(text), types, preferred)


def uri_entry(key: str, value: Any, old: Line | None, v4: bool) -> Entry:
    """A URI: not a text, so commas stay as they are."""
    made = typed_text(key, value, old, v4)
    given = cast("Mapping[str, Any]", value).get("value") if isinstance(value, Mapping) else value
    return Entry(re.sub(r"\s+", "", str(given)), made.types, made.preferred)


def name_entry(key: str, value: Any, old: Line | None, _v4: bool) -> Entry:
    return Entry(_structured(key, value, old, NAME_PARTS))


def address_entry(key: str, value: Any, old: Line | None, _v4: bool) -> Entry:
    """Components as an object, or a text: with semicolons the components in their order, without the street."""
    if not isinstance(value, Mapping):
        text = plain(key, value)
        return Entry(_structured(key, text if ";" in text else {"street": text}, old, ADDRESS_PARTS))
    given = dict(cast("Mapping[str, Any]", value))
    types, preferred = _taken(key, given)
    inner = given.pop("components", None)
    whole = given.pop("value", None)
    named = {**cast("Mapping[str, Any]", inner), **given} if isinstance(inner, Mapping) else given
    if whole is not None and not named:
        return Entry(address_entry(key, whole, None, _v4).value, types, preferred)
    return Entry(_structured(key, named, old, ADDRESS_PARTS), types, preferred)


def organization_entry(key: str, value: Any, _old: Line | None, _v4: bool) -> Entry:
    """A text, or a list of name, unit, sub-unit."""
    parts = cast("Sequence[Any]", value) if isinstance(value, list) else [value]
    return Entry(";".join(escape(plain(key, part)) for part in parts))


def birthday_entry(key: str, value: Any, old: Line | None, v4: bool) -> Entry:
    """`YYYY-MM-DD`, or `--MM-DD` without a year."""
    text = plain(key, value).strip()
    if old is not None and text == birthday_of(old):
        return Entry(old.value)
    match = _BIRTHDAY.fullmatch(text)
    try:
        if not match:
            raise ValueError
        date(LEAP_YEAR if match[1] == "-" else int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise InvalidValue(f"{key}: {text[:80]!r} is not a date.", hint="Write YYYY-MM-DD, or --MM-DD without a year.") from None
    if match[1] != "-":
        return Entry(text.replace("-", "") if v4 else text)
    if v4:
        return Entry(f"--{match[2]}{match[3]}")
    return Entry(f"{OMITTED_YEAR}-{match[2]}-{match[3]}", extra={"X-APPLE-OMIT-YEAR": OMITTED_YEAR})


def words(key: str, value: Any) -> list[str]:
    """A list of texts, or one text: categories are split at commas."""
    if isinstance(value, list):
        given = [plain(key, one) for one in cast("list[Any]", value)]
    else:
        text = plain(key, value)
        given = text.split(",") if key == "categories" else [text]
    return [one.strip() for one in given if one.strip()]


def _structured(key: str, value: Any, old: Line | None, names: tuple[str, ...]) -> str:
    """The old components with the given ones changed; a text gives all of them, separated by semicolons."""
    if not isinstance(value, Mapping):
        parts = plain(key, value).split(";")
        if len(parts) > len(names):
            raise InvalidValue(f"{key}: {value!r:.80} has more than {len(names)} parts.", hint=f"Give an object with {', '.join(names)}.")
        return ";".join(escape(part) for part in [*parts, *[""] * (len(names) - len(parts))])
    given = dict(cast("Mapping[str, Any]", value))
    kept = split_escaped(old.value, ";") if old else []
    kept += [""] * (len(names) - len(kept))
    for index, name in enumerate(names):
        part = given.pop(name, None)
        if part is not None and (old is None or [part] != parts_of(old)[index : index + 1]):
            several = cast("list[Any]", part) if isinstance(part, list) else [part]
            kept[index] = ",".join(escape(plain(f"{key}.{name}", one)) for one in several)
    _nothing_left(key, given, names)
    return ";".join(kept)


def _taken(key: str, given: dict[str, Any]) -> tuple[tuple[str, ...] | None, bool | None]:
    """Takes type (or label, as the answers call it) and preferred out of an object."""
    kind, label, preferred = given.pop("type", None), given.pop("label", None), given.pop("preferred", None)
    if kind in ("email", "phone", "address", "url"):
        kind = None
    wanted: Any = label if kind is None else kind
    if wanted is None:
        return None, preferred
    texts = cast("list[Any]", wanted) if isinstance(wanted, list) else plain(f"{key}.type", wanted).split(",")
    types = tuple(dict.fromkeys(plain(f"{key}.type", one).strip().upper() for one in texts if plain(f"{key}.type", one).strip()))
    return tuple(one for one in types if one != "PREF"), preferred if preferred is not None else ("PREF" in types or None)


def _nothing_left(key: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    left = [name for name, value in given.items() if value is not None]
    if left:
        raise InvalidValue(f"{key} has no part {left[0]!r:.60}.", candidates=known)
