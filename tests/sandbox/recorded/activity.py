"""Recordings of the Activity API."""

from tests.sandbox.replay import Plan, Replay


async def older_and_new(replay: Replay) -> None:
    files = replay.sandbox.files("bob")
    files.mkdir("older")
    files.mkdir("mcp-activity")


async def deleted(replay: Replay) -> None:
    replay.sandbox.files("bob").delete("mcp-activity")


PLAN = Plan(
    "activity", user="bob", before={"01-newest.txt": older_and_new, "03-deleted.txt": deleted}, loose={"0[13]-*": frozenset({"objects"})}
)
