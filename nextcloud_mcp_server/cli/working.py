"""What commands share that work with the index or with Nextcloud: settings, the product's parts, errors as messages."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from nextcloud_mcp_server.server.compose import Product
    from nextcloud_mcp_server.server.indexing.indexing import Indexing
    from nextcloud_mcp_server.settings import Settings

T = TypeVar("T")
OFF = "search is off: set ENABLE_SEMANTIC_SEARCH=true, and install the extra: pip install 'nextcloud-mcp-server[search]'"

env_file = click.option(
    "--env-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Read settings from this file too."
)
"""The option of every command that reads all settings."""


def read_settings(file: Path | None, overrides: Mapping[str, str] | None = None) -> "Settings":
    """Raises ClickException."""
    from nextcloud_mcp_server.cli.logs import configure
    from nextcloud_mcp_server.settings import SettingsError, read

    try:
        settings = read(overrides=overrides, env_file=file)
    except SettingsError as error:
        raise click.ClickException(f"the settings do not fit:\n{error}") from None
    quiet = "warning" if settings.server.log_level == "info" else settings.server.log_level
    configure(quiet, settings.server.log_format)
    return settings


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Runs to the end; what can go wrong becomes a message and exit code 1."""
    from nextcloud_mcp_server.core.errors import NextcloudError
    from nextcloud_mcp_server.settings import SettingsError
    from nextcloud_mcp_server.storage import StorageError

    async def all_of_it() -> T:
        return await work()

    try:
        return asyncio.run(all_of_it())
    except SettingsError as error:
        raise click.ClickException(f"the settings do not fit:\n{error}") from None
    except NextcloudError as error:
        raise click.ClickException(error.explain()) from None
    except StorageError as error:
        raise click.ClickException(f"{error.message} {error.hint}") from None


@asynccontextmanager
async def index(settings: "Settings", patience: float | None) -> "AsyncGenerator[tuple[Product, Indexing]]":
    """The open index with nothing running; waits up to `patience` seconds for the model. Raises ClickException where search is off."""
    from nextcloud_mcp_server.server.compose import build

    product = build(settings)
    if product.indexing is None:
        raise click.ClickException(OFF)
    async with product.sides.running():
        product.sides.now()
        try:
            await product.indexing.open(patience)
            yield product, product.indexing
        finally:
            await product.indexing.close()
            await product.transport.aclose()
