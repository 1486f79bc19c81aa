"""`worker`: scan and index beside API processes that share a PostgreSQL."""

import asyncio
import signal
from pathlib import Path

import click

from nextcloud_mcp_server.cli.working import OFF, env_file, read_settings, run

LOG = "nextcloud_mcp_server"


@click.command(name="worker")
@click.option("-c", "--concurrency", type=click.IntRange(1, 64), help="Documents at once; unset: VECTOR_SYNC_PROCESSOR_WORKERS.")
@click.option(
    "--tier", type=click.Choice(["fast", "structured", "ocr"]), help="Of earlier versions: every worker takes every kind of document now."
)
@env_file
def command(concurrency: int | None, tier: str | None, env_file: Path | None) -> None:
    """Index for the processes that serve, several of these at once if you like."""
    import logging

    given = {"MCP_ROLE": "worker", **({"VECTOR_SYNC_PROCESSOR_WORKERS": str(concurrency)} if concurrency else {})}
    settings = read_settings(env_file, given)
    logging.getLogger(LOG).setLevel(settings.server.log_level.upper())
    if tier:
        logging.getLogger(LOG).warning("--tier %s means nothing here: every worker takes every kind of document.", tier)

    async def work() -> None:
        from nextcloud_mcp_server.server.compose import build

        product = build(settings)
        if product.indexing is None:
            raise click.ClickException(OFF)
        if product.indexing.queue_name != "postgres":
            await product.transport.aclose()
            raise click.ClickException("a worker needs a database that it shares: set DATABASE_URL to a PostgreSQL")
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with product.running():
            logging.getLogger(LOG).info("This process indexes for those that serve")
            await stop.wait()

    run(work)
