"""Nextcloud Tables: tables with typed columns, and views of them (REST API v1)."""

from nextcloud_mcp_server.apps.tables.source import TablesSource
from nextcloud_mcp_server.apps.tables.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp

APP = NextcloudApp(
    name="tables",
    title="Tables",
    tools=TOOLS,
    requires=lambda capabilities: "tables" in capabilities,
    instructions="Rows with typed columns: nc_tables_get_schema before writing. Dates as 2026-12-24, times as 2026-12-24 18:00.",
    sources=(TablesSource,),
)
