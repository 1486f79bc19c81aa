"""`keygen`: a key for the vault."""

import click


@click.command(name="keygen")
def command() -> None:
    """Print a new key for TOKEN_ENCRYPTION_KEY."""
    from nextcloud_mcp_server.storage import new_key

    click.echo(new_key())
