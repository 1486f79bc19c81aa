"""`webhooks`: have Nextcloud tell this server what changed."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nextcloud_mcp_server.cli.working import env_file, read_settings, run

if TYPE_CHECKING:
    from nextcloud_mcp_server.settings import Settings
    from nextcloud_mcp_server.web.webhook_registration import Registration

T = TypeVar("T")


def _administrators(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that works as an administrator of Nextcloud."""
    command = click.option(
        "--password",
        prompt="App password of the administrator",
        hide_input=True,
        help="Asked for where it is not given: processes show it.",
    )(command)
    command = click.option("--admin", required=True, metavar="LOGIN", help="Login name of an administrator of Nextcloud.")(command)
    return env_file(command)


@click.group(name="webhooks")
def command() -> None:
    """Register this server at Nextcloud, so that changes are found within seconds."""


@command.command()
@click.option("--url", help="Where Nextcloud reaches this server; unset: NEXTCLOUD_MCP_SERVER_URL.")
@_administrators
def register(env_file: Path | None, admin: str, password: str, url: str | None) -> None:
    """Register every event, or renew the secret of those that are registered."""
    from nextcloud_mcp_server.web.webhook_events import EVENTS

    settings = read_settings(env_file)
    secret = settings.sync.webhook_secret
    if secret is None:
        raise click.ClickException("WEBHOOK_SECRET is not set: choose one of 16 characters or more, for this command and for the server")
    to = _target(settings, url)
    done, unknown = as_administrator(settings, admin, password, lambda at: at.register(to, secret.get_secret_value(), EVENTS))
    click.echo(f"{len(done)} events are sent to {to}")
    for event in unknown:
        click.echo(f"not known to this Nextcloud: {event}")


@command.command(name="list")
@click.option("--url", help="Only those that go to this server.")
@_administrators
def list_(env_file: Path | None, admin: str, password: str, url: str | None) -> None:
    """List the webhooks of this Nextcloud."""
    settings = read_settings(env_file)
    for hook in as_administrator(settings, admin, password, lambda at: at.registered(_target(settings, url) if url else None)):
        click.echo(f"{hook.id:6}  {hook.event}  {hook.uri}")


@command.command()
@click.option("--url", help="Where Nextcloud reaches this server; unset: NEXTCLOUD_MCP_SERVER_URL.")
@_administrators
def remove(env_file: Path | None, admin: str, password: str, url: str | None) -> None:
    """Remove the webhooks that go to this server."""
    settings = read_settings(env_file)
    to = _target(settings, url)
    click.echo(f"{as_administrator(settings, admin, password, lambda at: at.remove(to))} webhooks to {to} are removed")


def _target(settings: "Settings", url: str | None) -> str:
    from nextcloud_mcp_server.web.webhook_registration import PATH

    base = (url or settings.server.public_url or "").rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise click.ClickException("--url is missing or wrong: the address of this server as Nextcloud reaches it, http:// or https://")
    return base if base.endswith(PATH) else base + PATH


def as_administrator(settings: "Settings", admin: str, password: str, work: "Callable[[Registration], Awaitable[T]]") -> T:
    """Does something with the webhooks of this Nextcloud. Raises ClickException."""
    from nextcloud_mcp_server import __version__
    from nextcloud_mcp_server.nextcloud.capabilities import Cache
    from nextcloud_mcp_server.nextcloud.credentials import basic
    from nextcloud_mcp_server.nextcloud.session import Session
    from nextcloud_mcp_server.nextcloud.transport import Transport
    from nextcloud_mcp_server.server.compose import address
    from nextcloud_mcp_server.web.webhook_registration import Registration

    async def connected() -> T:
        transport = Transport(address(settings), f"nextcloud-mcp-server/{__version__}")
        try:
            return await work(Registration(Session(transport, basic(admin, password), Cache())))
        finally:
            await transport.aclose()

    return run(connected)
