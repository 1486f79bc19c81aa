"""The command line: one file per command, imported when it is called."""

import importlib

import click

from nextcloud_mcp_server import __version__
from nextcloud_mcp_server.core.collecting import quick_start

COMMANDS = {
    "run": "run the server (the default)",
    "tools": "list every tool of this build",
    "demo": "try it with a sandbox",
    "keygen": "print a new key for TOKEN_ENCRYPTION_KEY",
    "db": "look after the server's own database",
    "search": "find something from a terminal",
    "index": "bring the index up to date once",
    "status": "show how far the index is",
    "worker": "index beside other processes that serve",
    "eval": "measure search on a judged collection",
    "webhooks": "have Nextcloud tell this server what changed",
}


SERVING = frozenset({"run", "demo"})


class Commands(click.Group):
    """Loads a command's module when it is asked for; options without a command mean `run`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        if cmd_name in SERVING:
            quick_start()
        return importlib.import_module(f"{__name__}.{cmd_name}").command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ("--help", "--version")):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="nextcloud-mcp-server")
def main() -> None:
    """Lets an AI assistant work with a person's Nextcloud over the Model Context Protocol."""
