"""Redirect URIs: which may be registered, and which match (RFC 8252 7, OAuth 2.1 section 2.3)."""

from collections.abc import Iterable
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

from nextcloud_mcp_server.auth.oidc.urls import is_loopback

MAX_CHARACTERS = 2000


def unacceptable(uri: str) -> str | None:
    """Why a redirect URI may not be registered, or None: https, or http on loopback; no fragment, no user, no blanks."""
    if len(uri) > MAX_CHARACTERS or not uri.isascii() or not uri.isprintable() or " " in uri or "\\" in uri:
        return "A redirect URI is a printable ASCII address."
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return "The redirect URI is malformed."
    if "#" in uri or "@" in parts.netloc or not parts.hostname:
        return "A redirect URI has a host, and neither a fragment nor a user name."
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(uri)):
        return None
    return "A redirect URI is https, or http on 127.0.0.1, [::1] or localhost."


def matches(registered: Iterable[str], given: str) -> bool:
    """Whether `given` is one of the registered ones, character by character; for http on loopback the port may differ."""
    if unacceptable(given):
        return False
    return any(given == known or (_portless(given) is not None and _portless(given) == _portless(known)) for known in registered)


def _portless(uri: str) -> SplitResult | None:
    """A loopback http address without its port; None for any other."""
    parts = urlsplit(uri)
    if parts.scheme != "http" or not is_loopback(uri):
        return None
    host = parts.netloc.rpartition(":")[0] if parts.port is not None else parts.netloc.rstrip(":")
    return parts._replace(netloc=host)


def remembered_as(uri: str) -> str:
    """The form under which consent is remembered: loopback addresses without their port."""
    parts = _portless(uri)
    return urlunsplit(parts) if parts else uri


def answer(uri: str, **parameters: str | None) -> str:
    """The redirect URI with parameters of the answer added to its query."""
    added = urlencode({name: value for name, value in parameters.items() if value is not None})
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))
