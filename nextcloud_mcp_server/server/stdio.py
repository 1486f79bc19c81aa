"""MCP over standard input and output: one client, the person who started the process."""

from typing import Any

from mcp.server.lowlevel import Server


async def serve(server: Server[Any]) -> None:
    """Runs until standard input closes."""
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
