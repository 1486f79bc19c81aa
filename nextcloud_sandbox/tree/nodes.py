"""Files and folders, and the rules of their ETags."""

import mimetypes
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

READ, UPDATE, CREATE, DELETE, SHARE, ALL = 1, 2, 4, 8, 16, 31
FORBIDDEN_CHARACTERS = "\\/"
FORBIDDEN_ENDINGS = (".filepart", ".part")
FORBIDDEN_NAMES = (".htaccess", "..", ".", "")
TYPES = {
    ".md": "text/markdown",
    ".ics": "text/calendar",
    ".vcf": "text/vcard",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".yaml": "application/yaml",
    ".webp": "image/webp",
}


UNSAFE_TYPES = frozenset(
    {
        "text/html",
        "application/json",
        "application/javascript",
        "text/javascript",
        "application/xml",
        "text/xml",
        "image/svg+xml",
        "application/yaml",
    }
)


class TreeError(Exception):
    """Something about `path` is not as the operation needs it."""

    def __init__(self, path: str, message: str = "") -> None:
        super().__init__(message or f"{type(self).__name__}: {path}")
        self.path = path
        self.message = message


class Missing(TreeError):
    """There is nothing at the path."""


class Exists(TreeError):
    """There is something at the path already."""


class NoParent(TreeError):
    """The folder that should hold the path does not exist."""


class InvalidName(TreeError):
    """The last part of the path is not allowed as a name."""


class Denied(TreeError):
    """The permissions of a mount do not allow it."""


@dataclass(eq=False, slots=True)
class Node:
    """A file (`children` is None) or a folder. `mtime`, `created` and `uploaded` are unix seconds; `size` counts the bytes below.

    `properties` holds what PROPPATCH set and no one interprets, by Clark name.
    """

    id: int
    name: str
    mtime: int
    etag: str
    owner: str
    parent: "Node | None" = None
    children: "dict[str, Node] | None" = None
    content: bytes = b""
    size: int = 0
    created: int = 0
    uploaded: int = 0
    checksum: str = ""
    properties: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def is_folder(self) -> bool:
        return self.children is not None

    @property
    def mime(self) -> str:
        return "httpd/unix-directory" if self.is_folder else mime_of(self.name)

    def sorted_children(self) -> "list[Node]":
        return sorted((self.children or {}).values(), key=lambda node: node.name)

    def up(self) -> "Iterator[Node]":
        """This node and all that hold it."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def below(self) -> "Iterator[Node]":
        """This node and all in it, folders before their content."""
        yield self
        for child in self.sorted_children():
            yield from child.below()


def mime_of(name: str) -> str:
    ending = "." + name.rpartition(".")[2].lower()
    return TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def secure_mime(mime: str) -> str:
    """The type that everything but PROPFIND tells: what a browser might run is plain text."""
    return "text/plain" if mime in UNSAFE_TYPES else mime


def folder_etag() -> str:
    """As PHP's uniqid(): 13 hexadecimal digits."""
    return secrets.token_hex(7)[:13]


def file_etag() -> str:
    return secrets.token_hex(16)


def split(path: str) -> list[str]:
    return [part for part in path.split("/") if part and part != "."]


def check_name(name: str) -> None:
    if len(name.encode()) > 250:
        raise InvalidName(name, "Filename is too long")
    for character in FORBIDDEN_CHARACTERS:
        if character in name:
            raise InvalidName(name, f'"{character}" is not allowed inside a file or folder name.')
    if name.lower() in FORBIDDEN_NAMES:
        raise InvalidName(name, f'"{name}" is a forbidden file or folder name.')
    for ending in FORBIDDEN_ENDINGS:
        if name.lower().endswith(ending):
            raise InvalidName(name, f'"{ending}" is a forbidden file type.')
    if any(ord(character) < 32 for character in name):
        raise InvalidName(name, "File name contains at least one invalid character")


def attach(parent: Node, child: Node, now: int) -> None:
    if parent.children is None:
        raise NoParent(parent.name)
    parent.children[child.name] = child
    child.parent = parent
    propagate(parent, child.size, now)


def detach(node: Node, now: int) -> None:
    parent = node.parent
    if parent is None or parent.children is None:
        raise Denied(node.name, "A root cannot be removed")
    del parent.children[node.name]
    node.parent = None
    propagate(parent, -node.size, now)


def propagate(folder: Node | None, growth: int, now: int) -> None:
    """A change inside `folder`: it and all above get a new ETag, up to the root of their storage."""
    for node in folder.up() if folder else ():
        node.etag = folder_etag()
        node.size += growth
        node.mtime = max(node.mtime, now)


def replace_content(node: Node, content: bytes, mtime: int, now: int) -> None:
    """New content. Within one second of the last change the ETag stays as it is, as on local storage; the folders' always changes."""
    growth = len(content) - node.size
    if node.mtime != mtime:
        node.etag = file_etag()
    node.content, node.size, node.mtime = content, len(content), mtime
    propagate(node.parent, growth, now)
