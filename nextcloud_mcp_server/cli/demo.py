"""`demo`: a sandbox Nextcloud and the server in front of it, on this machine only."""

import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

import click
import orjson

from nextcloud_mcp_server.cli.run import serve
from nextcloud_mcp_server.settings import read

GROUP = "nextcloud_mcp_server.demo"


class Sandbox(Protocol):
    """What a demo's entry point starts: a Nextcloud to play with."""

    url: str
    user: str
    password: str

    def stop(self) -> None: ...


@click.command(name="demo")
@click.option("-p", "--port", default=8000, show_default=True, help="Port of the MCP server.")
def command(port: int) -> None:
    """Try the server with a sandbox full of demo data."""
    found = [point for point in entry_points(group=GROUP) if point.name == "sandbox"]
    if not found:
        raise click.ClickException("the sandbox is not installed: the sandbox package comes with the source distribution")
    start: Callable[[], Sandbox] = found[0].load()
    sandbox = start()
    try:
        settings = read({"NEXTCLOUD_HOST": sandbox.url, "NEXTCLOUD_USERNAME": sandbox.user, "NEXTCLOUD_PASSWORD": sandbox.password})
        click.echo(instructions(sandbox, f"http://127.0.0.1:{port}/mcp"))
        serve(settings, "streamable-http", "127.0.0.1", port)
    finally:
        sandbox.stop()


def instructions(sandbox: Sandbox, url: str) -> str:
    """What to do next: the address, and a configuration to paste into a client."""
    over_http = {"mcpServers": {"nextcloud": {"type": "http", "url": url}}}
    over_stdio = {
        "mcpServers": {
            "nextcloud": {
                "command": str(Path(sys.argv[0]).resolve()),
                "args": ["run", "--transport", "stdio"],
                "env": {"NEXTCLOUD_HOST": sandbox.url, "NEXTCLOUD_USERNAME": sandbox.user, "NEXTCLOUD_PASSWORD": sandbox.password},
            }
        }
    }
    return f"""
MCP server   {url}
Nextcloud    {sandbox.url}  (a sandbox; {sandbox.user} / {sandbox.password})

Paste into your MCP client:
{_json(over_http)}

or, if it starts servers itself:
{_json(over_stdio)}

Then ask it, for example: "What is on my calendar this week?", "Find my notes about the garden and turn them into tasks."
Ctrl+C ends both.
"""


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
