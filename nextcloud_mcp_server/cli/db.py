"""`db`: the server's own database - its schema, the key of its secrets, its audit."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from nextcloud_mcp_server.settings import Storage
    from nextcloud_mcp_server.storage import Database

T = TypeVar("T")
_SPAN = re.compile(r"(\d{1,4})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Target:
    """The options that every command of the group takes."""

    url: str | None
    path: str | None

    def storage(self) -> "tuple[Storage, Database]":
        """The settings of storage and the database, not open; what is given here wins over the environment."""
        from nextcloud_mcp_server.auth.keeping import address
        from nextcloud_mcp_server.settings import SettingsError, read_storage
        from nextcloud_mcp_server.storage import StorageError, open_database

        # A path wins over the environment's DATABASE_URL too: an empty name counts as unset.
        given = {"DATABASE_URL": self.url} if self.url else {"TOKEN_STORAGE_DB": self.path, "DATABASE_URL": ""} if self.path else {}
        try:
            storage, data_dir = read_storage(overrides=given)
            return storage, open_database(address(storage, data_dir), pool_size=2)
        except SettingsError as error:
            raise click.ClickException(f"the settings do not fit:\n{error}") from None
        except StorageError as error:
            raise click.ClickException(f"{error.message} {error.hint}") from None


def _at_database(run: Callable[..., None]) -> Callable[..., None]:
    """Adds the options of a `Target` to a command, and turns storage errors into messages."""

    def command(database_url: str | None, database_path: str | None, **given: Any) -> None:
        from nextcloud_mcp_server.storage import StorageError

        try:
            run(Target(database_url, database_path), **given)
        except StorageError as error:
            raise click.ClickException(f"{error.message} {error.hint}") from None

    command.__doc__, command.__name__ = run.__doc__, run.__name__
    if params := getattr(run, "__click_params__", None):
        command.__click_params__ = params  # type: ignore[attr-defined]
    path = click.option("-d", "--database-path", metavar="FILE", help="A SQLite file; wins over the environment.")
    return click.option("-u", "--database-url", metavar="URL", help="An address of PostgreSQL or SQLite; wins over -d.")(path(command))


@click.group(name="db")
def command() -> None:
    """Look after the server's own database."""


@command.command()
@_at_database
def upgrade(target: Target) -> None:
    """Bring the schema to this version; the server does the same when it starts."""
    from nextcloud_mcp_server.storage.steps import applied, latest

    _, database = target.storage()
    before = set(applied(database))

    async def nothing() -> None:
        return None

    _opened(database, nothing)
    done = sorted(set(applied(database)) - before)
    click.echo(f"Applied {', '.join(map(_number, done))}." if done else f"Nothing to do: it is at {_number(latest(database.dialect))}.")


@command.command()
@_at_database
def current(target: Target) -> None:
    """Show the step that the schema is at."""
    from nextcloud_mcp_server.storage.migrate import migrations, pending
    from nextcloud_mcp_server.storage.steps import applied

    _, database = target.storage()
    steps = applied(database)
    if not steps:
        click.echo("empty: `nextcloud-mcp-server db upgrade` makes the schema")
        return
    left = pending(migrations(database.dialect), steps)
    click.echo(f"{_number(max(steps))} ({f'{len(left)} to apply' if left else 'the newest'})")


@command.command()
@_at_database
def history(target: Target) -> None:
    """List the steps of the schema, the newest first, with the time at which each was applied."""
    from nextcloud_mcp_server.storage.migrate import migrations
    from nextcloud_mcp_server.storage.steps import applied

    _, database = target.storage()
    done = applied(database)
    for step in reversed(migrations(database.dialect)):
        click.echo(f"{_number(step.version)}  {_time(done[step.version]) if step.version in done else 'not applied':20}  {step.title}")


@command.command()
@click.option("-r", "--revision", default="-1", hidden=True)
@click.option("--yes", is_flag=True, hidden=True)
@_at_database
def downgrade(target: Target, revision: str, yes: bool) -> None:
    """Not supported: restore a backup from before the upgrade."""
    raise click.ClickException(
        "the schema does not go back, so that no downgrade can lose anybody's access. Stop the server, restore the backup of the "
        "database that was made before the upgrade, and start the older version."
    )


@command.command(name="rotate-key")
@_at_database
def rotate_key(target: Target) -> None:
    """Encrypt every stored secret anew under the first key of TOKEN_ENCRYPTION_KEY."""
    from nextcloud_mcp_server.storage import Audit, Vault

    storage, database = target.storage()
    vault = Vault(database, Audit(database, host="cli"), [key.get_secret_value() for key in storage.encryption_keys])

    async def rotate() -> Any:
        await vault.check()
        return await vault.rotate()

    done = _opened(database, rotate)
    click.echo(f"{done.count} secrets are under the first key now.")
    for kind, key in done.unreadable:
        click.echo(f"No key opens {kind} {key}: its owner has to grant access again.", err=True)
    if done.unreadable:
        raise click.exceptions.Exit(2)
    click.echo("The other keys are needed no more here; `nextcloud-mcp-server index --rekey` does the same for the passages of an index.")


@command.command()
@click.option("--user", metavar="ID", help="Only this person's entries.")
@click.option(
    "--since", metavar="TIME", help="Only newer ones: a date, a time (UTC unless it says otherwise), or a span such as 7d or 12h."
)
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many.")
@_at_database
def audit(target: Target, user: str | None, since: str | None, limit: int) -> None:
    """Show who used which access, the newest first."""
    from nextcloud_mcp_server.storage import Audit

    after = _since(since) if since else 0.0
    _, database = target.storage()
    for entry in _opened(database, lambda: Audit(database).read(user=user, since=after, limit=limit)):
        fields = (entry.event, entry.user or "-", entry.resource or "-", entry.method or "-", entry.host or "-")
        click.echo(f"{_time(entry.time)}  " + "  ".join(fields))


def _opened(database: "Database", ask: Callable[[], Coroutine[None, None, T]]) -> T:
    async def run() -> T:
        try:
            await database.open()
            return await ask()
        finally:
            await database.close()

    return asyncio.run(run())


def _since(text: str) -> float:
    """Epoch seconds of a span that ends now, or of an ISO 8601 date or time."""
    now = datetime.now(UTC)
    if found := _SPAN.fullmatch(text.strip()):
        return (now - timedelta(**{_UNITS[found[2]]: int(found[1])})).timestamp()
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no date, time or span such as 2026-05-01, 2026-05-01T08:00, 7d.", param_hint="--since"
        ) from None
    return (given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp()


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(version: int) -> str:
    return f"{version:03}"
