"""Recorded exchanges as they lie in tests/captures: request, a note, status, headers and body."""

import re
from dataclasses import dataclass, field
from pathlib import Path

CAPTURES = Path(__file__).parent.parent / "captures"
DIVIDER = b"\n----- RESPONSE -----\n"


@dataclass
class Message:
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    def header(self, name: str) -> str:
        return {key.lower(): value for key, value in self.headers.items()}.get(name.lower(), "")


@dataclass
class Exchange:
    """`name` is the file's name; `path` starts with a slash and has the query."""

    name: str
    method: str
    path: str
    request: Message
    status: int
    response: Message
    note: str


def split_message(lines: bytes) -> Message:
    head, _, body = lines.partition(b"\n\n")
    headers: dict[str, str] = {}
    for line in head.decode(errors="replace").split("\n"):
        name, colon, value = line.partition(": ")
        if colon:
            headers[name] = value.strip()
    return Message(headers, body)


def parse(path: Path) -> Exchange:
    raw = path.read_bytes()
    asked, _, answered = raw.partition(DIVIDER)
    first, _, rest = asked.partition(b"\n")
    note = re.search(rb"\n# NOTE: (.*)", rest)
    if note:
        rest = rest[: note.start()]
    method, target, _ = first.decode().split(" ", 2)
    request = split_message(rest)
    request.body = request.body.strip(b"\n")
    status, _, after = answered.partition(b"\n")
    response = split_message(after)
    return Exchange(path.name, method, target, request, int(status.split()[1]), response, note[1].decode() if note else "")


def exchanges(area: str) -> list[Exchange]:
    """The exchanges of one folder in the order in which they were recorded; other files in it are left out."""
    files = [path for path in (CAPTURES / area).glob("*.txt") if DIVIDER in path.read_bytes()]
    return [parse(path) for path in sorted(files, key=lambda path: (int(re.match(r"\d*", path.name)[0] or 0), path.name))]  # type: ignore[index]
