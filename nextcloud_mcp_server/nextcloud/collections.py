"""Calendars and address books for background sync (RFC 6578): one PROPFIND of the home tells which of them changed.

A document's id is `<owner>/<collection>/<object>` with the names that the owner uses. Nextcloud shows a shared collection to others as
`<collection>_shared_by_<owner>`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from nextcloud_mcp_server.core.documents import Listing, Stamp
from nextcloud_mcp_server.core.errors import BadAnswer, NotFound, NotPermitted
from nextcloud_mcp_server.nextcloud.answers import bare_etag
from nextcloud_mcp_server.nextcloud.dav import MultistatusParser, Resource, document, element, propfind, stream_multistatus
from nextcloud_mcp_server.nextcloud.session import Session, segment
from nextcloud_mcp_server.nextcloud.streaming import multistatus, pieces

HOME = ("d:resourcetype", "d:sync-token", "oc:owner-principal", "oc:invite")
SHARED = "_shared_by_"
AT_ONCE = 50
PIECES = 1000
PEOPLE = 10_000
SAME_SCAN = 5.0
CUT = 507


@dataclass(frozen=True)
class Kind:
    """What differs between calendars and address books; `skipped` are beginnings of names that are not read."""

    home: str
    collection: str
    report: str
    data: str
    what: str
    skipped: tuple[str, ...] = ()


CALENDARS = Kind("calendars", "c:calendar", "c:calendar-multiget", "c:calendar-data", "the calendars", ("app-generated--deck--",))
BOOKS = Kind(
    "addressbooks/users",
    "card:addressbook",
    "card:addressbook-multiget",
    "card:address-data",
    "the address books",
    ("z-server-generated--", "z-app-generated--"),
)


@dataclass(frozen=True, slots=True)
class Collection:
    """One calendar or address book: `key` is `<owner>/<name>` for everybody, `name` is this person's; `readers` where it is told."""

    key: str
    name: str
    owner: str
    token: str
    readers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Member:
    """An object as a report lists it; `etag` None: it is gone."""

    name: str
    etag: str | None
    content_type: str


@dataclass(frozen=True, slots=True)
class Delta:
    """What changed since a token; `whole`: these are all members, whatever was before."""

    members: tuple[Member, ...]
    token: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Found:
    """An object with its text; `readers` are those with whom its owner shares the collection, as far as it is known here."""

    id: str
    etag: str
    text: str
    owner: str
    readers: frozenset[str]


@dataclass
class _Scan:
    """The home as it was a moment ago, and the reports that were asked since: for the other document type that lives there."""

    collections: Sequence[Collection]
    asked: float
    used_by: set[str] = field(default_factory=set[str])
    deltas: dict[tuple[str, str], Delta] = field(default_factory=dict[tuple[str, str], Delta])


@dataclass
class _Scans:
    """By credential and home."""

    last: dict[tuple[str, str], _Scan] = field(default_factory=dict[tuple[str, str], _Scan])
    locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = field(default_factory=WeakValueDictionary[tuple[str, str], asyncio.Lock])

    def lock(self, key: tuple[str, str]) -> asyncio.Lock:
        found = self.locks.get(key)
        if found is None:
            found = self.locks[key] = asyncio.Lock()
        return found


@dataclass(frozen=True)
class Home:
    """The collections of one kind that a person sees."""

    session: Session
    kind: Kind

    async def changed(self, since: Mapping[str, Any] | None, reader: str, component: str = "") -> Listing:
        """One PROPFIND and a report for every collection that moved. State: sync tokens by collection.

        `reader` names the document type that lists: within 5 s one look at the home serves each type once. `component` chooses
        members by the component in their content type. A collection that cannot be read stays as it was.
        """
        before: Mapping[str, str] = (since or {}).get("tokens", {})
        scan = await self._scan(reader)
        tokens: dict[str, str] = {}
        stamps: list[Stamp] = []
        unchanged, gone = set[str](), set[str]()
        for one in scan.collections:
            known = before.get(one.key)
            delta = None if known == one.token else await self._delta(scan, one, known)
            tokens[one.key] = delta.token if delta else known or ""
            if delta is None or not delta.whole:
                unchanged.add(f"{one.key}/")
            for member in delta.members if delta else ():
                id = f"{one.key}/{member.name}"
                if member.etag and component in member.content_type:
                    stamps.append(Stamp(id, member.etag))
                else:
                    gone.add(id)
        return Listing(stamps, {"tokens": tokens}, frozenset(unchanged), frozenset(gone))

    async def objects(self, ids: Iterable[str]) -> AsyncIterator[Found]:
        """The objects with their texts: one report for `AT_ONCE` of them, wherever they lie; what is gone is left out."""
        me = await self.session.uid()
        paths = {path: id for id in dict.fromkeys(ids) if (path := self._path_of(id, me))}
        last = self.session.cache.shelf(_Scans).last.get(self._key)
        readers = {one.key: one.readers for one in last.collections} if last else {}
        every = list(paths)
        for start in range(0, len(every), AT_ONCE):
            async for resource in self._report(every[start : start + AT_ONCE], me):
                data, id = resource.props.get(self.kind.data), paths.get(_path(resource))
                if id and data is not None and data.text:
                    owner, among = id.partition("/")[0], readers.get(id.rpartition("/")[0], frozenset[str]())
                    yield Found(id, bare_etag(resource.text("d:getetag")) or "", data.text, owner, among)

    async def collections(self) -> Sequence[Collection]:
        """All that are read, by one PROPFIND."""
        me = await self.session.uid()

        def take(one: Resource) -> Collection | None:
            return _collection(one, self.kind, me)

        path = f"/remote.php/dav/{self.kind.home}/{segment(me)}/"
        return await multistatus(self.session, "PROPFIND", path, propfind(HOME), take, what=self.kind.what, depth="1")

    def name_of(self, id: str, me: str) -> tuple[str, str] | None:
        """Collection and object of an id in this person's own home."""
        owner, _, rest = id.partition("/")
        collection, _, name = rest.partition("/")
        if not (owner and collection and name):
            return None
        return (collection if owner == me else f"{collection}{SHARED}{owner}"), name

    async def _scan(self, reader: str) -> _Scan:
        scans, key = self.session.cache.shelf(_Scans), self._key
        async with scans.lock(key):
            scan = scans.last.get(key)
            if scan is None or reader in scan.used_by or time.monotonic() - scan.asked > SAME_SCAN:
                asked = time.monotonic()
                scans.last.pop(key, None)
                scan = scans.last[key] = _Scan(await self.collections(), asked)
                while len(scans.last) > PEOPLE:
                    del scans.last[next(iter(scans.last))]
            scan.used_by.add(reader)
            return scan

    @property
    def _key(self) -> tuple[str, str]:
        return self.session.credential.key, self.kind.home

    async def _delta(self, scan: _Scan, one: Collection, token: str | None) -> Delta | None:
        key = one.key, token or ""
        try:
            if key not in scan.deltas:
                scan.deltas[key] = await self._changes(one, token)
            return scan.deltas[key]
        except (BadAnswer, NotPermitted, NotFound):
            return None

    async def _changes(self, one: Collection, token: str | None) -> Delta:
        """Since the token; everything where there is none, where it is refused or where the collection was put back in time."""
        if token and not _earlier(one.token, token):
            try:
                return await self._sync(one, token)
            except (NotPermitted, BadAnswer):
                pass
        return await self._sync(one, "")

    async def _sync(self, one: Collection, token: str) -> Delta:
        """Nextcloud cuts long lists (2,500 by default): each piece has the token of the next one."""
        members: dict[str, Member] = {}
        asked = token
        for _ in range(PIECES):
            found, following, more = await self._piece(one, asked)
            members.update((member.name, member) for member in found)
            if not more:
                return Delta(tuple(members.values()), following, whole=not token)
            if following == asked:
                break
            asked = following
        raise BadAnswer(f"Nextcloud's list of {self.kind.what} does not end.")

    async def _piece(self, one: Collection, token: str) -> tuple[list[Member], str, bool]:
        """Members, the token after them, and whether there are more."""
        me, what = await self.session.uid(), self.kind.what
        asked = element("d:prop", element("d:getetag"), element("d:getcontenttype"))
        body = element("d:sync-collection", element("d:sync-token", text=token), element("d:sync-level", text="1"), asked)
        path = f"/remote.php/dav/{self.kind.home}/{segment(me)}/{segment(one.name)}/"
        parser = MultistatusParser(what)
        headers = {"Content-Type": "application/xml; charset=utf-8"}
        async with self.session.stream("REPORT", path, what=what, headers=headers, data=document(body)) as response:
            found = [resource async for resource in stream_multistatus(pieces(response, what), parser)]
        if not parser.sync_token:
            raise BadAnswer(f"Nextcloud's list of {what} is not complete.")
        more = any(resource.status == CUT for resource in found)
        return [_member(resource) for resource in found if resource.status != CUT], parser.sync_token, more

    async def _report(self, paths: Sequence[str], me: str) -> AsyncIterator[Resource]:
        """Nextcloud refuses the whole report where one collection does not exist: then only those that do are asked."""
        try:
            found = await self._multiget(paths, me)
        except NotFound:
            there = {one.name for one in await self.collections()}
            left = [path for path in paths if path.rsplit("/", 2)[1] in there]
            found = await self._multiget(left, me) if left else []
        for one in found:
            yield one

    async def _multiget(self, paths: Sequence[str], me: str) -> list[Resource]:
        prefix = self.session.transport.address.base.partition("://")[2].partition("/")[2]
        root = f"/{prefix}".rstrip("/")
        hrefs = (element("d:href", text=root + "/".join(segment(part) for part in path.split("/"))) for path in paths)
        asked = element("d:prop", element("d:getetag"), element(self.kind.data))
        body = document(element(self.kind.report, asked, *hrefs))
        home = f"/remote.php/dav/{self.kind.home}/{segment(me)}/"
        return await multistatus(self.session, "REPORT", home, body, lambda one: one, what=self.kind.what, depth="1")

    def _path_of(self, id: str, me: str) -> str | None:
        names = self.name_of(id, me)
        return f"/remote.php/dav/{self.kind.home}/{me}/{names[0]}/{names[1]}" if names else None


def _path(resource: Resource) -> str:
    return f"/remote.php{resource.href.partition('/remote.php')[2]}"


def _collection(one: Resource, kind: Kind, me: str) -> Collection | None:
    name, token = one.href.rstrip("/").rsplit("/", 1)[-1], one.text("d:sync-token")
    if not token or not one.has("d:resourcetype", kind.collection) or name.startswith(kind.skipped):
        return None
    node = one.props.get("oc:owner-principal")
    owner = ("".join(node.itertext()).strip() if node is not None else "").rstrip("/").rsplit("/", 1)[-1]
    if not owner or not name.endswith(f"{SHARED}{owner}"):
        return Collection(f"{me}/{name}", name, me, token, _invited(one))
    return Collection(f"{owner}/{name.removesuffix(f'{SHARED}{owner}')}", name, owner, token, frozenset())


def _invited(one: Resource) -> frozenset[str]:
    """The people and groups in `oc:invite`, which only the owner is shown."""
    node = one.props.get("oc:invite")
    hrefs = (href.text or "" for href in node.iter("{DAV:}href")) if node is not None else ()
    parts = [href.strip().rstrip("/").rsplit("/", 2) for href in hrefs]
    people = {part[2] for part in parts if len(part) == 3 and part[1] == "users"}
    groups = {f"group:{part[2]}" for part in parts if len(part) == 3 and part[1] == "groups"}
    return frozenset(people | groups)


def _member(found: Resource) -> Member:
    name = found.href.rstrip("/").rsplit("/", 1)[-1]
    if found.status == 404:
        return Member(name, None, "")
    etag = bare_etag(found.text("d:getetag"))
    if not etag:
        raise BadAnswer("Nextcloud tells no version of something in a collection.")
    return Member(name, etag, found.text("d:getcontenttype") or "")


def _earlier(token: str, than: str) -> bool:
    """Whether a token stands before another: they end in a number that only grows."""
    numbers = [text.rsplit("/", 1)[-1] for text in (token, than)]
    return all(number.isdecimal() for number in numbers) and int(numbers[0]) < int(numbers[1])
