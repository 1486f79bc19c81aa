"""`status`: how far the index is, for everybody or for one person."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from nextcloud_mcp_server.cli.working import env_file, index, read_settings, run

if TYPE_CHECKING:
    from nextcloud_mcp_server.index.processor import Current
    from nextcloud_mcp_server.index.status import UserStatus

SHORT = 2.0


@click.command(name="status")
@click.option("--user", metavar="UID", help="Only this person.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@env_file
def command(user: str | None, as_json: bool, env_file: Path | None) -> None:
    """Show what is indexed, what waits, what failed and why."""
    settings = read_settings(env_file)

    async def work() -> "list[UserStatus]":
        async with index(settings, SHORT) as (_, found):
            users = [user] if user else sorted(await found.people.provisioned())
            return [await found.status(one) for one in users]

    found = run(work)
    if as_json:
        click.echo(orjson.dumps([asdict(one) for one in found], option=orjson.OPT_INDENT_2))
        return
    click.echo("\n\n".join(map(as_text, found)) or "nobody lets this server work for them")


def as_text(status: "UserStatus") -> str:
    """A table by type, then failures with their reasons."""
    lines = [f"{status.user}: {'syncing' if status.syncing else 'idle'}, next scan {_when(status.next_scan)}"]
    lines.append(f"  {'type':12}{'known':>8}{'indexed':>9}{'pending':>9}{'failed':>8}  last scan")
    for one in status.types:
        row = f"  {one.doc_type:12}{one.known:8}{one.indexed:9}{one.pending:9}{one.failed:8}  {_when(one.scanned_at)}"
        lines.append(f"{row}  {one.error}" if one.error else row)
    lines += [f"  now {one.doc_type} {one.title}{_page(one)}" for one in status.current]
    lines += [f"  {one.doc_type} {one.doc_id}: {one.reason}" for one in status.failures]
    lines += [f"  {said}" for said in (status.note, status.behind) if said]
    return "\n".join(lines)


def _page(current: "Current") -> str:
    return f", page {current.page} of {current.pages}" if current.pages else ""


def _when(seconds: float | None) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if seconds else "-"
