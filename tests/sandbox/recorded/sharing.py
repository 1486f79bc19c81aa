"""Recordings of shares."""

from nextcloud_sandbox.areas.sharing.state import LINK, Shares
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.tree.nodes import ALL
from nextcloud_sandbox.tree.store import Store
from tests.sandbox.replay import Plan

HASHED = frozenset({"share_with", "password"})


def setup(sandbox: Sandbox) -> None:
    """A collective with a link, made by another app; the file to share. Tokens hold a digit, by which the comparison knows them."""
    sandbox.random = lambda length: "7" + Sandbox.random(length - 1)  # type: ignore[method-assign]
    sandbox.groups["team"] = sandbox.groups.pop("project")
    sandbox.users["admin"].display_name, sandbox.users["admin"].email = "Admin", "admin@example.org"
    store = sandbox.slot("tree", Store)
    wiki = store.new_folder(sandbox.next_id(), "Team wiki 1599", "alice", int(sandbox.now()))
    sandbox.files("alice").mkdir(".Collectives")
    entry = sandbox.files("alice").mount(".Collectives/Team wiki 1599", wiki, "collective", permissions=ALL)
    link = Shares(sandbox).add(entry, "alice", LINK, None, 1)
    link.label = "Collective Share"
    sandbox.files("alice").write("share-test/s.txt", b"shared", parents=True)


PLAN = Plan(
    "sharing",
    setup=setup,
    loose=dict.fromkeys(("05-*", "14-*", "15-*", "20-*", "23-*", "24-*"), HASHED),
)
