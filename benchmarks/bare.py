"""The floor: the SDK's own `MCPServer` with one tool that asks the backend and returns its text.

`python -m benchmarks.bare stdio|http BACKEND_URL`; over HTTP it prints its port.
"""

import contextlib
import functools
import socket
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
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    application = server.streamable_http_app()
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(uvicorn.Config(application, log_level="critical")).run(sockets=[listening])


if __name__ == "__main__":
    main()
