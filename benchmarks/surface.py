"""What the tool list costs, and how a long listing is parsed."""

import time
import tracemalloc
from collections.abc import Iterator

import mcp_types as mcp

from benchmarks.rows import Row, Times
from nextcloud_mcp_server.nextcloud.dav import MultistatusParser
from nextcloud_mcp_server.settings.tree import Mode
from tests.surface.build import BOUND
from tests.surface.test_budget import default_set, tokens

ENTRIES = 10_000


async def rows() -> list[Row]:
    return [*listing(), *parsing()]


def listing() -> list[Row]:
    chosen = max(map(default_set, Mode), key=lambda some: sum(map(tokens, some)))
    cost, whole = sum(map(tokens, chosen)), sum(map(tokens, BOUND.values()))
    result = mcp.ListToolsResult(tools=[bound.mcp for bound in BOUND.values()])
    seconds = []
    for _ in range(200):
        started = time.perf_counter()
        size = len(result.model_dump_json(by_alias=True, exclude_none=True))
        seconds.append(time.perf_counter() - started)
    times = Times(seconds)
    return [
        Row(f"default tools of the largest mode ({len(chosen)}), o200k tokens", str(cost), target="<= 12,000", met=cost <= 12_000),
        Row(f"all tools ({len(BOUND)}), o200k tokens", str(whole), target="<= 24,000", met=whole <= 24_000),
        Row(f"serialising all {len(BOUND)} tools, {size / 1000:.0f} KB", str(times), target="p50 <= 5 ms", met=times.p50 <= 0.005),
    ]


def multistatus() -> Iterator[bytes]:
    """A listing of a large folder, in pieces as they come from a socket."""
    yield b'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">'
    for number in range(ENTRIES):
        yield (
            f"<d:response><d:href>/remote.php/dav/files/ada/Photos/IMG%20{number:05}.jpg</d:href><d:propstat><d:prop>"
            f"<d:getlastmodified>Sat, 21 Nov 2026 00:40:10 GMT</d:getlastmodified><d:getetag>&quot;{number:032x}&quot;</d:getetag>"
            f"<d:getcontenttype>image/jpeg</d:getcontenttype><d:getcontentlength>{number}</d:getcontentlength><d:resourcetype/>"
            f"<oc:fileid>{number}</oc:fileid></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        ).encode()
    yield b"</d:multistatus>"


def parsing() -> list[Row]:
    tracemalloc.start()
    parser = MultistatusParser("the folder")
    names = [resource.href for piece in multistatus() for resource in parser.feed(piece)]
    parser.close()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return [Row(f"memory to parse a listing of {len(names):,} files as a stream", f"{peak:.1f} MB", target="< 100 MB", met=peak < 100)]
