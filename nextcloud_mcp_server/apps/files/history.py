"""What Nextcloud keeps of the past: the trash and older versions (Nextcloud developer manual, "Trashbin" and "Versions")."""

from datetime import UTC, datetime

from nextcloud_mcp_server.apps.files import paths, wire
from nextcloud_mcp_server.apps.files.client import DAV, Files
from nextcloud_mcp_server.apps.files.models import Restored, TrashItem, Version
from nextcloud_mcp_server.apps.files.recent import seconds
from nextcloud_mcp_server.apps.files.wire import Entry
from nextcloud_mcp_server.core.errors import BadAnswer, Changed, InvalidValue, MissingApp, NotFound
from nextcloud_mcp_server.nextcloud.answers import bare_etag, quoted_etag
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.dav import Resource
from nextcloud_mcp_server.nextcloud.hidden import Hidden, forget, hidden
from nextcloud_mcp_server.nextcloud.session import segment
from nextcloud_mcp_server.nextcloud.streaming import multistatus


class History(Client):
    """The trash of one person and the versions of their files."""

    async def trash(self) -> list[TrashItem]:
        """Everything that was put into the trash, latest first."""
        unseen = await hidden(self.session)
        try:
            found = await multistatus(
                self.session, "PROPFIND", await self._trash(), wire.TRASH, lambda one: _trashed(one, unseen), what="the trash", depth="1"
            )
        except NotFound:
            raise MissingApp("This Nextcloud keeps no trash.") from None
        return sorted((item for item, _ in found), key=lambda item: item.deleted_at or "", reverse=True)

    async def restore_trash(self, trash_id: str) -> Restored:
        """Back to where it was, under another name if that is taken, or to the root if its folder is gone."""
        address, what = f"{await self._trash()}{segment(trash_id)}", f"{trash_id} in the trash"
        unseen = await hidden(self.session)
        missing = NotFound(f"Not found in the trash: {trash_id}", hint="nc_webdav_list_trash tells trash_id.")
        try:
            found = await multistatus(
                self.session, "PROPFIND", address, wire.TRASH, lambda one: _trashed(one, unseen), what=what, depth="0"
            )
        except NotFound:
            raise missing from None
        if not found:
            raise missing
        item, file_id = found[0]
        files = Files(self.session)
        await self.session.request("MOVE", address, what=what, headers={"Destination": files.public(await self._restored(trash_id))})
        forget(self.session)
        path = await files.path_of_id(file_id) if file_id else item.path
        moved = None if path == item.path else f"It was at {item.path}, which is taken or gone."
        return Restored(trash_id=trash_id, path=path, message=moved)

    async def versions(self, path: str) -> list[Version]:
        """The versions of a file, latest first."""
        entry = await self._file(path)
        found = await multistatus(
            self.session, "PROPFIND", await self._versions(entry), wire.VERSIONS, _version, what=f"the versions of {path}", depth="1"
        )
        for version in found:
            if version.version_id == str(seconds(entry.modified)):
                version.current, version.size = True, entry.size
        return sorted(found, key=lambda version: (len(version.version_id), version.version_id), reverse=True)

    async def restore_version(self, path: str, version_id: str, etag: str | None) -> Entry:
        """Makes a version the current content; the answer is the file after that. Raises Changed where the file has another ETag."""
        entry = await self._file(path)
        if etag and bare_etag(etag) != entry.etag:
            raise Changed(f"{path} was modified by someone else.", etag=entry.etag)
        files = Files(self.session)
        headers = {"Destination": files.public(f"{DAV}/versions/{segment(await self.session.uid())}/restore/target")}
        if entry.etag:
            headers["If"] = f"<{files.public(await files.address(path))}> ([{quoted_etag(entry.etag)}])"
        address = f"{await self._versions(entry)}{segment(version_id)}"
        try:
            await self.session.request("MOVE", address, what=f"version {version_id} of {path}", headers=headers)
        except NotFound:
            known = [version.version_id for version in await self.versions(path)]
            raise NotFound(
                f"{path} has no version {version_id}.", candidates=known, hint="nc_webdav_list_versions tells version_id."
            ) from None
        return await files.stat(path)

    async def _trash(self) -> str:
        return f"{DAV}/trashbin/{segment(await self.session.uid())}/trash/"

    async def _restored(self, trash_id: str) -> str:
        return f"{DAV}/trashbin/{segment(await self.session.uid())}/restore/{segment(trash_id)}"

    async def _versions(self, entry: Entry) -> str:
        return f"{DAV}/versions/{segment(await self.session.uid())}/versions/{entry.file_id}/"

    async def _file(self, path: str) -> Entry:
        entry = await Files(self.session).stat(path)
        if entry.is_folder:
            raise InvalidValue(f"{path} is a folder; only files have versions.")
        if entry.file_id is None:
            raise BadAnswer(f"Nextcloud tells no id of {path}.")
        return entry


def _trashed(resource: Resource, unseen: Hidden) -> tuple[TrashItem, int | None] | None:
    """An item and its file id; None for the trash itself and for what is hidden."""
    path, file_id = resource.text("nc:trashbin-original-location"), wire.number(resource.text("oc:fileid"))
    if path is None or unseen.hides(path, file_id):
        return None
    seconds = wire.number(resource.text("nc:trashbin-deletion-time"))
    item = TrashItem(
        trash_id=paths.name(resource.href.rstrip("/")),
        path=path.strip("/"),
        is_directory=resource.has("d:resourcetype", "d:collection"),
        deleted_at=datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds is not None else None,
        size=wire.number(resource.text("oc:size")),
    )
    return item, file_id


def _version(resource: Resource) -> Version | None:
    if resource.text("d:getlastmodified") is None:
        return None
    return Version(
        version_id=paths.name(resource.href.rstrip("/")),
        last_modified=resource.text("d:getlastmodified"),
        size=wire.number(resource.text("d:getcontentlength")),
        author=resource.text("nc:version-author"),
        label=resource.text("nc:version-label"),
    )
