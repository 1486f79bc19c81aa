"""A Nextcloud that is down, slow, overloaded or gone in mid-answer loses nothing: the index becomes what a fresh one would be."""

import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from nextcloud_mcp_server.nextcloud import transport
from nextcloud_mcp_server.server.indexing.finding import sync_status
from nextcloud_sandbox.server import Running, running
from tests.support.assistant import Assistant, session
from tests.support.front import Fault, Front, Half, HangUp, Instead, Silence, busy, front
from tests.support.syncing import SOON, fresh, soon, syncing
from tests.support.wire import Exchange, reply

__all__ = ["soon"]

pytestmark = pytest.mark.usefixtures("soon")
FAULTS: dict[str, Fault] = {
    "slow": Silence(),
    "429": busy(429, 0),
    "503": busy(503, 0),
    "500": Instead(reply(500, b"<html>fault</html>", Connection="close")),
    "half an answer": Half(),
    "no answer": HangUp(),
    "a page": Instead(reply(200, b"<!DOCTYPE html><title>Login</title>", Content_Type="text/html", Connection="close")),
}


def listing(asked: Exchange) -> bool:
    """Of notes, files, boards, and of what calendars and address books hold."""
    return asked.method in ("PROPFIND", "REPORT", "SEARCH") or "/boards" in asked.path or "/notes?" in asked.path


def fetching(asked: Exchange) -> bool:
    """Of a note, of a file's bytes."""
    return asked.method == "GET" and ("/files/alice/" in asked.path or "/api/v1/notes/" in asked.path)


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        alice = one.sandbox.files("alice")
        alice.write("/Notes/Stays.md", b"Of crocuses.", parents=True)
        alice.write("/Notes/Goes.md", b"Of daffodils.")
        alice.write("/Old/deep/plan.txt", b"The plan of the garden.", parents=True)
        alice.write("/Papers/paper.txt", b"Of walnuts.", parents=True)
        person = session(one.url, "alice", "alice")
        await others(Assistant(person))
        await person.transport.aclose()
        yield one


@pytest.fixture
async def nextcloud(box: Running) -> AsyncGenerator[Front]:
    async with front(box.url) as one:
        yield one


async def others(alice: Assistant) -> None:
    """Of each other type one."""
    day = {"start_datetime": "2026-12-01T10:00:00Z", "end_datetime": "2026-12-01T11:00:00Z"}
    await alice.call("nc_calendar_create_event", calendar_name="personal", title="Sailing", **day)
    await alice.call("nc_contacts_create_contact", addressbook="contacts", contact_data={"fn": "Captain Nemo"}, uid="nemo")
    board = await alice.call("deck_create_board", title="Boats", color="0000ff")
    stack = await alice.call("deck_create_stack", board_id=board["id"], title="Yard", order=1)
    await alice.call("deck_create_card", board_id=board["id"], stack_id=stack["id"], title="Paint the hull", order=1)


def change(box: Running, number: int) -> None:
    """Something new, something else, something less, something elsewhere."""
    alice = box.sandbox.files("alice")
    alice.write(f"/Notes/New {number}.md", b"A zeppelin over the river.")
    alice.write(f"/Papers/{number}.txt", b"Zeppelins and their makers. " * 100)
    alice.write("/Notes/Stays.md", f"Now it is of hyacinths, {number} of them.".encode())
    alice.delete("/Notes/Goes.md" if number == 0 else "/Notes/New 0.md")
    alice.move("/Old" if number == 0 else "/New 0", f"/New {number}")


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_changed_while_nextcloud_misbehaved_is_indexed_when_it_is_well(
    box: Running, nextcloud: Front, tmp_path: Path, fault: str
) -> None:
    async with syncing(nextcloud.url, tmp_path / "own", NEXTCLOUD_TIMEOUT="0.5") as sync:
        await sync.equals(await fresh(box.url, tmp_path))
        for number, matches in enumerate((listing, fetching)):
            before = await sync.contents()
            nextcloud.breaks(FAULTS[fault], matches)
            change(box, number)
            await nextcloud.met(6)
            if matches is listing:
                assert await sync.contents() == before
            nextcloud.heals()
            await sync.equals(await fresh(box.url, tmp_path))
            assert f"New {number}" in await sync.titles("zeppelin")


async def test_a_nextcloud_that_is_down_shows_nothing_unverified_and_is_followed_again_when_it_is_up(
    box: Running, nextcloud: Front, tmp_path: Path
) -> None:
    async with syncing(nextcloud.url, tmp_path / "own", NEXTCLOUD_TIMEOUT="0.5") as sync:
        await sync.equals(await fresh(box.url, tmp_path))
        before = await sync.contents()
        assert "Stays" in await sync.titles("crocuses")
        await nextcloud.goes_down()
        change(box, 0)
        await sync.until(sync.failing)
        assert await sync.contents() == before
        found = await sync.search("crocuses")
        assert not found.hits
        assert found.withheld > 0
        assert any("cannot be reached" in error for error in (await sync.errors()).values())
        await nextcloud.comes_up()
        await sync.equals(await fresh(box.url, tmp_path))
        assert await sync.errors() == {}


@pytest.mark.parametrize("status", [429, 503])
async def test_a_document_waits_as_long_as_nextcloud_says_and_that_is_no_failure(
    box: Running, nextcloud: Front, tmp_path: Path, status: int
) -> None:
    async with syncing(nextcloud.url, tmp_path / "own") as sync:
        await sync.equals(await fresh(box.url, tmp_path))
        nextcloud.breaks(busy(status, 600), fetching)
        box.sandbox.files("alice").write("/Papers/paper.txt", b"Of zeppelins.")

        async def waits() -> bool:
            jobs = await sync.jobs()
            return bool(jobs) and all((570 < seconds <= 600, failures) == (True, 0) for seconds, failures in jobs)

        await sync.until(waits)
        nextcloud.heals()
        await sync.database.run("update index_job set run_at = 0")
        await sync.equals(await fresh(box.url, tmp_path))


@pytest.mark.parametrize("status", [429, 503])
async def test_nothing_is_scanned_before_nextcloud_said_and_the_status_says_why(
    box: Running, nextcloud: Front, tmp_path: Path, status: int
) -> None:
    async with syncing(nextcloud.url, tmp_path / "own") as sync:
        await sync.equals(await fresh(box.url, tmp_path))
        nextcloud.breaks(busy(status, 600), listing)
        change(box, 0)

        async def held() -> bool:
            schedule = await sync.indexing.state.schedule("alice")
            return schedule is not None and schedule.not_before is not None

        await sync.until(held)
        told = await sync_status(sync.indexing, "alice")
        assert "is not asked for changes before" in (told.note or "")
        assert told.next_scan
        assert 500 < told.next_scan.timestamp() - time.time() <= 600
        nextcloud.heals()
        await sync.database.run("update index_schedule set not_before = 1")
        await sync.indexing.wake("alice")
        await sync.equals(await fresh(box.url, tmp_path))
        assert (await sync_status(sync.indexing, "alice")).note is None


async def test_a_token_revoked_in_mid_scan_drops_nothing_and_a_new_one_goes_on(
    box: Running, nextcloud: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "REFUSED_FOR", SOON)
    token = box.sandbox.new_app_password("alice").token
    async with syncing(nextcloud.url, tmp_path / "own", NEXTCLOUD_PASSWORD=token) as sync:
        await sync.equals(await fresh(box.url, tmp_path))
        before = await sync.contents()
        nextcloud.breaks(Silence(), listing)
        change(box, 0)
        await nextcloud.met()
        box.sandbox.revoke(token)
        nextcloud.heals()
        await sync.until(sync.refused)
        assert await sync.contents() == before
        box.sandbox.new_app_password("alice", token=token)
        await sync.equals(await fresh(box.url, tmp_path))
