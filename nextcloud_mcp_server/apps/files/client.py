"""Files by WebDAV (https://docs.nextcloud.com/server/32/developer_manual/client_apis/WebDAV/)."""

import difflib
import mimetypes
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from nextcloud_mcp_server.apps.files import paths, wire
from nextcloud_mcp_server.apps.files.models import FileInfo
from nextcloud_mcp_server.apps.files.recent import Content, Recent, Seen, seconds, young
from nextcloud_mcp_server.apps.files.upload import Upload
from nextcloud_mcp_server.apps.files.wire import Entry, Query
from nextcloud_mcp_server.core.errors import AlreadyExists, BadAnswer, Changed, InvalidValue, NotFound, NotPermitted
from nextcloud_mcp_server.nextcloud.answers import Answer, bare_etag, quoted_etag
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.dav import Resource
from nextcloud_mcp_server.nextcloud.hidden import forget, hidden, path_in
from nextcloud_mcp_server.nextcloud.session import path_of, segment
from nextcloud_mcp_server.nextcloud.streaming import multistatus, pieces

DAV = "/remote.php/dav"
ROOTS = 10_000
DISGUISED = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml"})
LIST_HINT = "nc_webdav_list_directory shows what there is."


@dataclass(frozen=True)
class Opened:
    """A file whose content is about to arrive; `size` in bytes where the server tells it."""

    path: str
    content_type: str
    size: int | None
    etag: str | None
    modified: str | None
    young: bool
    body: AsyncIterator[bytes]


@dataclass
class _Roots:
    """The id of each person's root folder, by credential."""

    ids: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class _Young:
    """A version, and the unix second of its writing."""

    version: Seen
    modified: int


class Files(Client):
    """The files of one person. Paths are those of `paths.normal`."""

    async def address(self, path: str) -> str:
        """The DAV path of a file, percent-encoded."""
        return f"{DAV}/files/{segment(await self.session.uid())}/{path_of(path)}"

    def info(self, entry: Entry, *, favorite: bool = False) -> FileInfo:
        """What a list shows; `favorite` says it of every item, else only of favourites."""
        return FileInfo(
            name=paths.name(entry.path),
            path=entry.path,
            is_directory=entry.is_folder,
            size=entry.size,
            content_type=entry.content_type,
            last_modified=entry.modified,
            etag=entry.etag,
            file_id=entry.file_id,
            is_favorite=entry.favorite if favorite or entry.favorite else None,
            tags=list(entry.tags) or None,
            url=self.session.link(f"/f/{entry.file_id}") if entry.file_id else None,
        )

    async def stat(self, path: str) -> Entry:
        """One file or folder. Raises NotFound with names that resemble it."""
        await self._visible(path)
        async with self.naming(path):
            found = await multistatus(
                self.session, "PROPFIND", await self.address(path), wire.ONE, wire.entry, what=f"file {path}", depth="0"
            )
        if not found or (await hidden(self.session)).hides(path, found[0].file_id):
            raise NotFound(f"Not found: {path}", hint=LIST_HINT)
        return found[0]

    async def file_id(self, path: str) -> int:
        found = (await self.stat(path)).file_id
        if found is None:
            raise BadAnswer(f"Nextcloud tells no id of {path}.")
        return found

    async def children(self, path: str) -> list[Entry]:
        """What is directly in a folder. Raises NotFound, and InvalidValue for a file."""
        await self._visible(path)
        async with self.naming(path):
            found = await self._folder(path)
        inside = [entry for entry in found if entry.path != path]
        if not inside and not any(entry.is_folder for entry in found):
            raise InvalidValue(f"{path} is a file, not a folder.", hint="nc_webdav_read_file reads it.")
        unseen = await hidden(self.session)
        return [entry for entry in inside if not unseen.hides(entry.path, entry.file_id)]

    @asynccontextmanager
    async def open(self, path: str) -> AsyncGenerator[Opened]:
        """Begins to read a file. Raises NotFound, and InvalidValue for a folder."""
        await self._visible(path)
        what, headers = f"file {path}", {"Accept-Encoding": "identity"}
        async with self.naming(path), self.session.stream("GET", await self.address(path), what=what, headers=headers) as response:
            answer = response.headers
            if "ETag" not in answer and (await self.stat(path)).is_folder:
                raise InvalidValue(f"{path or '/'} is a folder, not a file.", hint=LIST_HINT)
            yield Opened(
                path=path,
                content_type=_media_type(path, answer.get("Content-Type", "")),
                size=wire.number(answer.get("Content-Length")) if "Content-Encoding" not in answer else None,
                etag=bare_etag(answer.get("ETag")),
                modified=answer.get("Last-Modified"),
                young=young(answer),
                body=pieces(response, what),
            )

    async def write(self, path: str, content: Upload, content_type: str, if_match: str | None) -> Answer:
        """Creates (`if_match` None), replaces that version (an ETag), or replaces any (`*`).

        Raises AlreadyExists, Changed, NotFound (file or folder) as the condition asks.
        """
        await self._visible(path)
        async with self._recent.lock(await self.session.uid(), path):
            seen = await self._same_second(path, if_match) if if_match and if_match != "*" else None
            headers = {
                "Content-Length": str(content.size),
                "Content-Type": content_type,
                "OC-Checksum": f"SHA1:{content.digest}",
                **({"If-Match": quoted_etag(if_match)} if if_match else {"If-None-Match": "*"}),
                **({"X-OC-MTime": str(seen.modified + 1)} if seen else {}),
            }
            answer = await self._put(path, content, headers, if_match)
            self.saw(path, answer.etag, Content(content.size, content.digest), seen.version if seen else None)
        return answer

    async def _put(self, path: str, content: Upload, headers: dict[str, str], if_match: str | None) -> Answer:
        try:
            return await self.session.request("PUT", await self.address(path), what=f"file {path}", headers=headers, data=content.body())
        except Changed as error:
            raise await self._condition_failed(path, if_match, error) from None
        except NotFound:
            raise await self._not_put(path) from None
        except AlreadyExists:
            raise InvalidValue(f"{path} is a folder, or one of the folders above it is a file.", hint=LIST_HINT) from None

    async def make_folder(self, path: str) -> int:
        """201, or 405 where something of that name exists. Raises NotFound for a missing parent."""
        await self._visible(path)
        try:
            answer = await self.session.request("MKCOL", await self.address(path), what=f"folder {path}", accept=frozenset({405}))
        except (AlreadyExists, NotFound):
            raise await self._no_folder(path) from None
        return answer.status

    async def delete(self, path: str, etag: str | None) -> int:
        """Moves to the trash: 204, or 404 where it was missing. Raises Changed where a file has another ETag."""
        unseen = await hidden(self.session)
        if unseen.hides(path):
            return 404
        self._nothing_hidden(unseen.within(path), path)
        headers: dict[str, str] = {}
        if etag and etag != "*":
            entry = await self.stat(path)
            self._same(entry, etag)
            headers = {} if entry.is_folder else {"If-Match": quoted_etag(etag)}
        address = await self.address(path)
        return (await self.session.request("DELETE", address, what=f"file {path}", headers=headers, accept=frozenset({404}))).status

    async def transfer(self, method: str, source: str, destination: str, overwrite: bool, if_destination: str | None) -> Answer:
        """MOVE or COPY. Raises NotFound (source, folder of the destination), AlreadyExists, Changed (destination)."""
        for path in (source, destination):
            await self._visible(path)
        self._nothing_hidden(method == "COPY" and (await hidden(self.session)).within(source), source)
        self._nothing_hidden(overwrite and (await hidden(self.session)).within(destination), destination)
        target = await self.address(destination)
        headers = {"Destination": self.public(target), "Overwrite": "T" if overwrite else "F"}
        if if_destination:
            await self._same_destination(destination, if_destination)
            headers["If"] = f"<{self.public(target)}> ([{quoted_etag(if_destination)}])"
        try:
            answer = await self.session.request(method, await self.address(source), what=f"file {source}", headers=headers)
        except NotFound:
            raise await self.missing(source) from None
        except Changed as error:
            raise await self._condition_failed(destination, if_destination, error) from None
        except AlreadyExists:
            await self.stat(source)
            raise await self._no_folder(destination) from None
        forget(self.session)
        return answer

    async def find(self, query: Query, scope: str, limit: int, start: int) -> tuple[list[Entry], int | None]:
        """At most `limit` matches below `scope` from position `start`, and the position to go on from."""
        root = await self._folder_id(scope)
        unseen, found = await hidden(self.session), list[tuple[int, Entry]]()
        href = await self._scope(scope)
        while True:
            asked = limit + 1 - len(found)
            body = wire.search(query, href, root, start, asked)
            batch = await multistatus(self.session, "SEARCH", f"{DAV}/", body, wire.entry, what="the search")
            found += [(start + n, entry) for n, entry in enumerate(batch) if not unseen.hides(entry.path, entry.file_id)]
            start += len(batch)
            if len(batch) < asked or len(found) > limit:
                break
        following = found[limit][0] if len(found) > limit else None
        return [entry for _, entry in found[:limit]], following

    async def tagged(self, tag_id: str) -> list[Entry]:
        """Everything that carries a system tag."""
        found = await multistatus(self.session, "REPORT", await self.address(""), wire.with_tag(tag_id), wire.entry, what="the search")
        unseen = await hidden(self.session)
        return [entry for entry in found if not unseen.hides(entry.path, entry.file_id)]

    async def path_of_id(self, file_id: int) -> str | None:
        """Where the thing with this id is now."""
        body = wire.by_id(file_id, await self._scope(""))
        found = await multistatus(self.session, "SEARCH", f"{DAV}/", body, lambda one: path_in(one.href), what="the search")
        return found[0] if found else None

    async def set_favorite(self, path: str, on: bool) -> None:
        await self._visible(path)

        def refused(resource: Resource) -> bool | None:
            return None if "oc:favorite" in resource.props else True

        async with self.naming(path):
            body = wire.favorite(on)
            if await multistatus(self.session, "PROPPATCH", await self.address(path), body, refused, what=f"file {path}"):
                raise NotPermitted(f"Nextcloud does not let {path} be marked as a favourite.")

    @asynccontextmanager
    async def naming(self, path: str) -> AsyncGenerator[None]:
        """Turns a 404 inside the block into an error that names the path and its neighbours."""
        try:
            yield
        except NotFound:
            raise await self.missing(path) from None

    async def missing(self, path: str) -> NotFound:
        """The error of a path that leads nowhere, with names that resemble it."""
        folder = paths.parent(path)
        try:
            beside = await self._folder(folder) if path else []
        except NotFound:
            return NotFound(f"Not found: {path} (there is no folder {folder} either).", hint=LIST_HINT)
        unseen = await hidden(self.session)
        names = {
            entry.path.casefold(): entry.path for entry in beside if entry.path != folder and not unseen.hides(entry.path, entry.file_id)
        }
        near = difflib.get_close_matches(path.casefold(), names, n=5)
        return NotFound(f"Not found: {path}", hint=LIST_HINT, candidates=[names[one] for one in near])

    def saw(self, path: str, etag: str | None, content: Content, before: Seen | None = None) -> None:
        """Remembers what was behind an ETag that is two seconds old at most."""
        if etag:
            self._recent.saw((self.session.credential.key, path, etag), content, before)

    @property
    def _recent(self) -> Recent:
        return self.session.cache.shelf(Recent)

    async def _visible(self, path: str) -> None:
        """Raises NotFound, in the words of a missing file, for what is hidden."""
        if (await hidden(self.session)).hides(path):
            raise await self.missing(path)

    async def _folder_id(self, path: str) -> int | None:
        """The id of a folder; that of the root is remembered."""
        roots, key = self.session.cache.shelf(_Roots).ids, self.session.credential.key
        if not path and key in roots:
            return roots[key]
        folder = await self.stat(path)
        if not folder.is_folder:
            raise InvalidValue(f"{path} is a file, not a folder.", hint="Search in a folder.")
        if not path and folder.file_id and len(roots) < ROOTS:
            roots[key] = folder.file_id
        return folder.file_id

    async def _scope(self, path: str) -> str:
        """A folder as a SEARCH names it: a path without a host is taken literally, not percent-decoded."""
        return f"/files/{await self.session.uid()}/{path}".rstrip("/")

    async def _folder(self, path: str) -> list[Entry]:
        address = await self.address(path)
        return await multistatus(self.session, "PROPFIND", address, wire.LISTED, wire.entry, what=f"folder {path}", depth="1")

    async def _same_second(self, path: str, etag: str) -> _Young | None:
        """The version behind an ETag that the next write could get too. Raises Changed where another content is there than was seen."""
        bare = bare_etag(etag) or ""
        seen = self._recent.contents.get((self.session.credential.key, path, bare))
        if seen is None:
            return None
        entry = await self.stat(path)
        if entry.etag == bare and await self._content(entry, seen.content) != seen.content:
            raise Changed(f"{path} was modified by someone else within the same second.", etag=bare)
        modified = seconds(entry.modified)
        return _Young(seen, modified) if modified is not None and time.monotonic() < seen.until else None

    async def _content(self, entry: Entry, seen: Content) -> Content:
        kind, _, digest = (entry.checksum or "").partition(":")
        if entry.size != seen.size:
            return Content(entry.size or 0, "")
        return Content(seen.size, digest.lower() if kind == "SHA1" else await self._digest(entry.path))

    async def _digest(self, path: str) -> str:
        import hashlib

        digest = hashlib.sha1(usedforsecurity=False)
        async with self.open(path) as file:
            async for piece in file.body:
                digest.update(piece)
        return digest.hexdigest()

    def _same(self, entry: Entry, etag: str) -> None:
        if entry.etag != bare_etag(etag):
            raise Changed(f"{entry.path} was modified by someone else.", etag=entry.etag)

    async def _same_destination(self, destination: str, etag: str) -> None:
        entry = await self.stat(destination)
        if entry.is_folder:
            raise InvalidValue(f"{destination} is a folder: if_destination_match is for files only.")
        self._same(entry, etag)
        await self._same_second(destination, etag)

    async def _condition_failed(self, path: str, if_match: str | None, error: Changed) -> Exception:
        """What a 412 means: there is something already, there is nothing, or it has another ETag."""
        try:
            entry = await self.stat(path)
        except NotFound as gone:
            return gone
        if if_match:
            return Changed(f"{path} was modified by someone else.", etag=error.etag or entry.etag)
        if entry.is_folder:
            return AlreadyExists(f"{path} exists already, as a folder.")
        return AlreadyExists(
            f"{path} exists already, with etag {entry.etag}.",
            hint="Read it first; then replace that version by its etag, or take another name.",
        )

    async def _not_put(self, path: str) -> Exception:
        """What a 404 of a PUT means: no folder, or another PUT that took the name while this one was at work."""
        try:
            await self.stat(paths.parent(path))
        except NotFound:
            return await self._no_folder(path)
        return Changed(f"{path} was written by someone else at the same moment; this content was not stored.")

    async def _no_folder(self, path: str) -> NotFound:
        folder = paths.parent(path)
        return NotFound(f"Folder not found: {folder or '/'}, for {path}.", hint="Make it first with nc_webdav_create_directory.")

    def _nothing_hidden(self, something: bool, path: str) -> None:
        if something:
            raise NotPermitted(f"{path} holds something that this server's administrator keeps from tools.", hint="Do it in Nextcloud.")

    def public(self, address: str) -> str:
        """A path as `Destination` and `If` want it: from the server's root, below a subpath too."""
        return "/" + f"{self.session.transport.address.base}{address}".partition("://")[2].partition("/")[2]


def _media_type(path: str, told: str) -> str:
    """The type of a file that is being read; Nextcloud calls web pages and drawings plain text, so that no browser runs them."""
    kind = told.partition(";")[0].strip() or "application/octet-stream"
    guessed = mimetypes.guess_type(path)[0] if kind == "text/plain" else None
    return guessed if guessed and guessed in DISGUISED else kind
