"""Shares of files and folders: with people, with groups, by link (OCS Share API)."""

from collections.abc import Mapping
from typing import Any, cast

from nextcloud_mcp_server.apps.sharing.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp


def _available(capabilities: Mapping[str, Any]) -> bool:
    known = capabilities.get("files_sharing")
    return isinstance(known, Mapping) and bool(cast("Mapping[str, Any]", known).get("api_enabled", True))


APP = NextcloudApp(
    name="sharing",
    title="Sharing",
    tools=TOOLS,
    requires=_available,
    instructions="A public link gives whoever has it access without signing in: make one only where the person asks for it.",
)
