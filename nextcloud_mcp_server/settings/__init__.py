"""The only reader of the environment: one frozen, typed tree."""

from nextcloud_mcp_server.settings.read import SettingsError, read, warnings
from nextcloud_mcp_server.settings.tree import Mode, Settings

__all__ = ["Mode", "Settings", "SettingsError", "read", "warnings"]
