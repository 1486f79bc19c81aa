"""Nextcloud Files by WebDAV: files, folders, search, trash, versions, favourites, comments, tags."""

from nextcloud_mcp_server.apps.files.source import FilesSource
from nextcloud_mcp_server.apps.files.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp

APP = NextcloudApp(
    name="files",
    title="Files",
    tools=TOOLS,
    instructions="Paths start at the root of the person's files: Documents/plan.md, with or without a leading slash.",
    sources=(FilesSource,),
)
