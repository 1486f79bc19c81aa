"""Bodies that are read as they arrive: files, and WebDAV listings of any length."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from nextcloud_mcp_server.core.errors import BadAnswer
from nextcloud_mcp_server.nextcloud.dav import MultistatusParser, Resource, stream_multistatus
from nextcloud_mcp_server.nextcloud.session import Session

if TYPE_CHECKING:
    import aiohttp

T = TypeVar("T")
PIECE = 65536


async def pieces(response: "aiohttp.ClientResponse", what: str) -> AsyncIterator[bytes]:
    """The body in pieces of at most 64 KiB. Raises BadAnswer where the connection ends before the body does."""
    import aiohttp

    try:
        async for piece in response.content.iter_chunked(PIECE):
            yield piece
    except (aiohttp.ClientError, TimeoutError):
        raise BadAnswer(f"Nextcloud's answer about {what} was cut short.") from None


async def multistatus(
    session: Session,
    method: str,
    path: str,
    body: bytes,
    take: Callable[[Resource], T | None],
    *,
    what: str,
    depth: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> list[T]:
    """A PROPFIND, REPORT or SEARCH; `take` turns each resource into what is kept, None drops it at once."""
    sent = {"Content-Type": "application/xml; charset=utf-8", **({"Depth": depth} if depth is not None else {}), **(headers or {})}
    parser = MultistatusParser(what)
    async with session.stream(method, path, what=what, headers=sent, data=body) as response:
        resources = stream_multistatus(pieces(response, what), parser)
        return [made async for resource in resources if (made := take(resource)) is not None]
