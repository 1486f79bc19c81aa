"""A vCard (RFC 2426: 3.0, RFC 6350: 4.0) as the tools show it; pure."""

import re
from collections.abc import Callable

from nextcloud_mcp_server.apps.contacts.models import Contact, ContactField, FieldType
from nextcloud_mcp_server.nextcloud.content_lines import Component, Line, split_escaped, unescape

NAME_PARTS = ("family", "given", "additional", "prefix", "suffix")
ADDRESS_PARTS = ("pobox", "extended", "street", "locality", "region", "code", "country")
SHOWN = ("UID", "FN", "N", "NICKNAME", "ORG", "TITLE", "ROLE", "EMAIL", "TEL", "ADR", "URL", "NOTE", "BDAY", "CATEGORIES", "X-ABLABEL")
"""The properties that a listing asks for: no photos, no keys, no sounds."""

_SCHEMES = {"TEL": "tel:", "EMAIL": "mailto:"}
_DATE = re.compile(r"(\d{4}-?|--)(\d\d)-?(\d\d)(?:[T ].*)?\Z")
_FULL_NAME = re.compile(r"^(?:[\w-]+\.)?FN(?:;[^:\r\n]*)?:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE)
_FOLD = re.compile(r"\r?\n[ \t]")
_APPLE_LABEL = re.compile(r"_\$!<(.*)>!\$_\Z")
LONGEST_CUSTOM = 1000
LEAST_PREFERRED = 100


def contact_of(card: Component, uid: str, note: Callable[[str], str] = str) -> Contact:
    """All that is common in a card, and its X- properties; `note` may shorten the note."""
    name = parts_of(card.first("N"))
    given = {part: value for part, value in zip(NAME_PARTS, name, strict=False) if value}
    own, text = card.text("UID"), card.text("NOTE")
    return Contact(
        uid=uid,
        card_uid=own if own and own != uid else None,
        fn=name_of(card),
        given_name=given.get("given"),
        family_name=given.get("family"),
        organization=_organization(card),
        title=card.text("TITLE") or None,
        role=card.text("ROLE") or None,
        emails=_fields(card, "EMAIL", "email"),
        phones=_fields(card, "TEL", "phone"),
        addresses=_fields(card, "ADR", "address"),
        urls=_fields(card, "URL", "url"),
        note=note(text) if text else None,
        has_photo=True if card.first("PHOTO") else None,
        birthday=birthday_of(card.first("BDAY")),
        categories=values_of(card, "CATEGORIES") or None,
        custom_fields=_custom(card) or None,
    )


def name_of(card: Component) -> str:
    """The full name, or what stands in for it in a card without one."""
    if found := card.text("FN"):
        return found
    family, given, *_ = (*parts_of(card.first("N")), "", "")
    email = card.first("EMAIL")
    return f"{given} {family}".strip() or _organization(card) or (shown(email) if email else "")


def quick_name(text: str) -> str:
    """The full name in the text of a card, found without parsing it all: listings are sorted by it."""
    found = _FULL_NAME.search(text)
    return unescape(_FOLD.sub("", found[1])) if found else ""


def shown(line: Line) -> str:
    """The value of a line as the tools show it: no escapes, no `tel:` or `mailto:`."""
    scheme, text = _SCHEMES.get(line.name, ""), line.text.rstrip(";") if line.name in ("ADR", "ORG", "N") else line.text
    return text[len(scheme) :] if scheme and text.lower().startswith(scheme) else text


def parts_of(line: Line | None) -> list[str]:
    """The components of a structured value (N, ADR, ORG), unescaped; those of one component are joined by a comma."""
    return [unescape(part) for part in split_escaped(line.value, ";")] if line else []


def values_of(card: Component, name: str) -> list[str]:
    """The values of all properties of a name that hold comma lists (CATEGORIES, NICKNAME)."""
    found = (unescape(one).strip() for line in card.lines(name) for one in split_escaped(line.value, ","))
    return [one for one in dict.fromkeys(found) if one]


def types_of(line: Line) -> list[str]:
    """The types in lower case, without the mark of a preferred one and the one that says nothing (`internet`)."""
    types = (one.strip().lower() for given in line.parameters.get("TYPE", ()) for one in given.split(","))
    return [one for one in dict.fromkeys(types) if one not in ("pref", "internet", "")]


def rank_of(line: Line) -> int:
    """How preferred an entry is: 1 most (also by TYPE=pref), then PREF up to 100 (RFC 6350 5.3), then those that say nothing."""
    rank = line.parameter("PREF") or ""
    if rank.isdecimal():
        return int(rank)
    types = (one.strip().lower() for given in line.parameters.get("TYPE", ()) for one in given.split(","))
    return 1 if "pref" in types else LEAST_PREFERRED + 1


def birthday_of(line: Line | None) -> str | None:
    """`YYYY-MM-DD`, `--MM-DD` without a year, or the text of one that is no date."""
    if line is None or not line.text:
        return None
    match = _DATE.fullmatch(line.text.strip())
    if not match:
        return line.text
    year = match[1].rstrip("-")
    known = year and year != line.parameter("X-APPLE-OMIT-YEAR")
    return f"{year if known else '-'}-{match[2]}-{match[3]}"


def _fields(card: Component, name: str, kind: FieldType) -> list[ContactField] | None:
    labels = {line.group.upper(): line.text for line in card.lines("X-ABLABEL") if line.group}
    lines = [line for line in card.lines(name) if line.value.strip(";")]
    best = min([LEAST_PREFERRED, *(rank_of(line) for line in lines)])
    return [_field(line, kind, labels, preferred=rank_of(line) == best) for line in lines] or None


def _field(line: Line, kind: FieldType, labels: dict[str, str], *, preferred: bool) -> ContactField:
    types = types_of(line)
    if own := labels.get((line.group or "").upper()):
        named = _APPLE_LABEL.match(own)
        types.append(named[1].lower() if named else own)
    components = {part: value for part, value in zip(ADDRESS_PARTS, parts_of(line), strict=False) if value} if kind == "address" else None
    return ContactField(
        type=kind,
        value=shown(line),
        label=",".join(dict.fromkeys(types)) or None,
        preferred=preferred or None,
        components=components,
    )


def _organization(card: Component) -> str | None:
    return ";".join(parts_of(card.first("ORG"))).strip(";") or None


def _custom(card: Component) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if nicknames := values_of(card, "NICKNAME"):
        found["nickname"] = nicknames
    for line in card.lines():
        if line.name.startswith("X-") and line.name != "X-ABLABEL":
            value = line.text
            found.setdefault(line.name, []).append(
                value if len(value) <= LONGEST_CUSTOM else f"{value[:LONGEST_CUSTOM]}… cut: {len(value)} characters"
            )
    return found
