"""iCalendar and vCard texts, edited without touching what is not edited (RFC 5545 3.1, RFC 6350 3.3).

A line that nobody changes keeps its very bytes: folds, case, order, unknown properties. Meaning (dates, rules) is for libraries; this
only cuts, finds and replaces.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from nextcloud_mcp_server.core.errors import BadAnswer

_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r"[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|$)")
_HEAD = re.compile(
    r"(?:(?P<group>[A-Za-z0-9-]+)\.)?(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;[^=:;]+=(?:\"[^\"]*\"|[^\";:,]*)(?:,(?:\"[^\"]*\"|[^\";:,]*))*|;[^=:;]+)*):"
)
_PARAMETER = re.compile(r";(?P<name>[^=:;]+)(?:=(?P<values>(?:\"[^\"]*\"|[^\";:,]*)(?:,(?:\"[^\"]*\"|[^\";:,]*))*))?")
_VALUE = re.compile(r"\"([^\"]*)\"|([^,\"]+)")
# RFC 5545 3.3.11 forbids them in values; a line end would begin another property.
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
FOLD_AT = 75


@dataclass(frozen=True)
class Line:
    """One property as it stands in the text; `raw` holds its folds and its line end."""

    raw: str

    @cached_property
    def _unfolded(self) -> str:
        return _FOLD.sub("", self.raw).rstrip("\r\n")

    @cached_property
    def _head(self) -> re.Match[str] | None:
        return _HEAD.match(self._unfolded)

    @cached_property
    def name(self) -> str:
        """Upper case; empty for a line that is none."""
        return self._head["name"].upper() if self._head else ""

    @property
    def group(self) -> str | None:
        return self._head["group"] if self._head else None

    @property
    def value(self) -> str:
        """As written, escapes included."""
        return self._unfolded[self._head.end() :] if self._head else self._unfolded

    @property
    def text(self) -> str:
        """The value as a text, escapes resolved."""
        return unescape(self.value)

    @cached_property
    def parameters(self) -> Mapping[str, tuple[str, ...]]:
        """Upper-case names to values; a parameter without a value (vCard 2.1) counts as a TYPE."""
        found: dict[str, tuple[str, ...]] = {}
        for match in _PARAMETER.finditer(self._head["parameters"] if self._head else ""):
            name, values = match["name"].upper(), match["values"]
            name, values = (name, values) if values is not None else ("TYPE", match["name"])
            found[name] = found.get(name, ()) + tuple(quoted or plain for quoted, plain in _VALUE.findall(values))
        return found

    def parameter(self, name: str) -> str | None:
        """The first value of a parameter."""
        return next(iter(self.parameters.get(name, ())), None)

    def with_value(self, value: str) -> "Line":
        """The same property, group and parameters with another (already escaped) value."""
        head = self._unfolded[: self._head.end() - 1] if self._head else self._unfolded
        return Line(fold(f"{head}:{value}"))


def line(name: str, value: str, parameters: Mapping[str, str | Iterable[str]] | None = None, group: str | None = None) -> Line:
    """A new property; `value` is already escaped (see `escape`)."""
    head = f"{group}.{name}" if group else name
    for key, given in (parameters or {}).items():
        values = [given] if isinstance(given, str) else list(given)
        head += f";{key}={','.join(_parameter_value(one) for one in values)}"
    return Line(fold(f"{head}:{value}"))


def _parameter_value(value: str) -> str:
    clean = value.replace('"', "")
    return f'"{clean}"' if re.search(r"[;:,]", clean) else clean


def fold(text: str) -> str:
    """A content line with its end, folded at 75 octets and never inside a character; control characters are left out."""
    text = _CONTROLS.sub("", text)
    pieces: list[str] = []
    piece, size, limit = "", 0, FOLD_AT
    for character in text:
        width = len(character.encode())
        if size + width > limit:
            pieces.append(piece)
            piece, size, limit = "", 0, FOLD_AT - 1
        piece += character
        size += width
    return "\r\n ".join([*pieces, piece]) + "\r\n"


def escape(text: str) -> str:
    """A text value (RFC 5545 3.3.11, RFC 6350 3.4)."""
    clean = text.replace("\r\n", "\n").replace("\r", "\n")
    return clean.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def unescape(value: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)


def split_escaped(value: str, separator: str) -> list[str]:
    """The parts of a structured value between unescaped separators, still escaped."""
    parts: list[str] = []
    current, escaped = "", False
    for character in value:
        if character == separator and not escaped:
            parts.append(current)
            current = ""
            continue
        current += character
        escaped = character == "\\" and not escaped
    return [*parts, current]


@dataclass
class Component:
    """`BEGIN:X` … `END:X` with everything in between, in order."""

    name: str
    begin: Line
    end: Line
    content: "list[Line | Component]" = field(default_factory=list["Line | Component"])

    def __str__(self) -> str:
        return "".join(self.pieces())

    def pieces(self) -> Iterator[str]:
        yield self.begin.raw
        for one in self.content:
            if isinstance(one, Line):
                yield one.raw
            else:
                yield from one.pieces()
        yield self.end.raw

    def lines(self, name: str | None = None) -> list[Line]:
        """The properties, or those of one name."""
        return [one for one in self.content if isinstance(one, Line) and name in (None, one.name)]

    def components(self, name: str | None = None) -> "list[Component]":
        """The inner components, or those of one name."""
        return [one for one in self.content if isinstance(one, Component) and name in (None, one.name)]

    def first(self, name: str) -> Line | None:
        return next((one for one in self.content if isinstance(one, Line) and one.name == name), None)

    def text(self, name: str) -> str | None:
        """The unescaped value of the first property of that name."""
        found = self.first(name)
        return found.text if found else None

    def put(self, new: Line) -> None:
        """Replaces all properties of that name by one, in the place of the first, or adds it before inner components."""
        self.replace(new.name, [new])

    def add(self, new: Line) -> None:
        """One more property, after the last of that name, else before inner components; nothing else moves."""
        places = [index + 1 for index, one in enumerate(self.content) if isinstance(one, Line) and one.name == new.name]
        self.content.insert(places[-1] if places else self._end_of_lines, new)

    def remove(self, name: str) -> None:
        self.replace(name, [])

    def replace(self, name: str, new: "Iterable[Line]") -> None:
        """Puts `new` where the first property of that name stands, else before inner components, and drops all others of the name."""
        places = {index for index, one in enumerate(self.content) if isinstance(one, Line) and one.name == name}
        first = min(places, default=self._end_of_lines)
        after = [one for index, one in enumerate(self.content) if index >= first and index not in places]
        self.content = [*self.content[:first], *new, *after]

    @property
    def _end_of_lines(self) -> int:
        return next((index for index, one in enumerate(self.content) if isinstance(one, Component)), len(self.content))


def component(name: str, *content: "Line | Component") -> Component:
    """A new component."""
    return Component(name, line("BEGIN", name), line("END", name), list(content))


def parse(text: str, what: str) -> Component:
    """The outermost component of a text. Raises BadAnswer where BEGIN and END do not match."""
    stack: list[Component] = []
    for match in _LINE.finditer(text.removeprefix("\ufeff")):
        if not match[0].strip():
            continue
        one = Line(match[0] if match[0].endswith("\n") else match[0] + "\r\n")
        if one.name == "BEGIN":
            stack.append(Component(one.value.strip().upper(), one, one))
        elif one.name == "END":
            if not stack or stack[-1].name != one.value.strip().upper():
                break
            done = stack.pop()
            done.end = one
            if not stack:
                return done
            stack[-1].content.append(done)
        elif stack:
            stack[-1].content.append(one)
    raise BadAnswer(f"{what} is not a complete calendar object or card.")
