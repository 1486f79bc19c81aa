"""HTTP clients may ask for less than the administrator allows, by header; never for more."""

from collections.abc import Callable, Mapping

from nextcloud_mcp_server.server.catalog import Catalog, Limits

Narrow = Callable[[Mapping[str, str]], Limits]
TOOLSETS = "x-mcp-toolsets"
READ_ONLY = "x-mcp-readonly"


def by_header(catalog: Catalog, limits: Limits) -> Narrow:
    """The bounds for one request: `X-MCP-Toolsets: notes,deck` and `X-MCP-Readonly: true`."""

    def narrow(headers: Mapping[str, str]) -> Limits:
        names, read_only = headers.get(TOOLSETS), headers.get(READ_ONLY, "").strip().lower()
        if not names and read_only not in ("true", "1"):
            return limits
        apps = catalog.toolsets(names.split(",")) if names else None
        return limits.narrowed(apps, "read" if read_only in ("true", "1") else None)

    return narrow
