"""Nextcloud Notes: Markdown notes in categories (REST API v1 and v1.4)."""

from nextcloud_mcp_server.apps.notes.resources import RESOURCES
from nextcloud_mcp_server.apps.notes.source import NotesSource
from nextcloud_mcp_server.apps.notes.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp

APP = NextcloudApp(
    name="notes",
    title="Notes",
    tools=TOOLS,
    requires=lambda capabilities: "notes" in capabilities,
    instructions="Markdown notes; a category is a folder path such as Work/Projects.",
    resources=RESOURCES,
    sources=(NotesSource,),
)
