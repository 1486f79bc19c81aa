"""Demo shares between alice and bob, and a link that anybody may open."""

from nextcloud_sandbox.areas.sharing.state import LINK, USER, Shares
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.tree.nodes import ALL, READ, SHARE, UPDATE

WANTED = (
    ("alice", "/Projects/Website", USER, "bob", ALL),
    ("bob", "/Newsletter", USER, "alice", READ | UPDATE),
    ("alice", "/Travel/Lisbon/ticket.txt", LINK, None, READ | SHARE),
)


def seed(sandbox: Sandbox) -> None:
    for owner, path, kind, recipient, permissions in WANTED:
        entry = sandbox.files(owner).find(path)
        if entry is not None:
            Shares(sandbox).add(entry, owner, kind, recipient, permissions)
