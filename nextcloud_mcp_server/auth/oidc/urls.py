"""Comparing and rewriting addresses of a provider."""

from urllib.parse import SplitResult, urlsplit, urlunsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port, with the scheme's default port made explicit. Raises ValueError for a port that is none."""
    parts = urlsplit(url)
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port or DEFAULT_PORTS.get(parts.scheme.lower())


def normalised(url: str) -> str:
    """The same address with a lower-case host, without default port and trailing slash."""
    parts = urlsplit(url)
    scheme, host, port = origin(url)
    shown = f"[{host}]" if ":" in host else host
    place = shown if port in (None, DEFAULT_PORTS.get(scheme)) else f"{shown}:{port}"
    return urlunsplit(SplitResult(scheme, place, parts.path.rstrip("/"), parts.query, ""))


def same(one: str, other: str) -> bool:
    """Whether two issuers are the same but for default ports, the host's case and a trailing slash."""
    try:
        return normalised(one) == normalised(other)
    except ValueError:
        return False


def moved(url: str, *, away_from: str, to: str) -> str:
    """`url` at the scheme, host and port of `to`, where it is at those of `away_from`; else unchanged."""
    if origin(url) != origin(away_from):
        return url
    target = urlsplit(to)
    return urlunsplit(urlsplit(url)._replace(scheme=target.scheme, netloc=target.netloc))


def is_loopback(url: str) -> bool:
    """Whether the host is this machine (RFC 8252 7.3 and `localhost`)."""
    return (urlsplit(url).hostname or "").lower() in LOOPBACK


def is_secure(url: str) -> bool:
    """https, or http on loopback."""
    return urlsplit(url).scheme == "https" or (urlsplit(url).scheme == "http" and is_loopback(url))
