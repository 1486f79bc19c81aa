"""`index`: bring the index up to date once, also beside a running server."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nextcloud_mcp_server.cli.working import env_file, index, read_settings, run

if TYPE_CHECKING:
    from nextcloud_mcp_server.server.indexing.indexing import Pass

TITLE = 30
MODEL = 900.0
"""Seconds that the embedded model may take to be made, once."""


@click.command(name="index")
@click.option("--once", is_flag=True, required=True, help="Scan everything once, index what changed, end.")
@env_file
def command(once: bool, env_file: Path | None) -> None:
    """Index what changed, with a progress bar."""
    settings = read_settings(env_file)
    shown = Shown()

    async def work() -> "Pass":
        async with index(settings, MODEL) as (_, found):
            click.echo(f"index: {await found.ready()}", err=True)
            return await found.index_once(shown.progress)

    done = run(work)
    shown.end()
    click.echo(f"{done.done} documents indexed, {done.failed} given up (see `nextcloud-mcp-server status`)")


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
