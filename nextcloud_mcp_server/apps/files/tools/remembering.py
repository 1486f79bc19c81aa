"""Tools of the trash and of older versions."""

from typing import Annotated

from pydantic import Field

from nextcloud_mcp_server.apps.files import paths
from nextcloud_mcp_server.apps.files.history import History
from nextcloud_mcp_server.apps.files.models import Restored, RestoredVersion, TrashItem, Version
from nextcloud_mcp_server.apps.files.tools.box import TOOLS
from nextcloud_mcp_server.core.arguments import Cursor, Etag, Limit
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, paginate


@TOOLS.read(untrusted=True, title="List deleted files")
async def nc_webdav_list_trash(
    history: History,
    query: Annotated[str, Field(description="Part of the former path; empty for all.")] = "",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[TrashItem]:
    """List deleted files and folders, latest first. Deleted notes are files too."""
    sought = query.strip().strip("/").casefold()
    return paginate([item for item in await history.trash() if sought in item.path.casefold()], limit, cursor)


@TOOLS.update()
async def nc_webdav_restore_trash(history: History, trash_id: Annotated[str, Field(description="From nc_webdav_list_trash.")]) -> Restored:
    """Bring something back from the trash to where it was; the answer tells its path now."""
    return await history.restore_trash(trash_id)


@TOOLS.read()
async def nc_webdav_list_versions(history: History, path: str, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Version]:
    """List the versions that Nextcloud keeps of a file, latest first."""
    return paginate(await history.versions(paths.named(path)), limit, cursor, path=path)


@TOOLS.update()
async def nc_webdav_restore_version(
    history: History, path: str, version_id: Annotated[str, Field(description="From nc_webdav_list_versions.")], etag: Etag = None
) -> RestoredVersion:
    """Make an older version the file's current content; the present one is kept as a version."""
    entry = await history.restore_version(paths.named(path), version_id, etag)
    return RestoredVersion(path=path, version_id=version_id, size=entry.size, etag=entry.etag)
