"""Recordings of the File reminders API."""

from tests.sandbox.replay import Plan, Replay

FILE, OTHER = "3429", "3473"


async def a_file(replay: Replay) -> None:
    replay.numbers[FILE] = str(replay.sandbox.files("bob").write("mcp-reminder.txt", b"x").node.id)


async def another_file(replay: Replay) -> None:
    replay.numbers[OTHER] = str(replay.sandbox.files("bob").write("other.txt", b"x").node.id)


PLAN = Plan("reminders", user="bob", before={"01-get-none.txt": a_file, "13-set-new.txt": another_file})
