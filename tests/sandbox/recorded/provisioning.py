"""Recordings of the administration of accounts and groups."""

from nextcloud_sandbox.core import Sandbox
from tests.sandbox.replay import Plan


def setup(sandbox: Sandbox) -> None:
    sandbox.groups["team"] = sandbox.groups.pop("project")
    sandbox.remove_user("carol-4f2a")
    for number in range(1, 41):
        sandbox.add_user(f"load{number:02}", "secret")


PLAN = Plan(
    "provisioning",
    setup=setup,
    who={"19-*": "tmpuser2"},
    loose={"33-apps-list.txt": frozenset({"apps"})},
    unclaimed={
        "35-notifications.txt": "two notifications that came before the recordings; the area has recordings of its own",
        "36-activity.txt": "activities from before the recordings; the area has recordings of its own",
    },
)
