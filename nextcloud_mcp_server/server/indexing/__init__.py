"""Search and background sync of this server; what they need is imported only where they are on."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from nextcloud_mcp_server.settings import Mode, Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nextcloud_mcp_server.auth.sides import Sides
    from nextcloud_mcp_server.core.tools import Injected
    from nextcloud_mcp_server.server.binding import Call, Provider
    from nextcloud_mcp_server.server.catalog import Catalog
    from nextcloud_mcp_server.server.indexing.indexing import Indexing
    from nextcloud_mcp_server.text import Readers

APP = "semantic"
EXTRA = ("qdrant_edge", "onnxruntime", "tokenizers")
LOCKS = "fcntl"


def wanted(settings: Settings) -> bool:
    """`ENABLE_SEMANTIC_SEARCH`; unset: in single-user mode where it can be. Raises SettingsError where it cannot."""
    lacking = _lacking()
    if settings.sync.enabled is None:
        return settings.mode is Mode.SINGLE_USER and lacking is None
    if settings.sync.enabled and lacking:
        raise SettingsError(f"ENABLE_SEMANTIC_SEARCH needs {lacking}")
    return settings.sync.enabled


def _lacking() -> str | None:
    if find_spec(LOCKS) is None:
        return "the file locks of POSIX, which Windows has not: use WSL or a container"
    if any(find_spec(name) is None for name in EXTRA):
        return "the extra: pip install 'nextcloud-mcp-server[search]'"
    return None


def build(settings: Settings, sides: "Sides", catalog: "Catalog", readers: "Readers") -> "Indexing | None":
    """Wired, nothing started; None where search is off. Raises SettingsError."""
    if not wanted(settings):
        return None
    from nextcloud_mcp_server.server.indexing.indexing import Indexing
    from nextcloud_mcp_server.server.indexing.parts import parts
    from nextcloud_mcp_server.server.indexing.people import Provisioned

    return Indexing(settings, parts(settings, readers), Provisioned(settings, sides, catalog))


def providers(indexing: "Indexing | None") -> "Mapping[type[Injected], Provider]":
    """What the tools of search ask for."""
    if indexing is None:
        return {}
    from nextcloud_mcp_server.index.answers import SearchFor
    from nextcloud_mcp_server.server.indexing.finding import CallersSearch

    async def search(call: "Call") -> SearchFor:
        return CallersSearch(indexing, call)

    return {SearchFor: search}
