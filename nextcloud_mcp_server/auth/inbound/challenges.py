"""The `WWW-Authenticate` header: RFC 6750 3, RFC 9728 5.1, RFC 7617 2.1."""

from collections.abc import Iterable

BASIC = 'Basic realm="Nextcloud", charset="UTF-8"'


def bearer(metadata_url: str, scopes: Iterable[str] = (), *, error: str | None = None, description: str | None = None) -> str:
    """A bearer challenge. Without `error` the request carried no token at all."""
    parts = {"error": error, "error_description": description, "scope": " ".join(scopes), "resource_metadata": metadata_url}
    return "Bearer " + ", ".join(f'{name}="{_quotable(value)}"' for name, value in parts.items() if value)


def insufficient_scope(metadata_url: str, scopes: Iterable[str], description: str) -> str:
    """The challenge of a 403: all scopes that the tool needs, so that the client can ask for them at once."""
    return bearer(metadata_url, sorted(scopes), error="insufficient_scope", description=description)


def _quotable(text: str) -> str:
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "'" if c == '"' else "?" for c in text)
