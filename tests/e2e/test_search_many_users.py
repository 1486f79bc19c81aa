"""Many people in Login Flow mode on PostgreSQL: nobody finds what they may not read, and every change leaves the right passages."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from nextcloud_sandbox import faults
from nextcloud_sandbox.server import Running, running
from tests.e2e.many import Many, many, only
from tests.e2e.modes import at_nextcloud, called, flows, grant, refused
from tests.providers.postgres import postgres_server

__all__ = ["postgres_server"]

LONG = "\n\n".join(f"Paragraph {number} of the long report, which says much about little. " * 6 for number in range(12))


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        alice, bob = one.sandbox.files("alice"), one.sandbox.files("bob")
        alice.write("/Notes/One.md", b"A note of the aardvark.", parents=True)
        alice.write("/Notes/Two.md", b"A note of the badger.")
        alice.write("/Project/plan.txt", f"{LONG}\n\nAt the end comes the capybara.".encode(), parents=True)
        alice.write("/Project/deep/list.txt", b"A list with a dingo.", parents=True)
        alice.write("/Own/diary.txt", b"A diary of the echidna.", parents=True)
        bob.write("/Notes/Own.md", b"A note of the ferret.", parents=True)
        bob.write("/Own/secret.txt", b"A file of the gecko.", parents=True)
        yield one


@pytest.fixture
async def world(box: Running, tmp_path: Path, postgres_server: str) -> AsyncGenerator[Many]:
    async with many(box, tmp_path, postgres_server, ENABLE_LOGIN_FLOW="true") as one:
        yield one


@pytest.fixture
async def stack() -> AsyncGenerator[AsyncExitStack]:
    async with AsyncExitStack() as one:
        yield one


async def two_boards(world: Many) -> dict[str, int]:
    """Of Alice: one of her own with a hedgehog and one with an ibis; their ids."""
    alice, boards = world.people["alice"], dict[str, int]()
    for title, animal in (("Own", "hedgehog"), ("Team", "ibis")):
        board = boards[title] = (await called(alice, "deck_create_board", title=title, color="0000ff"))["id"]
        stack = (await called(alice, "deck_create_stack", board_id=board, title="List", order=1))["id"]
        await called(alice, "deck_create_card", board_id=board, stack_id=stack, title=f"Feed the {animal}", order=1)
    return boards


async def test_nobody_finds_what_they_may_not_read_whatever_becomes_of_it(box: Running, world: Many, stack: AsyncExitStack) -> None:
    alice = box.sandbox.files("alice")
    for user in ("alice", "bob"):
        await world.signs_in(stack, user, at_nextcloud(box, user, watch=world.watch))
    boards = await two_boards(world)
    await called(world.people["alice"], "deck_share_board", board_id=boards["Team"], share_with="bob")
    note, project = await world.shares("/Notes/Two.md"), await world.shares("/Project")
    found: dict[str, dict[str, set[str]]] = {
        "aardvark": only({"note"}),
        "badger": only({"note"}, {"note"}),
        "capybara": only({"file"}, {"file"}),
        "dingo": only({"file"}, {"file"}),
        "echidna": only({"file"}),
        "ferret": only(set(), {"note"}),
        "gecko": only(set(), {"file"}),
        "hedgehog": only({"card"}),
        "ibis": only({"card"}, {"card"}),
    }
    await world.settles(found)

    stored = await world.everything()
    # Whole words: four letters in a row come up in what is encrypted too.
    assert [word for word in found if re.search(rf"(?<![\w-]){word}(?![\w-])", stored)] == []

    alice.write("/Project/plan.txt", b"Now it is short.")
    alice.move("/Own/diary.txt", "/Project/diary.txt")
    alice.delete("/Project/deep/list.txt")
    await called(world.people["alice"], "nc_share_delete", share_id=note)
    await called(world.people["alice"], "deck_unshare_board", board_id=boards["Team"], share_with="bob")
    found |= {
        "capybara": only(set()),
        "paragraph": only(set()),
        "short": only({"file"}, {"file"}),
        "echidna": only({"file"}, {"file"}),
        "dingo": only(set()),
        "badger": only({"note"}),
        "ibis": only({"card"}),
    }
    await world.settles(found)

    alice.restore(alice.trash()[0].key)
    alice.move("/Project/diary.txt", "/Own/renamed.txt")
    await world.shares("/Notes/Two.md")
    await called(world.people["alice"], "nc_share_delete", share_id=project)
    await called(world.people["alice"], "deck_share_board", board_id=boards["Team"], share_with="bob")
    found |= {
        "short": only({"file"}),
        "echidna": only({"file"}),
        "dingo": only({"file"}),
        "badger": only({"note"}, {"note"}),
        "ibis": only({"card"}, {"card"}),
    }
    await world.settles(found)
    await holds(world, boards)


async def holds(world: Many, boards: dict[str, int]) -> None:
    """Of everything one passage with its whole text, and those who may read it; nothing else."""
    passages, readers = await world.passages(), await world.readers()
    by_title = {(owner, kind, bodies[0].title): (bodies, readers[(owner, kind, id)]) for (owner, kind, id), bodies in passages.items()}
    assert len(by_title) == len(passages)
    for bodies, _ in by_title.values():
        assert [body.of for body in bodies] == [len(bodies)] * len(bodies)
    texts = {
        key: (" ".join(word for body in bodies for word in body.text.split()), who)
        for key, (bodies, who) in by_title.items()
        # That a note is a file too is another test's.
        if not (key[1] == "file" and key[2].endswith(".md"))
    }
    both, alice, bob = {"alice", "bob"}, {"alice"}, {"bob"}
    assert texts == {
        ("alice", "note", "One"): ("A note of the aardvark.", alice),
        ("alice", "note", "Two"): ("A note of the badger.", both),
        ("alice", "file", "plan.txt"): ("Now it is short.", alice),
        ("alice", "file", "list.txt"): ("A list with a dingo.", alice),
        ("alice", "file", "renamed.txt"): ("A diary of the echidna.", alice),
        ("bob", "note", "Own"): ("A note of the ferret.", bob),
        ("bob", "file", "secret.txt"): ("A file of the gecko.", bob),
        ("alice", "card", "Feed the hedgehog"): ("Feed the hedgehog Board: Own, list: List", alice),
        ("alice", "card", "Feed the ibis"): ("Feed the ibis Board: Team, list: List", both),
    }


async def test_a_narrowed_grant_a_deleted_account_and_a_grant_taken_back_leave_nothing_too_much(
    box: Running, world: Many, stack: AsyncExitStack
) -> None:
    for user in ("alice", "bob"):
        await world.signs_in(stack, user, at_nextcloud(box, user, watch=world.watch))
    alice, bob = world.people["alice"], world.people["bob"]
    await world.shares("/Project")
    found = {"aardvark": only({"note"}), "dingo": only({"file"}, {"file"}), "ferret": only(set(), {"note"}), "gecko": only(set(), {"file"})}
    await world.settles(found)

    await called(bob, "nc_auth_update_scopes", remove_scopes=["files:read", "files:write"])
    grant(box, [flow for flow in flows(box) if not flow.granted][-1].login_token, "bob", world.watch)
    assert "files:read" not in (await called(bob, "nc_auth_check_status"))["scopes"]
    await world.settles(found | {"dingo": only({"file"}), "gecko": only(set())})
    table = await world.table()
    await world.until(f"select count(*) from {table} where owner = 'bob' and doc_type <> 'note'", 0)

    box.sandbox.remove_user("bob")
    box.sandbox.files("alice").write("/Notes/Later.md", b"A note of the jackal.")
    del world.people["bob"]
    await world.settles({"jackal": {"alice": {"note"}}})
    assert "A note of the ferret" not in str(await bob.call_tool("nc_semantic_search", {"query": "ferret"}))

    await called(alice, "revoke_nextcloud_access")
    assert "nc_auth_provision_access" in await refused(alice, "nc_semantic_search", query="aardvark")
    await world.until(f"select count(*) from {table} where owner = 'alice' or 'alice' = any(readers)", 0)


async def test_what_a_killed_worker_had_begun_another_ends(box: Running, world: Many, stack: AsyncExitStack) -> None:
    held = asyncio.Event()
    hold = faults.hold("/files/alice/(Own|Project)", held, times=None)
    hold.method = "GET"
    box.sandbox.faults.append(hold)
    for user in ("alice", "bob"):
        await world.signs_in(stack, user, at_nextcloud(box, user, watch=world.watch))
    await world.until("select count(*) from procrastinate_jobs where status = 'doing'", 3)
    assert world.first
    world.first.process.kill()
    await world.first.process.wait()
    held.set()
    # As if the dead one's heartbeat and leases had run out.
    await world.rows("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")
    await world.rows("update lease set until = 0")
    async with world.worker():
        await world.settles(
            {
                "aardvark": only({"note"}),
                "capybara": only({"file"}),
                "dingo": only({"file"}),
                "echidna": only({"file"}),
                "ferret": only(set(), {"note"}),
                "gecko": only(set(), {"file"}),
            }
        )
        passages = await world.passages()
        assert len({(owner, kind, bodies[0].title) for (owner, kind, _), bodies in passages.items()}) == len(passages)
