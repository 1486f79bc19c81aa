from nextcloud_mcp_server.storage import Audit, Database
from nextcloud_mcp_server.storage.audit import DAY


async def test_entries_of_a_user_come_newest_first_and_limited(database: Database) -> None:
    times = iter(range(100, 200))
    audit = Audit(database, clock=lambda: float(next(times)))
    for event in ("one", "two", "three"):
        await audit.note(event, "alice")
        await audit.note(event, "bob")
    assert [entry.event for entry in await audit.read(user="alice", limit=2)] == ["three", "two"]
    assert [entry.user for entry in await audit.read(since=104.0)] == ["bob", "alice"]


async def test_what_is_older_than_the_retention_goes(database: Database) -> None:
    await Audit(database, clock=lambda: 1.0).note("old", "alice")
    await Audit(database, clock=lambda: 2 * DAY).note("new", "alice")
    assert await Audit(database, retention_days=1, clock=lambda: 2 * DAY + 2).prune() == 1
    assert [entry.event for entry in await Audit(database).read()] == ["new"]


async def test_text_from_outside_cannot_forge_lines_or_fill_the_disk(database: Database) -> None:
    audit = Audit(database, host="replica-1")
    await audit.note("login\n2020 root logged in", "x" * 5000, resource="\x1b[31m", method="bearer")
    entry = (await audit.read())[0]
    assert entry.event == "login?2020 root logged in"
    assert (len(entry.user), entry.resource, entry.host) == (200, "?[31m", "replica-1")
