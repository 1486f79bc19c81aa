"""The tools of system tags. nc_webdav_tag_file sets them."""

from nextcloud_mcp_server.apps.systemtags.client import SystemTags
from nextcloud_mcp_server.apps.systemtags.models import Tag, TaggedFile
from nextcloud_mcp_server.core.arguments import Cursor, Limit
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, paginate
from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("systemtags", scope="files")


@TOOLS.read(items="tags", untrusted=True)
async def nc_systemtags_list_tags(systemtags: SystemTags, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Tag]:
    """List the tags that files can carry, the same for everybody here; nc_webdav_tag_file sets and removes them."""
    return paginate(await systemtags.tags(), limit, cursor)


@TOOLS.read(items="files", untrusted=True)
async def nc_systemtags_list_files(
    systemtags: SystemTags, tag: str, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[TaggedFile]:
    """List the person's files and folders that carry a tag, given by name or id."""
    return paginate(await systemtags.files(tag), limit, cursor, tag=tag)
