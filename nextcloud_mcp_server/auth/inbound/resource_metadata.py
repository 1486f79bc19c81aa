"""What this server says of itself as a protected resource (RFC 9728)."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from nextcloud_mcp_server.auth.scopes import advertised

WELL_KNOWN = "/.well-known/oauth-protected-resource"


def metadata_url(resource: str) -> str:
    """Where the metadata of a resource is: the well-known path comes between host and path (RFC 9728 3.1)."""
    parts = urlsplit(resource)
    return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path.rstrip('/')}"


def document(
    resource: str, authorization_server: str, scopes: Iterable[str], *, separator: str = ":", name: str = "Nextcloud"
) -> dict[str, Any]:
    """The metadata: `scopes` are those of the tools that are switched on, never `offline_access`."""
    return {
        "resource": resource,
        "authorization_servers": [authorization_server],
        "scopes_supported": advertised(scopes, separator),
        "bearer_methods_supported": ["header"],
        "resource_name": name,
    }
