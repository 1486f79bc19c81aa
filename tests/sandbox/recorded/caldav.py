"""Recordings of CalDAV."""

from nextcloud_sandbox.areas.caldav import state
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.dav import DAV
from tests.sandbox.exchanges import exchanges
from tests.sandbox.replay import Plan, Replay

HOME = "/remote.php/dav/calendars/alice"
EVENT = f"{HOME}/testcale9cea3/19ebffedbc4f437baeb3719aab0a7c23.ics"
RECREATED = f"{HOME}/personal/recreate-test.ics"
BOARDS = {"alice": ("1", "148", "149"), "bob": ("4", "148")}
TITLES = {"1": "Welcome to Nextcloud Deck!", "4": "Welcome to Nextcloud Deck!", "148": "Testbed board", "149": "hdr"}
COLORS = {"1": "#bf678b", "4": "#bf678b", "148": "#0800fd", "149": "#ff0000"}


def setup(sandbox: Sandbox) -> None:
    """The boards of Deck that showed up as calendars."""
    for user, boards in BOARDS.items():
        state.home(sandbox, user)
        for board in boards:
            props = {f"{DAV}displayname": f"Deck: {TITLES[board]}", state.COLOR: COLORS[board]}
            state.create(sandbox, user, f"app-generated--deck--board-{board}", props, ["VTODO"], "app")


def body_of(name: str) -> bytes:
    return next(exchange.request.body for exchange in exchanges("caldav") if exchange.name.startswith(name))


async def update(run: Replay) -> None:
    await run.call("PUT", EVENT, body=body_of("12").replace(b"Meeting v2", b"Meeting v3"))


async def an_earlier_invitation(run: Replay) -> None:
    """Bob's inbox kept a message of an event that he had deleted."""
    uid = b"894167adc79141c99cd48837546eda99"
    await run.call("PUT", f"{HOME}/personal/earlier.ics", body=body_of("50").replace(b"894167adc79141c99cd48837546eda98", uid))
    found = state.find_uid(run.sandbox, "bob", uid.decode())
    assert found is not None
    await run.call("DELETE", f"/remote.php/dav/calendars/bob/personal/{found[1].uri}", user="bob")


async def put_and_delete(run: Replay) -> None:
    await run.call("PUT", RECREATED, body=body_of("77"))
    await run.call("DELETE", RECREATED)


async def learn_trash_id(run: Replay) -> None:
    run.tokens["202"] = next(str(item.id) for _, item in state.trashed(run.sandbox, "alice") if item.uid == "recreate-test")


async def delete_again(run: Replay) -> None:
    await run.call("DELETE", RECREATED)
    await learn_trash_id(run)


async def delete_without_trash(run: Replay) -> None:
    await run.call("DELETE", RECREATED, headers={"X-NC-CalDAV-No-Trashbin": "1"})


PLAN = Plan(
    "caldav",
    setup=setup,
    who={"52-*": "bob", "53-*": "bob", "55-*": "bob", "58-*": "bob"},
    before={
        "40-sync-delta.txt": update,
        "50-put-invite.txt": an_earlier_invitation,
        "72-recreate-same-href.txt": put_and_delete,
        "74-trash-restore.txt": learn_trash_id,
        "76-trash-delete-object.txt": delete_again,
        "78-recreate-after-delete-with-no-trashbin-header.txt": delete_without_trash,
    },
)
