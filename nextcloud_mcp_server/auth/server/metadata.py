"""What this authorization server says of itself (RFC 8414)."""

from collections.abc import Iterable
from typing import Any

from nextcloud_mcp_server.auth.scopes import advertised

WELL_KNOWN = "/.well-known/oauth-authorization-server"


def document(issuer: str, scopes: Iterable[str], *, by_document: bool, separator: str = ":") -> dict[str, Any]:
    """The metadata of `issuer`, which has no trailing slash. `by_document`: client id metadata documents are accepted."""
    methods = ["none", "client_secret_basic", "client_secret_post"]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "registration_endpoint": f"{issuer}/oauth/register",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "scopes_supported": advertised(scopes, separator),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": by_document,
    }
