"""iCalendar (RFC 5545) and vCard (RFC 2426, 6350) as lines that keep what was written.

Values and parameters stay as they were on the wire, so that writing a component back changes only what was meant to change.
Folding and the place of a replaced property follow Sabre VObject, which writes these objects in Nextcloud.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

PRODID = "-//Sabre//Sabre VObject 4.5.6//EN"
FOLD = re.compile(rb"(?:^.)?.{1,74}(?![\x80-\xbf])", re.DOTALL)
PARAM = re.compile(r';([^=;:"]+)(?:=((?:"[^"]*"|[^;:"])*))?')
ESCAPES = {"n": "\n", "N": "\n"}


class ParseError(ValueError):
    """The text is neither iCalendar nor vCard; the message is that of Sabre VObject."""


@dataclass
class Line:
    """A property. `params` holds (NAME, value as written), `value` is the value as written, without folding."""

    name: str
    value: str
    params: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    group: str = ""

    def param(self, name: str) -> str | None:
        """A parameter's value without its quotes; values given in several parameters are joined by commas."""
        found = [value.replace('"', "") for key, value in self.params if key == name]
        return ",".join(found) if found else None

    def set_param(self, name: str, value: str | None) -> None:
        self.params = [(key, old) for key, old in self.params if key != name]
        if value is not None:
            self.params.append((name, value))

    @property
    def text(self) -> str:
        return unescape(self.value)

    def __str__(self) -> str:
        prefix = f"{self.group}." if self.group else ""
        params = "".join(f";{key}={value}" if value else f";{key}" for key, value in self.params)
        return fold(f"{prefix}{self.name}{params}:{self.value}")


@dataclass
class Component:
    name: str
    lines: list[Line] = field(default_factory=list[Line])
    children: list["Component"] = field(default_factory=list["Component"])

    def first(self, name: str) -> Line | None:
        return next((line for line in self.lines if line.name == name), None)

    def all(self, name: str) -> Iterator[Line]:
        return (line for line in self.lines if line.name == name)

    def value(self, name: str) -> str:
        """The first value as written, "" when there is none."""
        line = self.first(name)
        return line.value if line else ""

    def replace(self, name: str, value: str) -> None:
        """Set the one value of a property, at the end, where Sabre puts it."""
        self.lines = [line for line in self.lines if line.name != name]
        self.lines.append(Line(name, value))

    def remove(self, name: str) -> None:
        self.lines = [line for line in self.lines if line.name != name]

    def main(self) -> list["Component"]:
        """The children that matter: all but time zones."""
        return [child for child in self.children if child.name != "VTIMEZONE"]

    def __str__(self) -> str:
        version = [line for line in self.lines if line.name == "VERSION"]
        rest = [line for line in self.lines if line.name != "VERSION"]
        zones = [child for child in self.children if child.name == "VTIMEZONE"]
        return "".join([f"BEGIN:{self.name}\r\n", *map(str, version + rest), *map(str, zones + self.main()), f"END:{self.name}\r\n"])


def fold(line: str) -> str:
    """A content line with its line ends: 75 bytes at most, no character cut in two."""
    raw = line.encode()
    if len(raw) <= 75:
        return line + "\r\n"
    return b"\r\n ".join(FOLD.findall(raw)).decode() + "\r\n"


def unescape(value: str) -> str:
    return re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), value)


def escape(value: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", value).replace("\n", "\\n")


def split_value(value: str, separator: str) -> list[str]:
    """A value cut at every separator that is not escaped."""
    return re.split(rf"(?<!\\){re.escape(separator)}", value)


def parse(text: str) -> Component:
    """The one component of `text`. Raises ParseError."""
    lines = unfold(text)
    begin = next(lines, "")
    if begin.upper() not in ("BEGIN:VCALENDAR", "BEGIN:VCARD"):
        raise ParseError("This parser only supports VCARD and VCALENDAR files")
    root = Component(begin[6:].upper())
    stack = [root]
    for number, text_line in enumerate(lines, 2):
        line = parse_line(text_line, number)
        if line.name == "BEGIN":
            child = Component(line.value.upper())
            stack[-1].children.append(child)
            stack.append(child)
        elif line.name == "END":
            name = stack.pop().name
            if line.value.strip().upper() != name:
                raise ParseError(f'Invalid MimeDir file. expected: "END:{name}" got: "END:{line.value}"')
            if not stack:
                return root
        else:
            stack[-1].lines.append(line)
    raise ParseError("End of document reached prematurely")


def unfold(text: str) -> Iterator[str]:
    text = re.sub(r"\r?\n[ \t]", "", text.lstrip("\ufeff"))
    return (line for line in re.split(r"\r?\n", text) if line.strip())


def parse_line(text: str, number: int = 0) -> Line:
    match = re.match(r"(?:([A-Za-z0-9-]+)\.)?([A-Za-z0-9-]+)", text)
    position = match.end() if match else 0
    params: list[tuple[str, str]] = []
    while match and (param := PARAM.match(text, position)):
        params.append((param[1].upper(), param[2] or ""))
        position = param.end()
    if not match or text[position : position + 1] != ":":
        raise ParseError(f"Invalid Mimedir file. Line starting at {number} did not follow iCalendar/vCard conventions")
    return Line(match[2].upper(), text[position + 1 :], params, match[1] or "")


def calendar(components: Iterable[Component], method: str | None = None) -> Component:
    """A new VCALENDAR with the properties that Sabre gives to each."""
    lines = [Line("VERSION", "2.0"), Line("PRODID", PRODID), Line("CALSCALE", "GREGORIAN")]
    if method:
        lines.append(Line("METHOD", method))
    return Component("VCALENDAR", lines, list(components))
