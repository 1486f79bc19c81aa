"""The only reader of the environment: one frozen, typed tree."""

from nextcloud_mcp_server.settings.fields import cache_directory
from nextcloud_mcp_server.settings.identity import Identity, Storage
from nextcloud_mcp_server.settings.read import SettingsError, read, read_storage, warnings
from nextcloud_mcp_server.settings.tree import Mode, Settings

__all__ = ["Identity", "Mode", "Settings", "SettingsError", "Storage", "cache_directory", "read", "read_storage", "warnings"]
