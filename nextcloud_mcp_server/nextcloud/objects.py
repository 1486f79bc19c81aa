"""Calendars and address books as tools use them: one client for listing, reporting and writing (RFC 4791, RFC 6352)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.answers import Answer, bare_etag, quoted_etag
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.collections import Kind
from nextcloud_mcp_server.nextcloud.dav import Resource
from nextcloud_mcp_server.nextcloud.session import segment
from nextcloud_mcp_server.nextcloud.streaming import multistatus

T = TypeVar("T")
XML = {"Content-Type": "application/xml; charset=utf-8"}


@dataclass(frozen=True)
class Stored:
    """An object as Nextcloud has it: the collection it lies in, its name there, its etag (without quotes), its text."""

    collection: str
    name: str
    etag: str
    text: str


class Collections(Client):
    """The collections of one kind that a person sees; collections are named by the last segment of their address."""

    kind: ClassVar[Kind]
    media: ClassVar[str]
    headers: ClassVar[Mapping[str, str]] = {}

    async def path(self, collection: str = "", name: str = "") -> str:
        """The path of the home, of a collection (with a slash at the end) or of an object."""
        for given in filter(None, (collection, name)):
            checked(given)
        home = f"/remote.php/dav/{self.kind.home}/{segment(await self.session.uid())}/"
        return f"{home}{segment(collection)}/{segment(name)}" if collection else home

    async def home(self, body: bytes, take: Callable[[Resource], T | None]) -> list[T]:
        """A PROPFIND of everything in the home."""
        return await multistatus(self.session, "PROPFIND", await self.path(), body, take, what=self.kind.what, depth="1")

    async def report(self, path: str, body: bytes, take: Callable[[Resource], T | None], what: str) -> list[T]:
        """A REPORT on a collection; objects are dealt with as they arrive."""
        return await multistatus(self.session, "REPORT", path, body, take, what=what, depth="1", headers=self.headers)

    def stored(self, collection: str, resource: Resource) -> Stored | None:
        """An object in a report; None for what came without its text."""
        data = resource.props.get(self.kind.data)
        if data is None or not data.text:
            return None
        return Stored(collection, name_of(resource), bare_etag(resource.text("d:getetag")) or "", data.text)

    async def put(self, stored: Stored, text: str, what: str) -> Answer:
        """Writes a new object (`etag` empty), or over the version with that etag. Raises Changed where another is there."""
        condition = {"If-Match": quoted_etag(stored.etag)} if stored.etag else {"If-None-Match": "*"}
        headers = {"Content-Type": f"{self.media}; charset=utf-8", **self.headers, **condition}
        path = await self.path(stored.collection, stored.name)
        return await self.session.request("PUT", path, what=what, headers=headers, data=text.encode())


def checked(name: str) -> str:
    """Raises InvalidValue for what cannot be one segment of a path."""
    if name in ("", ".", "..") or any(character in "/\\" or character < " " for character in name):
        raise InvalidValue(f"{name[:80]!r} cannot name an address book, a calendar or what is in one.", hint="No slashes; it is not empty.")
    return name


def name_of(resource: Resource) -> str:
    """The last segment of an address."""
    return resource.href.rstrip("/").rsplit("/", 1)[-1]


def owner_of(resource: Resource) -> str:
    """The last part of `principals/users/bob`, which Nextcloud gives as a text or as an address; may be empty."""
    node = resource.props.get("oc:owner-principal")
    return ("".join(node.itertext()).strip() if node is not None else "").rstrip("/").rsplit("/", 1)[-1]
