"""Tools of comments and tags on files."""

from nextcloud_mcp_server.apps.files import paths
from nextcloud_mcp_server.apps.files.models import CommentMade, FileComment, Tagged
from nextcloud_mcp_server.apps.files.remarks import COMMENT_MAX, PHP_SPACE, Remarks
from nextcloud_mcp_server.apps.files.tools.box import TOOLS
from nextcloud_mcp_server.core.arguments import Cursor, Limit
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, cursor_for, offset_of


@TOOLS.read(total="count", untrusted=True)
async def nc_webdav_list_comments(
    remarks: Remarks, path: str, limit: Limit = DEFAULT_LIMIT, offset: int = 0, cursor: Cursor = None
) -> Page[FileComment]:
    """List the comments on a file or folder, newest first."""
    start = offset_of(cursor) or max(offset, 0)
    file_id = await remarks.file_id(paths.named(path))
    found = await remarks.comments(file_id, limit + 1, start)
    following = cursor_for(start + limit) if len(found) > limit else None
    also = {"path": path, "file_id": file_id, "limit": limit, "offset": start}
    return Page(found[:limit], following, len(found[:limit]), also)


@TOOLS.create()
async def nc_webdav_create_comment(remarks: Remarks, path: str, message: str) -> CommentMade:
    """Comment on a file or folder, for everybody who can see it. At most 1000 characters; @name notifies a person."""
    text = message.strip(PHP_SPACE)
    if not text:
        raise InvalidValue("The comment is empty.")
    if len(text) > COMMENT_MAX:
        raise InvalidValue(f"The comment has {len(text)} characters, more than {COMMENT_MAX}.")
    file_id = await remarks.file_id(paths.named(path))
    return CommentMade(path=path, file_id=file_id, comment_id=await remarks.comment(file_id, text), message=text)


@TOOLS.update()
async def nc_webdav_tag_file(remarks: Remarks, path: str, add: list[str] | None = None, remove: list[str] | None = None) -> Tagged:
    """Add and remove system tags of a file or folder, by name; new names are made. Everybody with access sees them."""
    if not add and not remove:
        raise InvalidValue("Nothing to do: neither add nor remove is given.")
    return Tagged(path=path, tags=await remarks.retag(paths.named(path), add or [], remove or []))
