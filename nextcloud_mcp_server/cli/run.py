"""`run`: serve MCP over stdio or streamable HTTP."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from nextcloud_mcp_server.server.http import LOOPBACK
from nextcloud_mcp_server.settings import Mode, Settings, SettingsError, read

_OPTION_NAMES: Mapping[str, str] = {
    "nextcloud_host": "NEXTCLOUD_HOST",
    "nextcloud_username": "NEXTCLOUD_USERNAME",
    "nextcloud_password": "NEXTCLOUD_PASSWORD",
    "mcp_server_url": "NEXTCLOUD_MCP_SERVER_URL",
    "log_level": "LOG_LEVEL",
}
_OLDER_APPS = {"webdav": "files"}


@click.command(name="run")
@click.option("-h", "--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("-p", "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on; 0 picks one.")
@click.option(
    "-t", "--transport", default="streamable-http", type=click.Choice(["streamable-http", "http", "stdio", "sse"]), show_default=True
)
@click.option("-l", "--log-level", type=click.Choice(["critical", "error", "warning", "info", "debug", "trace"], case_sensitive=False))
@click.option("-e", "--enable-app", multiple=True, metavar="APP", help="List only this app's tools; may be repeated.")
@click.option("--env-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Read settings from this file too.")
@click.option("--nextcloud-host", metavar="URL")
@click.option("--nextcloud-username", metavar="LOGIN")
@click.option("--nextcloud-password", metavar="PASSWORD", help="Better in the environment: the process list shows options.")
@click.option("--mcp-server-url", metavar="URL", help="Public address of this server.")
def command(**options: Any) -> None:
    """Run the server."""
    if options["transport"] == "sse":
        raise click.UsageError("the SSE transport is gone from the protocol: use --transport streamable-http, at /mcp")
    try:
        settings = read(overrides=_given(options), env_file=options["env_file"])
        serve(settings, options["transport"], options["host"], options["port"])
    except SettingsError as error:
        raise click.ClickException(f"the settings do not fit:\n{error}") from None


def serve(settings: Settings, transport: str, host: str, port: int) -> None:
    """Builds the product and serves it until it is told to stop. Raises SettingsError."""
    import asyncio
    import logging

    from nextcloud_mcp_server.cli.logs import configure
    from nextcloud_mcp_server.server.compose import build

    configure(settings.server.log_level, settings.server.log_format)
    _check_reach(settings, transport, host)
    product = build(settings)
    log = logging.getLogger("nextcloud_mcp_server")
    for caution in settings.cautions:
        log.warning("%s", caution)
    if transport == "stdio":
        from nextcloud_mcp_server.server.stdio import serve as serve_stdio

        asyncio.run(_with(product, serve_stdio))
    else:
        from nextcloud_mcp_server.server.listening import listen

        listen(product, host, port)


async def _with(product: Any, serve_stdio: Any) -> None:
    async with product.running():
        await serve_stdio(product.server)


def _check_reach(settings: Settings, transport: str, host: str) -> None:
    """A single person's Nextcloud is never open to a network without a token; stdio has only one person."""
    if transport == "stdio" and settings.mode is not Mode.SINGLE_USER:
        raise SettingsError("--transport stdio serves one person: set NEXTCLOUD_USERNAME and NEXTCLOUD_PASSWORD (single-user mode).")
    open_wide = settings.mode is Mode.SINGLE_USER and transport != "stdio" and host not in LOOPBACK
    if open_wide and settings.server.bearer_token is None:
        raise SettingsError(
            f"--host {host} would let everybody who reaches it use this account: set MCP_BEARER_TOKEN (16 characters or more), "
            "or listen on 127.0.0.1."
        )


def _given(options: Mapping[str, Any]) -> dict[str, str]:
    given = {name: options[option] for option, name in _OPTION_NAMES.items() if options[option]}
    apps: tuple[str, ...] = options["enable_app"]
    if apps:
        given["MCP_TOOLSETS"] = ",".join(_OLDER_APPS.get(app, app) for app in apps)
    return given
