"""`demo`: a sandbox Nextcloud and the server in front of it, on this machine only."""

import asyncio
import secrets
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click
import orjson

from nextcloud_mcp_server.cli.run import serve
from nextcloud_mcp_server.settings import Settings, read

if TYPE_CHECKING:
    from nextcloud_mcp_server.server.indexing.indexing import Pass

GROUP = "nextcloud_mcp_server.demo"
QUESTION = "When should vegetables go outdoors?"
"""None of its words is in the note that answers it."""
MODEL = 60.0
"""Seconds that the embedding model may take to be made; the server goes on trying afterwards."""


class Sandbox(Protocol):
    """What a demo's entry point starts: a Nextcloud to play with."""

    url: str
    user: str
    password: str
    administrator: tuple[str, str]

    def stop(self) -> None: ...


@click.command(name="demo")
@click.option("-p", "--port", default=8000, show_default=True, help="Port of the MCP server.")
@click.option("--search/--no-search", default=True, show_default=True, help="Index the demo data, for search by meaning.")
def command(port: int, search: bool) -> None:
    """Try the server with a sandbox full of demo data; nothing of it stays."""
    found = [point for point in entry_points(group=GROUP) if point.name == "sandbox"]
    if not found:
        raise click.ClickException("the sandbox is not installed: pip install 'nextcloud-mcp-server[sandbox]'")
    start: Callable[[], Sandbox] = found[0].load()
    sandbox = start()
    try:
        with tempfile.TemporaryDirectory(prefix="nextcloud-mcp-demo-", ignore_cleanup_errors=True) as folder:
            settings = read(environment(sandbox, Path(folder), search=search))
            port = port or free_port()
            if search:
                prepare(settings)
                follow(settings, sandbox, f"http://127.0.0.1:{port}")
            click.echo(instructions(sandbox, f"http://127.0.0.1:{port}/mcp"))
            try:
                serve(settings, "streamable-http", "127.0.0.1", port)
            finally:
                settle(settings)
    finally:
        sandbox.stop()


def environment(sandbox: Sandbox, folder: Path, *, search: bool) -> Mapping[str, str]:
    """The settings of the demo, and no others."""
    return {
        **({} if search else {"ENABLE_SEMANTIC_SEARCH": "false"}),
        "NEXTCLOUD_HOST": sandbox.url,
        "NEXTCLOUD_USERNAME": sandbox.user,
        "NEXTCLOUD_PASSWORD": sandbox.password,
        "MCP_DATA_DIR": str(folder),
        "WEBHOOK_SECRET": secrets.token_urlsafe(),
        "VECTOR_SYNC_MAX_REQUESTS_PER_SECOND": "50",
    }


def prepare(settings: Settings) -> None:
    """Indexes the sandbox's data with a bar, and shows what a question finds."""
    from nextcloud_mcp_server.cli.index import Shown
    from nextcloud_mcp_server.cli.working import index, run
    from nextcloud_mcp_server.core.caller import OWNER
    from nextcloud_mcp_server.server.indexing import wanted

    if not wanted(settings):
        click.echo("Search by meaning is left out: pip install 'nextcloud-mcp-server[search]'")
        return
    shown = Shown()

    async def work() -> "tuple[Pass, str]":
        from nextcloud_mcp_server.index.answers import Wanted
        from nextcloud_mcp_server.server.indexing.finding import find

        async with index(settings, MODEL) as (product, indexing):
            done = await indexing.index_once(shown.progress)
            shown.end()
            answer = await find(indexing, OWNER, await product.sides.session(OWNER), Wanted(QUESTION, 1))
            found = answer.results[0]
            notes = "".join(f"\n  ({note})" for note in answer.notes or ())
            return done, f"{QUESTION}\n  -> {found.title} ({found.doc_type}): {' '.join(found.excerpt.split())[:160]}{notes}"

    click.echo("Reading the demo data; the first time the embedding model is made too.")
    done, said = run(work)
    click.echo(f"{done.done} documents can be searched. For example:\n\n  {said}")


def follow(settings: Settings, sandbox: Sandbox, url: str) -> None:
    """Has the sandbox tell the server at `url` what changes, as `webhooks register` does."""
    from nextcloud_mcp_server.cli.webhooks import as_administrator
    from nextcloud_mcp_server.server.indexing import wanted
    from nextcloud_mcp_server.web.webhook_events import EVENTS
    from nextcloud_mcp_server.web.webhook_registration import PATH

    secret = settings.sync.webhook_secret
    if secret and wanted(settings):
        as_administrator(settings, *sandbox.administrator, lambda at: at.register(url + PATH, secret.get_secret_value(), EVENTS))


def free_port() -> int:
    """One that nobody listens on at the moment: webhooks have to name it before the server has it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def settle(settings: Settings) -> None:
    """Waits until nothing uses the folder any more."""
    from nextcloud_mcp_server.server.indexing import wanted

    if wanted(settings):
        from nextcloud_mcp_server.server.indexing.parts import parts

        if engine := parts(settings).engine:
            asyncio.run(engine.ended())


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
