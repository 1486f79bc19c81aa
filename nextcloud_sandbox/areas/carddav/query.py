"""The filter of addressbook-query (RFC 6352, 10.5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from nextcloud_sandbox.dav import CARD, DavError
from nextcloud_sandbox.groupware.vobject import Component, Line


@dataclass(frozen=True)
class TextMatch:
    wanted: str
    kind: str = "contains"
    collation: str = "i;unicode-casemap"
    negate: bool = False

    def holds(self, value: str) -> bool:
        exact = self.collation == "i;octet"
        value, wanted = (value, self.wanted) if exact else (value.casefold(), self.wanted.casefold())
        tests = {"equals": value == wanted, "starts-with": value.startswith(wanted), "ends-with": value.endswith(wanted)}
        return tests.get(self.kind, wanted in value) != self.negate


@dataclass(frozen=True)
class ParamFilter:
    name: str
    absent: bool = False
    text: TextMatch | None = None

    def holds(self, line: Line) -> bool:
        value = line.param(self.name)
        if self.absent or value is None:
            return self.absent and value is None
        return self.text is None or any(self.text.holds(part) for part in value.split(","))


@dataclass(frozen=True)
class PropFilter:
    """`every` tells whether all its conditions must hold (test="allof")."""

    name: str
    every: bool = False
    absent: bool = False
    texts: tuple[TextMatch, ...] = ()
    params: tuple[ParamFilter, ...] = ()

    def holds(self, card: Component) -> bool:
        lines = list(card.all(self.name))
        if self.absent:
            return not lines
        conditions = [any(match.holds(line.text) for line in lines) for match in self.texts]
        conditions += [any(param.holds(line) for line in lines) for param in self.params]
        return bool(lines) and (not conditions or together(self.every, conditions))


@dataclass(frozen=True)
class CardFilter:
    props: tuple[PropFilter, ...] = ()
    every: bool = False

    def holds(self, card: Component) -> bool:
        return not self.props or together(self.every, (prop.holds(card) for prop in self.props))


def together(every: bool, conditions: Iterable[bool]) -> bool:
    return all(conditions) if every else any(conditions)


def parse_filter(root: Element) -> CardFilter:
    """The filter of an addressbook-query. Raises DavError 400 when there is none."""
    found = root.find(f"{CARD}filter")
    if found is None:
        raise DavError(400, "The {urn:ietf:params:xml:ns:carddav}filter element is required for this request")
    return CardFilter(tuple(parse_prop(child) for child in found.findall(f"{CARD}prop-filter")), all_of(found))


def parse_prop(found: Element) -> PropFilter:
    texts = tuple(parse_text(child) for child in found.findall(f"{CARD}text-match"))
    params = tuple(parse_param(child) for child in found.findall(f"{CARD}param-filter"))
    return PropFilter(found.get("name", "").upper(), all_of(found), absent(found), texts, params)


def parse_param(found: Element) -> ParamFilter:
    text = found.find(f"{CARD}text-match")
    return ParamFilter(found.get("name", "").upper(), absent(found), parse_text(text) if text is not None else None)


def parse_text(found: Element) -> TextMatch:
    negate = found.get("negate-condition") == "yes"
    return TextMatch(found.text or "", found.get("match-type", "contains"), found.get("collation", "i;unicode-casemap"), negate)


def all_of(found: Element) -> bool:
    return found.get("test") == "allof"


def absent(found: Element) -> bool:
    return found.find(f"{CARD}is-not-defined") is not None
