"""Changes the named properties of a vCard and no other byte.

One rule for new and existing cards: a text or an object changes the first property of its name, a list stands for all of
them, an empty text or list clears, a key that is left out or null changes nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from nextcloud_mcp_server.apps.contacts.reading import LEAST_PREFERRED, rank_of, shown, values_of
from nextcloud_mcp_server.apps.contacts.values import (
    Entry,
    Make,
    address_entry,
    birthday_entry,
    name_entry,
    organization_entry,
    text_entry,
    typed_text,
    uri_entry,
    words,
)
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.content_lines import Component, Line, component, escape, line, unescape

_CUSTOM = re.compile(r"[Xx]-[A-Za-z0-9-]{1,60}")
_OF_THE_VALUE = frozenset({"VALUE", "ENCODING", "CHARSET", "X-APPLE-OMIT-YEAR", "CALSCALE"})
_LABELS = frozenset({"X-ABLABEL", "X-ABADR"})


@dataclass(frozen=True)
class Property:
    """How the values of one key are made; `many` lets a list stand for all properties of the name."""

    name: str
    make: Make
    many: bool = False
    types: tuple[str, ...] = ()


_PROPERTIES = {
    "fn": Property("FN", text_entry),
    "n": Property("N", name_entry),
    "email": Property("EMAIL", typed_text, many=True, types=("HOME",)),
    "tel": Property("TEL", typed_text, many=True, types=("HOME",)),
    "url": Property("URL", uri_entry, many=True),
    "adr": Property("ADR", address_entry, many=True),
    "org": Property("ORG", organization_entry),
    "title": Property("TITLE", text_entry),
    "role": Property("ROLE", text_entry),
    "note": Property("NOTE", text_entry),
    "bday": Property("BDAY", birthday_entry),
}
_LISTS = {"categories": "CATEGORIES", "nickname": "NICKNAME"}
_ALIASES = {
    "phone": "tel",
    "phones": "tel",
    "emails": "email",
    "urls": "url",
    "address": "adr",
    "addresses": "adr",
    "organization": "org",
    "birthday": "bday",
}
KEYS = (*_PROPERTIES, *_LISTS, "X-…")


def new_card(uid: str, data: Mapping[str, Any]) -> Component:
    """A vCard 3.0, which every client reads. Raises InvalidValue where `fn` is missing or a key or value is wrong."""
    card = component("VCARD", line("VERSION", "3.0"), line("UID", escape(uid)))
    apply(card, data)
    if not card.text("FN"):
        raise InvalidValue("contact_data.fn, the full name, is required and missing.")
    if card.first("N") is None:
        card.replace("N", [line("N", ";".join(escape(part) for part in _guessed(card.text("FN") or "")))])
    return card


def apply(card: Component, data: Mapping[str, Any]) -> None:
    """Changes `card` in place. Raises InvalidValue before anything is sent."""
    version4 = (card.text("VERSION") or "").startswith("4")
    for key, value in _by_key(data):
        if key in _LISTS:
            _put_words(card, _LISTS[key], words(key, value))
            continue
        wanted = _PROPERTIES.get(key) or Property(key.upper(), typed_text, many=True)
        if isinstance(value, list):
            value = [one for one in cast("list[Any]", value) if not _blank(one)]
        if _blank(value):
            if key == "fn":
                raise InvalidValue("fn cannot be cleared: a contact has a full name.")
            _replace(card, wanted.name, [])
        elif wanted.many and isinstance(value, list):
            _put_all(card, wanted, key, cast("list[Any]", value), version4)
        else:
            _put_first(card, wanted, key, value, version4)


def _blank(value: Any) -> bool:
    return value in ([], {}) or (isinstance(value, str) and not value.strip())


def _by_key(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for given, value in data.items():
        if value is None:
            continue
        key = _ALIASES.get(given.lower(), given.lower())
        if key not in _PROPERTIES and key not in _LISTS and (not _CUSTOM.fullmatch(key) or key.upper() in _LABELS):
            hint = "Photos stay as they are." if key in ("photo", "logo") else "Properties of your own begin with X-."
            raise InvalidValue(f"contact_data has no key {given[:60]!r}.", candidates=KEYS, hint=hint)
        if key in seen:
            raise InvalidValue(f"contact_data names {key} twice.")
        seen.add(key)
        yield key, value


def _put_words(card: Component, name: str, given: list[str]) -> None:
    if given == values_of(card, name):
        return
    old = card.first(name)
    value = ",".join(escape(one) for one in given)
    _replace(card, name, [] if not given else [old.with_value(value) if old else line(name, value)])


def _put_first(card: Component, wanted: Property, key: str, value: Any, version4: bool) -> None:
    first, *others = card.lines(wanted.name) or [None]
    made = _line(wanted, wanted.make(key, value, first, version4), first, version4)
    _replace(card, wanted.name, [made, *(one for one in others if one is not None)])


def _put_all(card: Component, wanted: Property, key: str, values: list[Any], version4: bool) -> None:
    left = card.lines(wanted.name)
    made: list[Line] = []
    for value in values:
        entry = wanted.make(key, value, None, version4)
        same = next((one for one in left if shown(one) == _shown(entry)), None)
        if same:
            left.remove(same)
        made.append(_line(wanted, entry, same, version4))
    _replace(card, wanted.name, made)


def _shown(entry: Entry) -> str:
    return unescape(entry.value).rstrip(";")


def _line(wanted: Property, entry: Entry, old: Line | None, version4: bool) -> Line:
    """The line for an entry: the old one where it says the same, with what the entry does not speak of kept."""
    if old is None:
        types = wanted.types if entry.types is None else entry.types
        return line(wanted.name, entry.value, _parameters({}, types, bool(entry.preferred), version4) | dict(entry.extra or {}))
    same = old.value == entry.value or shown(old) == _shown(entry)
    if entry.types is None and entry.preferred is None and not entry.extra:
        if same:
            return old
        if not _OF_THE_VALUE & old.parameters.keys():
            return old.with_value(entry.value)
    kept = {key: values for key, values in old.parameters.items() if same or key not in _OF_THE_VALUE}
    types = entry.types if entry.types is not None else tuple(one for one in kept.get("TYPE", ()) if one.upper() != "PREF")
    preferred = rank_of(old) <= LEAST_PREFERRED if entry.preferred is None else entry.preferred
    if entry.preferred:
        kept.pop("PREF", None)
    parameters = _parameters(kept, types, preferred, version4) | dict(entry.extra or {})
    return line(wanted.name, old.value if same else entry.value, parameters, old.group)


def _parameters(
    kept: Mapping[str, tuple[str, ...]], types: tuple[str, ...], preferred: bool, version4: bool
) -> dict[str, str | tuple[str, ...]]:
    made: dict[str, str | tuple[str, ...]] = {key: values for key, values in kept.items() if key not in ("TYPE", "PREF")}
    if preferred and not version4:
        types = (*types, "PREF")
    if types:
        made["TYPE"] = types
    if preferred and version4:
        made["PREF"] = kept.get("PREF", "1")
    return made


def _replace(card: Component, name: str, new: list[Line]) -> None:
    """Every line keeps its place where there are as many as before; labels of lines that are gone go too."""
    old = card.lines(name)
    if len(new) == len(old):
        following = iter(new)
        card.content = [next(following) if isinstance(one, Line) and one.name == name else one for one in card.content]
    else:
        card.replace(name, new)
    gone = {_group(one) for one in old} - {""}
    used = {_group(one) for one in card.lines() if one.name not in _LABELS}
    orphans = gone - used
    card.content = [one for one in card.content if not (isinstance(one, Line) and one.name in _LABELS and _group(one) in orphans)]


def _group(one: Line) -> str:
    return (one.group or "").upper()


def _guessed(full: str) -> tuple[str, ...]:
    """The parts of a full name as Nextcloud itself guesses them: first word given, last word family, the rest additional."""
    pieces = full.split()
    if len(pieces) < 2:
        return (full, "", "", "", "")
    return (pieces[-1], pieces[0], " ".join(pieces[1:-1]), "", "")
