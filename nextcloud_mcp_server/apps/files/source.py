"""Files for background sync: only folders whose ETag moved are looked into."""

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from nextcloud_mcp_server.apps.files import paths, wire
from nextcloud_mcp_server.apps.files.client import Files
from nextcloud_mcp_server.apps.files.recent import seconds
from nextcloud_mcp_server.apps.files.wire import Entry
from nextcloud_mcp_server.core.clock import utc_now
from nextcloud_mcp_server.core.documents import Document, Kept, Listing, Stamp
from nextcloud_mcp_server.core.errors import Changed, CredentialRefused, InvalidValue, NextcloudError, NotFound
from nextcloud_mcp_server.nextcloud.dav import Resource, propfind
from nextcloud_mcp_server.nextcloud.fresh import Fresh
from nextcloud_mcp_server.nextcloud.hidden import Hidden, hidden
from nextcloud_mcp_server.nextcloud.reach import AT_ONCE, reach, readable, readers_of, shared_by, sharees
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.nextcloud.streaming import multistatus

ASKED = (*wire.BASICS, "nc:system-tags", "oc:owner-id", "nc:mount-type", "nc:is-mount-root", "nc:is-federated", "nc:sharees")
LISTED = propfind(ASKED)
AT_A_TIME = 8
"""Folders that are listed at the same time."""
SHARES_EVERY = 900.0
"""Seconds after which a scan asks again what the person shares: Nextcloud changes no ETag of a file's owner when it is shared."""
AHEAD = timedelta(minutes=1)
"""A file dated later than this is not one that was just written."""
Record = list[Any]
"""A folder in the state: its ETag, the ids of its files, its readers, how far its ETag can be trusted."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file or folder of a listing. `trust`: "" its ETag moves with all below, "root" it does not follow from outside, "never"."""

    entry: Entry
    owner: str
    readers: frozenset[str]
    trust: str


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to list, with the readers of all that is in it. `optional`: where it cannot be listed, it stays as it was."""

    path: str
    readers: frozenset[str]
    trust: str

    @property
    def optional(self) -> bool:
        return bool(self.trust)


@dataclass
class _Walk:
    """One listing: what was before, what is now. `reshared` are paths of which the readers changed meanwhile."""

    before: Mapping[str, Record]
    below: Mapping[str, list[str]]
    unseen: Hidden
    reshared: Sequence[str] = ()
    after: dict[str, Record] = field(default_factory=dict[str, Record])
    files: list[_Seen] = field(default_factory=list[_Seen])
    unchanged: set[str] = field(default_factory=set[str])

    def keep(self, path: str, *, doubt: bool = True) -> list[_Folder]:
        """Takes a folder and all below over as it was; answers what in it must be listed all the same (`doubt` False: nothing)."""
        doubtful: list[_Folder] = []
        left = [path]
        while left:
            here = left.pop()
            record = self.before[here]
            if doubt and record[3] and here != path:
                doubtful.append(_Folder(here, frozenset(record[2]), record[3]))
                continue
            self.after[here] = record
            self.unchanged.update(map(str, record[1]))
            left += self.below.get(here, ())
        return doubtful

    def same(self, seen: _Seen) -> bool:
        """Whether a folder is as it was, with all that is in it."""
        path = seen.entry.path
        known = self.before.get(path)
        if known is None or seen.trust or known[0] != seen.entry.etag or known[2] != sorted(seen.readers):
            return False
        return not any(f"{one}/".startswith(f"{path}/") for one in self.reshared)


@dataclass(frozen=True)
class FilesSource:
    """Ids are the file ids. State: by path of each folder a `Record`, what was left out then, and who was shared what.

    `elsewhere` are files that other sources index.
    """

    session: Session
    doc_type: str = "file"
    scope: str = "files:read"
    elsewhere: tuple[Kept, ...] = ()

    def without(self, kept: Sequence[Kept]) -> "FilesSource":
        return replace(self, elsewhere=tuple(kept))

    async def list(self, since: Mapping[str, Any] | None) -> Listing:
        """One request, and one for every folder on the way to what changed, every mount whose ETag does not come through, and every
        folder of external storage. A mount that cannot be listed stays as it was. Every 15 minutes one for the person's shares.
        """
        unseen = await hidden(self.session)
        mark = _mark(unseen, self.elsewhere)
        state = since or {}
        shares, reshared = await self._shares(state.get("shares"))
        before: Mapping[str, Record] = state.get("folders", {}) if state.get("hidden") == mark else {}
        walk = _Walk(before, _below(before), unseen, reshared)
        left = [_Folder("", frozenset(), "")]
        while left:
            some, left = left[:AT_A_TIME], left[AT_A_TIME:]
            for found in await asyncio.gather(*(self._look(walk, folder) for folder in some)):
                left += found
        documents = [self._document(seen) for seen in walk.files]
        self._fresh.expect(document.id for document in documents)
        for document in documents:
            self._fresh.bring(document)
        stamps = [Stamp(document.id, document.version, _settling(document.modified)) for document in documents]
        return Listing(stamps, {"hidden": mark, "folders": walk.after, "shares": shares}, frozenset(walk.unchanged))

    async def _shares(self, before: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], Sequence[str]]:
        """For the state: when the shares were asked for, and the readers by path; and the paths whose readers changed since."""
        now = utc_now().timestamp()
        if before and now - before["asked"] < SHARES_EVERY:
            return before, ()
        found = {path: sorted(readers) for path, readers in (await shared_by(self.session)).items()}
        known: Mapping[str, list[str]] = before["paths"] if before else found
        changed = [path for path in {**known, **found} if known.get(path) != found.get(path)]
        return {"asked": now, "paths": found}, changed

    async def fetch(self, ids: Sequence[str]) -> AsyncIterator[Document]:
        """What the listing told; two requests for 90 others. The content is read when it is asked for, by one request each."""
        async for document in self._fresh.fetched(ids, AT_ONCE, self._found):
            yield replace(document, content=self._content(document))

    async def readable(self, ids: Sequence[str]) -> frozenset[str]:
        return await readable(self.session, ids)

    def link(self, id: str, extra: Mapping[str, Any]) -> str | None:
        return self.session.link(f"/f/{id}")

    async def _look(self, walk: _Walk, folder: _Folder) -> Iterable[_Folder]:
        """Lists a folder into `walk`; answers which folders are to be listed next."""
        try:
            found = await self._listed(folder)
        except NotFound:
            return ()
        except CredentialRefused:
            raise
        except NextcloudError:
            if not folder.optional:
                raise
            return walk.keep(folder.path, doubt=False) if folder.path in walk.before else ()
        own, files, following = None, list[int](), list[_Folder]()
        for seen in found:
            entry = seen.entry
            if entry.path == folder.path:
                own = entry.etag
            elif walk.unseen.hides(entry.path, entry.file_id) or self._left_out(entry):
                continue
            elif not entry.is_folder:
                walk.files.append(seen)
                files += [entry.file_id] if entry.file_id is not None else []
            elif walk.same(seen):
                following += walk.keep(entry.path)
            else:
                following.append(_Folder(entry.path, seen.readers, seen.trust))
        walk.after[folder.path] = [own, files, sorted(folder.readers), folder.trust]
        return following

    def _left_out(self, entry: Entry) -> bool:
        return not entry.is_folder and any(kept.holds(entry.path) for kept in self.elsewhere)

    async def _listed(self, folder: _Folder) -> Sequence[_Seen]:
        me, what = await self.session.uid(), f"folder {folder.path or '/'}"

        def take(resource: Resource) -> _Seen:
            return _seen(resource, me, folder)

        return await multistatus(
            self.session, "PROPFIND", await Files(self.session).address(folder.path), LISTED, take, what=what, depth="1"
        )

    async def _found(self, ids: Iterable[str]) -> Sequence[Document]:
        """Files by their ids, as the listing would tell of them."""
        found = await reach(self.session, (int(id) for id in ids if id.isdecimal()), ASKED)
        me = await self.session.uid()
        shared = await shared_by(self.session) if any(one.owner == me for one in found.values()) else {}
        seen = (
            _Seen(wire.entry(one.resource), one.owner, readers_of(one.path, shared) if one.owner == me else frozenset(), "")
            for one in found.values()
        )
        return [self._document(one) for one in seen if not one.entry.is_folder]

    def _document(self, seen: _Seen) -> Document:
        entry = seen.entry
        told = entry.content_type or mimetypes.guess_type(entry.path)[0] or "application/octet-stream"
        modified = seconds(entry.modified)
        said = "\0".join(map(str, (entry.etag, entry.size, entry.path, *sorted(entry.tags), "", seen.owner, *sorted(seen.readers))))
        return Document(
            id=str(entry.file_id),
            version=blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(),
            title=paths.name(entry.path),
            mime_type=told.partition(";")[0].strip(),
            size=entry.size or 0,
            modified=datetime.fromtimestamp(modified, UTC) if modified is not None else None,
            path=entry.path,
            tags=tuple(sorted(entry.tags)),
            readers=seen.readers | {seen.owner},
            owner=seen.owner,
            extra={"etag": entry.etag},
        )

    async def _content(self, document: Document) -> AsyncIterator[bytes]:
        """The bytes of the version that was listed. Raises Changed where another lies there now."""
        path, etag = document.path or "", document.extra.get("etag")
        try:
            async with Files(self.session).open(path) as opened:
                if opened.etag != etag:
                    raise Changed(f"{path} changed before it was read.", etag=opened.etag)
                async for piece in opened.body:
                    yield piece
        except InvalidValue:
            raise Changed(f"{path} is a folder now.") from None

    @property
    def _fresh(self) -> Fresh:
        return Fresh(self.session, self.doc_type)


def _seen(resource: Resource, me: str, folder: _Folder) -> _Seen:
    """Readers of own things are those of the folders above too; what others own is only theirs to tell."""
    owner, mount = resource.text("oc:owner-id") or me, resource.text("nc:mount-type") or ""
    readers = (folder.readers | sharees(resource)) if owner == me else frozenset[str]()
    return _Seen(wire.entry(resource), owner, readers, _trust(resource, mount))


def _trust(resource: Resource, mount: str) -> str:
    """External storage changes without Nextcloud; group folders and shares of other servers are told only by their own root."""
    if mount.startswith("external"):
        return "never"
    apart = mount not in ("", "shared") or resource.text("nc:is-federated") in ("1", "true")
    return "root" if apart and resource.text("nc:is-mount-root") == "true" else ""


def _settling(modified: datetime | None) -> datetime | None:
    """A file from the future would never settle."""
    return modified if modified and modified <= utc_now() + AHEAD else None


def _below(records: Mapping[str, Record]) -> dict[str, list[str]]:
    """The folders in each folder."""
    found: dict[str, list[str]] = {}
    for path in records:
        if path:
            found.setdefault(paths.parent(path), []).append(path)
    return found


def _mark(unseen: Hidden, elsewhere: Sequence[Kept]) -> str:
    """Equal while the same things are left out."""
    said = repr((sorted(unseen.ids), sorted(unseen.paths), *elsewhere))
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
