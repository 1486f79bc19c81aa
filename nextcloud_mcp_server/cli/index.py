"""`index`: bring the index up to date once, also beside a running server; or put it under another key."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nextcloud_mcp_server.cli.working import env_file, index, read_settings, run

if TYPE_CHECKING:
    from nextcloud_mcp_server.index.rekey import Rekeyed
    from nextcloud_mcp_server.server.indexing.indexing import Pass
    from nextcloud_mcp_server.settings import Settings

TITLE = 30
MODEL = 900.0
"""Seconds that the embedded model may take to be made, once."""


@click.command(name="index")
@click.option("--once", is_flag=True, help="Scan everything once, index what changed, end.")
@click.option("--rekey", is_flag=True, help="Encrypt all passages under the first key of TOKEN_ENCRYPTION_KEY, with the server stopped.")
@env_file
def command(once: bool, rekey: bool, env_file: Path | None) -> None:
    """Index what changed, or change the key, with a progress bar."""
    if once == rekey:
        raise click.UsageError("say one of --once and --rekey")
    settings = read_settings(env_file)
    if rekey:
        _rekey(settings)
        return
    shown = Shown()

    async def work() -> "Pass":
        async with index(settings, MODEL) as (_, found):
            click.echo(f"index: {await found.ready()}", err=True)
            return await found.index_once(shown.progress)

    done = run(work)
    shown.end()
    click.echo(f"{done.done} documents indexed, {done.failed} given up (see `nextcloud-mcp-server status`)")


def _rekey(settings: "Settings") -> None:
    """May be ended at any moment and run again; what is under the first key already is left alone."""

    async def work() -> "Rekeyed":
        async with index(settings, 0.0) as (_, found):
            with click.progressbar(length=0, label="documents", show_pos=True) as bar:
                return await found.rekey(lambda: bar.update(1))

    done = run(work)
    click.echo(f"{done.documents} documents, {done.changed} of them encrypted anew: all passages that open are under the first key now.")
    for key in done.unreadable:
        click.echo(f"No key opens {key.doc_type} {key.doc_id} of {key.owner}: it is not found until it is indexed anew.", err=True)
    if done.unreadable:
        raise click.exceptions.Exit(2)


class Shown:
    """A bar that grows with what is found."""

    def __init__(self) -> None:
        self._bar = click.progressbar(length=0, label="indexing", show_pos=True)

    def progress(self, at: "Pass") -> None:
        if at.total == 0:
            return
        self._bar.length, self._bar.label = at.total, f"indexing {at.current[:TITLE]:{TITLE}}"
        self._bar.update(max(0, at.done - self._bar.pos))
        self._bar.render_progress()

    def end(self) -> None:
        if self._bar.length:
            self._bar.render_finish()
