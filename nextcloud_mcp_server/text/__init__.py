"""Text out of files, for whoever has their bytes."""

from nextcloud_mcp_server.text.model import Engines, Extracted, Limits, Remote, Tesseract, Unreadable
from nextcloud_mcp_server.text.readers import Readers
from nextcloud_mcp_server.text.types import readable_type

__all__ = ["Engines", "Extracted", "Limits", "Readers", "Remote", "Tesseract", "Unreadable", "readable_type"]
