"""The filters of calendar-query (RFC 4791, 9.7) and of Nextcloud's calendar-search, on stored objects."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from nextcloud_sandbox.areas.caldav.times import Range, alarm_in_range, event_in_range, read_moment, read_range, todo_in_range
from nextcloud_sandbox.dav import CAL, DavError
from nextcloud_sandbox.groupware.davxml import NC, child_text
from nextcloud_sandbox.groupware.store import Item
from nextcloud_sandbox.groupware.vobject import Component, Line


@dataclass(frozen=True)
class TextMatch:
    """RFC 4791, 9.7.5: contains, by default without regard to ASCII case."""

    wanted: str
    collation: str = "i;ascii-casemap"
    negate: bool = False

    def holds(self, value: str) -> bool:
        exact = self.collation == "i;octet"
        found = self.wanted in value if exact else self.wanted.casefold() in value.casefold()
        return found != self.negate


@dataclass(frozen=True)
class ParamFilter:
    name: str
    absent: bool = False
    text: TextMatch | None = None


@dataclass(frozen=True)
class PropFilter:
    name: str
    absent: bool = False
    text: TextMatch | None = None
    within: Range | None = None
    params: tuple[ParamFilter, ...] = ()


@dataclass(frozen=True)
class CompFilter:
    name: str
    absent: bool = False
    within: Range | None = None
    props: tuple[PropFilter, ...] = ()
    children: tuple["CompFilter", ...] = field(default=())


def parse_filter(root: Element) -> CompFilter:
    """The filter of a calendar-query. Raises DavError as Nextcloud does."""
    found = root.find(f"{CAL}filter/{CAL}comp-filter")
    if found is None:
        raise DavError(400, "The {urn:ietf:params:xml:ns:caldav}filter element is required for this request")
    return parse_comp(found)


def parse_comp(found: Element) -> CompFilter:
    props = tuple(parse_prop(child) for child in found.findall(f"{CAL}prop-filter"))
    children = tuple(parse_comp(child) for child in found.findall(f"{CAL}comp-filter"))
    return CompFilter(found.get("name", "").upper(), absent(found), parse_time_range(found), props, children)


def parse_prop(found: Element) -> PropFilter:
    params = tuple(
        ParamFilter(child.get("name", "").upper(), absent(child), parse_text(child)) for child in found.findall(f"{CAL}param-filter")
    )
    return PropFilter(found.get("name", "").upper(), absent(found), parse_text(found), parse_time_range(found), params)


def absent(found: Element) -> bool:
    return found.find(f"{CAL}is-not-defined") is not None


def parse_time_range(found: Element) -> Range | None:
    asked = found.find(f"{CAL}time-range")
    return read_range(asked.get("start"), asked.get("end")) if asked is not None else None


def parse_text(found: Element) -> TextMatch | None:
    match = found.find(f"{CAL}text-match")
    if match is None:
        return None
    return TextMatch(match.text or "", match.get("collation", "i;ascii-casemap"), match.get("negate-condition") == "yes")


def matches(item: Item, wanted: CompFilter) -> bool:
    """Whether the object satisfies the filter, whose outermost component must be VCALENDAR."""
    root = item.component
    if wanted.name != root.name:
        return False
    if can_skip(item, wanted):
        return False
    return all(holds_prop(root, prop) for prop in wanted.props) and all(holds_comp(item, root, child) for child in wanted.children)


def can_skip(item: Item, wanted: CompFilter) -> bool:
    """A quick no: the object is of another kind than the one component asked for."""
    return len(wanted.children) == 1 and not wanted.children[0].absent and wanted.children[0].name.startswith("V") and (
        wanted.children[0].name in ("VEVENT", "VTODO", "VJOURNAL") and wanted.children[0].name != item.kind
    )  # fmt: skip


def holds_comp(item: Item, parent: Component, wanted: CompFilter) -> bool:
    found = [child for child in parent.children if child.name == wanted.name]
    if wanted.absent:
        return not found
    return any(holds_one(item, parent, child, wanted) for child in found)


def holds_one(item: Item, parent: Component, child: Component, wanted: CompFilter) -> bool:
    if not all(holds_prop(child, prop) for prop in wanted.props):
        return False
    if not all(holds_comp(item, child, inner) for inner in wanted.children):
        return False
    return wanted.within is None or in_range(item, parent, child, wanted.within)


def in_range(item: Item, parent: Component, child: Component, asked: Range) -> bool:
    if child.name == "VEVENT":
        return event_in_range(item, asked)
    if child.name == "VTODO":
        return todo_in_range(child, asked)
    if child.name == "VALARM":
        return alarm_in_range(item, parent, child, asked)
    moment = read_moment(child.first("DTSTART"))
    return moment is not None and asked.start <= moment[0] < asked.end


def holds_prop(component: Component, wanted: PropFilter) -> bool:
    found = list(component.all(wanted.name))
    if wanted.absent:
        return not found
    return any(holds_line(line, wanted) for line in found)


def holds_line(line: Line, wanted: PropFilter) -> bool:
    if wanted.within is not None:
        moment = read_moment(line)
        if moment is None or not wanted.within.start <= moment[0] < wanted.within.end:
            return False
    if wanted.text is not None and not wanted.text.holds(line.text):
        return False
    return all(holds_param(line, param) for param in wanted.params)


def holds_param(line: Line, wanted: ParamFilter) -> bool:
    value = line.param(wanted.name)
    if wanted.absent or value is None:
        return wanted.absent and value is None
    return wanted.text is None or wanted.text.holds(value)


@dataclass(frozen=True)
class Search:
    """calendar-search: a term in the values of properties and parameters of components."""

    comps: frozenset[str]
    props: frozenset[str]
    params: frozenset[tuple[str, str]]
    term: str
    limit: int | None = None
    offset: int = 0

    def run(self, items: Iterable[Item]) -> list[Item]:
        found = [item for item in items if item.kind in self.comps and any(self.holds(part) for part in item.component.main())]
        return found[self.offset :][: self.limit]

    def holds(self, component: Component) -> bool:
        term = self.term.casefold()
        values = [line.text for line in component.lines if line.name in self.props]
        values += [line.param(param) or "" for line in component.lines for prop, param in self.params if line.name == prop]
        return any(term in value.casefold() for value in values)


def parse_search(root: Element) -> Search:
    """The body of nc:calendar-search. Raises DavError 400 for a missing part."""
    wanted = root.find(f"{NC}filter")
    if wanted is None:
        raise DavError(400, "The {http://nextcloud.com/ns}filter element is required for this request")
    comps = frozenset(child.get("name", "").upper() for child in wanted.findall(f"{NC}comp-filter"))
    props = frozenset(child.get("name", "").upper() for child in wanted.findall(f"{NC}prop-filter"))
    params = frozenset((child.get("property", "").upper(), child.get("name", "").upper()) for child in wanted.findall(f"{NC}param-filter"))
    term = child_text(wanted, f"{NC}search-term")
    for missing, name in ((not comps, "comp-filter"), (not (props or params), "prop-filter"), (not term, "search-term")):
        if missing:
            raise DavError(400, f"{{http://nextcloud.com/ns}}{name} element is required for this request")
    limit, offset = child_text(root, f"{NC}limit"), child_text(root, f"{NC}offset")
    return Search(comps, props, params, term, int(limit) if limit.isdecimal() else None, int(offset) if offset.isdecimal() else 0)
