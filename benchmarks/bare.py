"""The floor: the SDK's own `MCPServer` with one tool that asks the backend and returns its text.

`python -m benchmarks.bare stdio|http BACKEND_URL`; over HTTP it logs its address.
"""

import functools
import sys

import aiohttp
import uvicorn
from mcp.server import MCPServer

from benchmarks.backend import PATH

BACKEND = sys.argv[2] if len(sys.argv) > 2 else ""
server = MCPServer("bare")


@functools.cache
def client() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()


@server.tool()
async def read_note(note_id: int) -> str:
    """Read one note."""
    async with client().get(BACKEND + PATH) as response:
        return await response.text()


def main() -> None:
    if sys.argv[1] == "stdio":
        server.run("stdio")
        return
    uvicorn.run(server.streamable_http_app(), port=0, log_level="info", access_log=False)


if __name__ == "__main__":
    main()
