"""`tools`: what this build offers, without a Nextcloud."""

from typing import Any

import click
import orjson

from nextcloud_mcp_server.server.binding import Bound
from nextcloud_mcp_server.server.catalog import Catalog, find_apps


@click.command(name="tools")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def command(as_json: bool) -> None:
    """List every tool of this build."""
    found = [described(Bound(tool)) for tool in Catalog(find_apps()).tools.values()]
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    for tool in found:
        click.echo(f"{tool['name']:36} {tool['effect']:7} {', '.join(tool['scopes'])}")


def described(bound: Bound) -> dict[str, Any]:
    """One tool as `tools --json` prints it."""
    tool = bound.tool
    return {
        "name": tool.name,
        "app": tool.app,
        "effect": tool.effect,
        "scopes": sorted(tool.scopes),
        "description": bound.mcp.description,
        "inputSchema": bound.schema,
    }
