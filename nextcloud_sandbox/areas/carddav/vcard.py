"""vCard 3 (RFC 2426), vCard 4 (RFC 6350) and jCard (RFC 7095): checks on writing, conversion on reading, as Sabre does them."""

import json
import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from nextcloud_sandbox.dav import DavError
from nextcloud_sandbox.groupware.vobject import PRODID, Component, Line, ParseError, escape, parse, split_value, unescape

V3, V4, JCARD = "vcard3", "vcard4", "jcard"
OFFERED: list[tuple[str, dict[str, str], str]] = [
    ("text/x-vcard", {}, V3),
    ("text/vcard", {}, V3),
    ("text/vcard", {"version": "4.0"}, V4),
    ("text/vcard", {"version": "3.0"}, V3),
    ("application/vcard+json", {}, JCARD),
]
MIME = {V3: "text/vcard; charset=utf-8", V4: "text/vcard; version=4.0; charset=utf-8", JCARD: "application/vcard+json; charset=utf-8"}
BINARY = ("PHOTO", "LOGO", "SOUND", "KEY")
DATA_URI = re.compile(r"data:(?P<kind>[\w.+-]+/[\w.+-]+)?(?:;[\w=-]+)*;base64,(?P<data>.*)", re.DOTALL)
TO_4 = {"X-ADDRESSBOOKSERVER-KIND": "KIND", "X-ADDRESSBOOKSERVER-MEMBER": "MEMBER", "X-ANNIVERSARY": "ANNIVERSARY"}
TO_3 = {value: key for key, value in TO_4.items()}
STRUCTURED = {"N": ";", "ADR": ";", "ORG": ";", "GENDER": ";"}
LISTS = {"CATEGORIES", "NICKNAME"}
JTYPES = {
    "BDAY": "date-and-or-time",
    "ANNIVERSARY": "date-and-or-time",
    "REV": "timestamp",
    "LANG": "language-tag",
    **dict.fromkeys(("PHOTO", "LOGO", "SOUND", "KEY", "URL", "IMPP", "MEMBER", "RELATED", "SOURCE", "GEO"), "uri"),
}
ALWAYS = {"VERSION", "PRODID", "UID", "FN"}


@dataclass
class Checked:
    component: Component
    uid: str
    warning: str = ""


def check(body: bytes) -> Checked:
    """The card in `body`, with a UID and a name made up when they are missing. Raises DavError 415."""
    try:
        card = parse(body.decode("utf-8", "replace"))
    except ParseError as error:
        raise DavError(415, f"This resource only supports valid vCard or jCard data. Parse error: {error}") from None
    if card.name != "VCARD":
        raise DavError(415, "This collection can only support vcard objects.")
    if card.value("VERSION") not in ("3.0", "4.0"):
        raise DavError(415, "Validation error in vcard: CardDAV servers are not allowed to accept vCard 2.1.")
    warnings: list[str] = []
    if card.first("UID") is None:
        card.lines.append(Line("UID", str(uuid4())))
        warnings.append("vCards on CardDAV servers MUST have a UID property.")
    names = sum(1 for _ in card.all("FN"))
    if names != 1:
        message = "The FN property must appear in the VCARD component exactly 1 time"
        name = made_up_name(card) if names == 0 else ""
        if not name:
            raise DavError(415, f"Validation error in vcard: {message}")
        card.lines.append(Line("FN", name))
        warnings.append(message)
    return Checked(card, card.value("UID"), warnings[0] if warnings else "")


def made_up_name(card: Component) -> str:
    parts = split_value(card.value("N"), ";")
    if parts[0] or len(parts) > 1:
        return f"{parts[1]} {parts[0]}" if len(parts) > 1 and parts[1] else parts[0]
    return next((card.value(name).split(";")[0] for name in ("ORG", "NICKNAME", "EMAIL") if card.value(name)), "")


def negotiate(accept: str) -> str:
    """The form that an Accept header wants, vCard 3 when it does not say."""
    best, chosen = (0.0, -1), V3
    for kind, params, form in OFFERED:
        for wanted, wanted_params in parse_accept(accept):
            quality = float(wanted_params.get("q", "1"))
            rest = {key: value for key, value in wanted_params.items() if key == "version"}
            specific = 0 if wanted == "*/*" else 1 if wanted.endswith("/*") else 2 + len(rest)
            fits = wanted in ("*/*", kind, kind.split("/")[0] + "/*") and (not rest or rest == params)
            if fits and (quality, specific) > best:
                best, chosen = (quality, specific), form
    return chosen


def parse_accept(header: str) -> list[tuple[str, dict[str, str]]]:
    out: list[tuple[str, dict[str, str]]] = []
    for part in header.split(","):
        kind, *params = (piece.strip().lower() for piece in part.split(";"))
        out.append((kind, {key: value.strip('"') for key, _, value in (param.partition("=") for param in params)}))
    return out


def convert(data: bytes, form: str, only: set[str] | None = None) -> str:
    """The card in another form. In its own version it comes as it was stored; `only` keeps these properties."""
    card = parse(data.decode("utf-8", "replace"))
    version = "3.0" if form == V3 else "4.0"
    if card.value("VERSION") != version:
        card = to_version(card, version)
    elif form != JCARD and only is None:
        return data.decode("utf-8", "replace")
    if form == JCARD and card.first("PRODID") is None:
        card.lines.insert(1, Line("PRODID", PRODID))
    if only is not None:
        card = Component("VCARD", [line for line in card.lines if line.name in only | ALWAYS])
    return json.dumps(jcard(card), separators=(",", ":"), ensure_ascii=True).replace("/", "\\/") if form == JCARD else str(card)


def to_version(card: Component, version: str) -> Component:
    made = Component("VCARD", [Line("VERSION", version), Line("PRODID", PRODID)])
    change = to_3 if version == "3.0" else to_4
    made.lines += [change(deepcopy(line)) for line in card.lines if line.name not in ("VERSION", "PRODID")]
    return made


def to_3(line: Line) -> Line:
    line.name = TO_3.get(line.name, line.name)
    preferred = line.param("PREF")
    line.set_param("PREF", None)
    if preferred == "1":
        line.params.append(("TYPE", "PREF"))
    inline = DATA_URI.fullmatch(line.value) if line.name in BINARY else None
    if inline:
        kind = (inline["kind"] or "image/jpeg").split("/")[1].upper()
        line.params = [
            ("ENCODING", "b"),
            ("TYPE", kind),
            *((name, value) for name, value in line.params if name not in ("VALUE", "MEDIATYPE")),
        ]
        line.value = inline["data"]
    if line.name == "BDAY" and re.fullmatch(r"--\d\d-?\d\d", line.value):
        line.params.append(("X-APPLE-OMIT-YEAR", "1604"))
        line.value = f"1604-{line.value[2:4]}-{line.value[-2:]}"
    return line


def to_4(line: Line) -> Line:
    line.name = TO_4.get(line.name, line.name)
    types = [kind for name, value in line.params if name == "TYPE" for kind in value.split(",")]
    rest = [(name, value) for name, value in line.params if name not in ("TYPE", "ENCODING", "CHARSET", "X-APPLE-OMIT-YEAR")]
    if line.name in BINARY and line.param("ENCODING"):
        kind = types.pop(0).lower() if types else "jpeg"
        line.value = f"data:{kind if '/' in kind else f'image/{kind}'};base64,{line.value}"
    if line.name == "BDAY" and line.param("X-APPLE-OMIT-YEAR"):
        line.value = "--" + re.sub(r"\D", "", line.value)[4:8]
    if any(kind.upper() == "PREF" for kind in types):
        rest.insert(0, ("PREF", "1"))
    line.params = [("TYPE", kind) for kind in types if kind.upper() != "PREF"] + rest
    return line


def jcard(card: Component) -> list[Any]:
    return ["vcard", [jcard_line(line) for line in card.lines]]


def jcard_line(line: Line) -> list[Any]:
    params: dict[str, Any] = {}
    for name, value in line.params:
        if name != "VALUE":
            known: Any = params.get(name.lower())
            params[name.lower()] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
    if line.group:
        params["group"] = line.group
    kind = (line.param("VALUE") or JTYPES.get(line.name, "text")).lower()
    if line.name in STRUCTURED:
        values: list[Any] = [[unescape(part) for part in split_value(line.value, ";")]]
    elif line.name in LISTS:
        values = [unescape(part) for part in split_value(line.value, ",")]
    else:
        values = [line.text]
    return [line.name.lower(), params, kind, *values]


def has_photo(card: Component) -> bool:
    return card.first("PHOTO") is not None


def simple_card(uid: str, name: str, *lines: Line) -> Component:
    """A vCard 3 of the server's own."""
    given, _, family = name.rpartition(" ")
    head = [Line("VERSION", "3.0"), Line("PRODID", PRODID), Line("UID", uid), Line("FN", escape(name))]
    return Component("VCARD", [*head, Line("N", f"{escape(family)};{escape(given)};;;"), *lines])
