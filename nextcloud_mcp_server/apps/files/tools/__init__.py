"""The tools of files."""

from nextcloud_mcp_server.apps.files.tools import changing, looking, remarking, remembering
from nextcloud_mcp_server.apps.files.tools.box import TOOLS

__all__ = ["TOOLS", "changing", "looking", "remarking", "remembering"]
