"""How alike a live answer must be to the recorded one.

Status, the headers that matter, and the body's shape: the same keys and types in JSON, the same responses, statuses, properties and
elements in XML. Texts must be equal except for what differs between any two instances: ids, times, tokens and ETags.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from tests.sandbox.exchanges import Exchange, Message

IGNORED = {
    *("date", "server", "set-cookie", "connection", "transfer-encoding", "content-length", "x-debug-token", "x-request-id", "keep-alive"),
}
DAV = "{DAV:}"
RUN = re.compile(r"[A-Za-z0-9]+")
RANDOM = re.compile(r"(?=.*\d)[A-Za-z0-9]{13,}\Z|[0-9a-f]{10,}\Z|[A-Za-z0-9]{32,}\Z|\d+\Z")
MONTH_DAY = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?")


def form(text: str) -> str:
    """A text with everything replaced that differs between instances: `etag "6b00e872"` -> `etag "#"`."""
    text = UUID.sub("#", ISO.sub("<iso>", MONTH_DAY.sub("<date>", text)))
    return RUN.sub(lambda run: "#" if RANDOM.match(run[0]) else run[0], text)


def differences(recorded: Exchange, status: int, live: Message, *, loose: frozenset[str] = frozenset()) -> list[str]:
    """What is wrong with the live answer, as lines. `loose` names keys whose lists may have other lengths, "*" all, "body" anything."""
    found: list[str] = []
    if status != recorded.status:
        return [f"status {status}, recorded {recorded.status}: {live.body[:300].decode(errors='replace')}"]
    found += header_differences(recorded.response, live)
    found += body_differences(recorded, live, loose)
    return found


def header_differences(recorded: Message, live: Message) -> Iterator[str]:
    old = {key.lower(): value for key, value in recorded.headers.items() if key.lower() not in IGNORED}
    new = {key.lower(): value for key, value in live.headers.items() if key.lower() not in IGNORED}
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield f"header {name} is missing, recorded {old[name]!r}"
        elif name not in old:
            yield f"header {name} {new[name]!r} was not recorded"
        elif normal(name, old[name]) != normal(name, new[name]):
            yield f"header {name} {new[name]!r}, recorded {old[name]!r}"


def normal(name: str, value: str) -> object:
    if name in ("allow", "dav"):
        return sorted(part.strip() for part in value.split(","))
    if name == "content-type":
        return value.lower().replace(" ", "").replace('"', "")
    if name in ("content-range", "x-notes-chunk-pending", "x-nc-paginate-total"):
        return value
    if name == "x-nc-paginate-token":
        return bool(value)
    return re.sub(r"http://[^/]+", "http://host", form(value))


def body_differences(recorded: Exchange, live: Message, loose: frozenset[str]) -> Iterator[str]:
    kind = recorded.response.header("Content-Type").lower()
    old, new = recorded.response.body.strip(), live.body.strip()
    if recorded.method == "HEAD" or "body" in loose or "zip" in kind or kind.startswith(("image/", "application/octet")):
        return
    if not old or not new:
        if bool(old) != bool(new):
            yield f"body {new[:200]!r}, recorded {old[:200]!r}"
    elif "json" in kind:
        yield from json_differences(json.loads(old), json.loads(new), "$", loose)
    elif "xml" in kind and old.startswith(b"<"):
        yield from xml_differences(ElementTree.fromstring(old), ElementTree.fromstring(new), loose)
    elif "html" not in kind and form(old.decode(errors="replace")) != form(new.decode(errors="replace")):
        yield f"body {new[:300]!r}, recorded {old[:300]!r}"


# JSON


def kind_of(value: Any) -> str:
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def json_differences(old: Any, new: Any, where: str, loose: frozenset[str]) -> Iterator[str]:
    if kind_of(old) != kind_of(new):
        yield f"{where} is {kind_of(new)} {str(new)[:80]!r}, recorded {kind_of(old)} {str(old)[:80]!r}"
    elif isinstance(old, dict):
        missing, extra = old.keys() - new.keys(), new.keys() - old.keys()
        varying = name_of(where) in loose
        if (missing or extra) and not varying:
            yield f"{where} lacks {sorted(missing)} and has in excess {sorted(extra)}"
        for key in old.keys() & new.keys():
            yield from json_differences(old[key], new[key], f"{where}.{key}", loose)
    elif isinstance(old, list):
        yield from list_differences(old, new, where, loose)
    elif isinstance(old, str) and text_form(old) != text_form(new) and name_of(where) not in loose:
        yield f"{where} {new[:200]!r}, recorded {old[:200]!r}"
    elif isinstance(old, bool) and old != new and name_of(where) not in loose:
        yield f"{where} {new}, recorded {old}"


def name_of(where: str) -> str:
    """The key that a value stands under, also for the elements of a list."""
    return re.sub(r"\[\d+\]\Z", "", where.rpartition(".")[2])


def text_form(text: str) -> str:
    return re.sub(r"https?://[^/\s]+", "http://host", form(text))


def list_differences(old: list[Any], new: list[Any], where: str, loose: frozenset[str]) -> Iterator[str]:
    key = name_of(where)
    if len(old) != len(new) and key not in loose and "*" not in loose:
        yield f"{where} has {len(new)} elements, recorded {len(old)}"
        return
    if bool(old) != bool(new):
        yield f"{where} has {len(new)} elements, recorded {len(old)}"
    remaining = list(old)
    for index, item in enumerate(new):
        ranked = sorted(
            ((list(json_differences(other, item, f"{where}[{index}]", loose)), n) for n, other in enumerate(remaining)),
            key=lambda pair: len(pair[0]),
        )
        if not ranked:
            return
        yield from ranked[0][0]
        if len(old) == len(new):
            del remaining[ranked[0][1]]


# XML


def xml_differences(old: Element, new: Element, loose: frozenset[str]) -> Iterator[str]:
    if old.tag != new.tag:
        yield f"root {new.tag}, recorded {old.tag}"
    elif old.tag == f"{DAV}multistatus":
        yield from multistatus_differences(old, new, loose)
    else:
        yield from element_differences(old, new, old.tag, loose)


def multistatus_differences(old: Element, new: Element, loose: frozenset[str]) -> Iterator[str]:
    recorded, live = (responses(root, same_place="href" in loose) for root in (old, new))
    for href in sorted(recorded.keys() - live.keys()):
        yield f"response {href} is missing"
    for href in sorted(live.keys() - recorded.keys()):
        yield f"response {href} was not recorded"
    for href in sorted(recorded.keys() & live.keys()):
        left, right = (sorted(root[href], key=canonical) for root in (recorded, live))
        if len(left) != len(right):
            yield f"{href}: {len(right)} responses, recorded {len(left)}"
        for a, b in zip(left, right, strict=False):
            yield from (f"{href}: {line}" for line in response_differences(a, b, loose))
    for tag in {child.tag for root in (old, new) for child in root} - {f"{DAV}response"}:
        a, b = old.find(tag), new.find(tag)
        if (a is None) != (b is None) or (a is not None and b is not None and form(a.text or "") != form(b.text or "")):
            yield f"{tag}: {b is not None and b.text}, recorded {a is not None and a.text}"


Parts = dict[str, dict[str, Element]]


def responses(root: Element, *, same_place: bool = False) -> dict[str, list[Parts]]:
    out: dict[str, list[Parts]] = {}
    for response in root.iterfind(f"{DAV}response"):
        parts: Parts = {}
        status = response.find(f"{DAV}status")
        if status is not None:
            parts[(status.text or "").split()[1]] = {}
        for propstat in response.iterfind(f"{DAV}propstat"):
            properties = propstat.find(f"{DAV}prop")
            parts[(propstat.findtext(f"{DAV}status") or "").split()[1]] = {
                child.tag: child for child in (properties if properties is not None else ())
            }
        out.setdefault("" if same_place else form(response.findtext(f"{DAV}href") or ""), []).append(parts)
    return out


def canonical(parts: Parts) -> str:
    """Puts responses alike at the same place, whatever their order."""
    return form(
        str([(status, name, ElementTree.tostring(value)) for status in sorted(parts) for name, value in sorted(parts[status].items())])
    )


def response_differences(old: Parts, new: Parts, loose: frozenset[str]) -> Iterator[str]:
    for status in sorted(old.keys() | new.keys()):
        a, b = old.get(status, {}), new.get(status, {})
        if (status in old) != (status in new):
            yield f"propstat {status} {'missing' if status in old else 'not recorded'}: {sorted(a or b)}"
            continue
        if a.keys() != b.keys():
            yield f"propstat {status} lacks {sorted(a.keys() - b.keys())} and has in excess {sorted(b.keys() - a.keys())}"
        for name in sorted(a.keys() & b.keys()):
            yield from element_differences(a[name], b[name], name, loose)


def element_differences(old: Element, new: Element, where: str, loose: frozenset[str]) -> Iterator[str]:
    tag = old.tag.rpartition("}")[2]
    if sorted(old.attrib) != sorted(new.attrib):
        yield f"{where} has attributes {sorted(new.attrib)}, recorded {sorted(old.attrib)}"
    left, right = ([child.tag for child in one] for one in (old, new))
    varying = tag in loose or "*" in loose
    if sorted(set(left)) != sorted(set(right)) if varying else sorted(left) != sorted(right):
        if not varying or tag not in loose:
            yield f"{where} contains {sorted(right)}, recorded {sorted(left)}"
        return
    if not left and form((old.text or "").strip()) != form((new.text or "").strip()) and tag not in loose:
        yield f"{where} {new.text!r}, recorded {old.text!r}"
    for child in old:
        other = new.find(child.tag)
        if other is not None and left.count(child.tag) == 1:
            yield from element_differences(child, other, f"{where}/{child.tag.rpartition('}')[2]}", loose)
