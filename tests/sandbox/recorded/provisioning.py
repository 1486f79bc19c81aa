"""Recordings of the administration of accounts and groups."""

import json

from nextcloud_sandbox.core import Sandbox
from tests.sandbox.replay import Plan, Replay

SHARES = "/ocs/v2.php/apps/files_sharing/api/v1/shares?format=json"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


def setup(sandbox: Sandbox) -> None:
    sandbox.groups["team"] = sandbox.groups.pop("project")
    sandbox.remove_user("carol-4f2a")
    for number in range(1, 41):
        sandbox.add_user(f"load{number:02}", "secret")


async def two_boards_shared_with_bob(replay: Replay) -> None:
    for _ in range(2):
        boards = "/index.php/apps/deck/api/v1.0/boards"
        made = await replay.call("POST", boards, body=b'{"title": "Testbed board", "color": "0800fd"}', headers=JSON)
        acl = b'{"type": 0, "participant": "bob", "permissionEdit": true, "permissionShare": false, "permissionManage": false}'
        await replay.call("POST", f"{boards}/{json.loads(made.body)['id']}/acl", body=acl, headers=JSON)


async def a_file_shared_in_three_ways(replay: Replay) -> None:
    """With bob, by link and with admin; then no longer with bob."""
    replay.sandbox.files("alice").write("share-test/s.txt", b"s", parents=True)
    made: list[str] = []
    for more in ("shareType=0&shareWith=bob", "shareType=3", "shareType=0&shareWith=admin"):
        answer = await replay.call("POST", SHARES, body=f"path=/share-test/s.txt&{more}".encode(), headers=FORM)
        made.append(json.loads(answer.body)["ocs"]["data"]["id"])
    await replay.call("DELETE", SHARES.replace("?", f"/{made[0]}?"))


PLAN = Plan(
    "provisioning",
    setup=setup,
    who={"19-*": "tmpuser2"},
    before={"35-notifications.txt": two_boards_shared_with_bob, "36-activity.txt": a_file_shared_in_three_ways},
    loose={"33-apps-list.txt": frozenset({"apps"}), "36-activity.txt": frozenset({"objects"})},
)
