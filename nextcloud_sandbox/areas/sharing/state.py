"""The shares that exist and the mounts through which people see them."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.tree.nodes import Node
from nextcloud_sandbox.tree.store import Mount, Store
from nextcloud_sandbox.tree.user import Entry

USER, GROUP, LINK = 0, 1, 3
KINDS = (USER, GROUP, LINK)


@dataclass
class Share:
    """One share. `owner` has the file, `sharer` made the share; `expiration` is a day, YYYY-MM-DD; `left` are members who left it."""

    id: int
    kind: int
    owner: str
    sharer: str
    node: int
    recipient: str | None
    permissions: int
    created: int
    target: str
    expiration: str | None = None
    token: str | None = None
    note: str = ""
    label: str = ""
    password: str | None = None
    hide_download: bool = False
    left: set[str] = field(default_factory=set[str])

    @property
    def source(self) -> str:
        return f"share:{self.id}"

    @property
    def hash(self) -> str | None:
        """The password as Nextcloud shows it: hashed."""
        if not self.password:
            return None
        digest = base64.b64encode(hashlib.sha256(f"{self.id}{self.password}".encode()).digest()).decode().rstrip("=")
        return f"3|$argon2id$v=19$m=65536,t=4,p=1${digest[:22]}${digest}"


class Shares:
    """The shares of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.table = sandbox.slot("shares", dict[int, Share])
        self.store = sandbox.slot("tree", Store)

    def all(self) -> list[Share]:
        """Those that still hold, in the order of Nextcloud's providers: people, groups, links."""
        for share in list(self.table.values()):
            if not self._holds(share):
                self.remove(share)
        return sorted(self.table.values(), key=lambda share: (KINDS.index(share.kind), share.id))

    def get(self, share_id: str) -> Share | None:
        return next((share for share in self.all() if str(share.id) == share_id), None)

    def by_token(self, token: str) -> Share | None:
        return next((share for share in self.all() if share.token == token), None)

    def add(self, entry: Entry, sharer: str, kind: int, recipient: str | None, permissions: int) -> Share:
        made = Share(
            self.sandbox.next_id(),
            kind,
            entry.node.owner or sharer,
            sharer,
            entry.node.id,
            recipient,
            permissions,
            int(self.sandbox.now()),
            "/" + entry.name,
            token=self.sandbox.random(15) if kind == LINK else None,
        )
        self.table[made.id] = made
        for user in self.audience(made):
            mounted = self.sandbox.files(user).mount(made.target, entry.node, "shared", permissions=permissions, source=made.source)
            if kind == USER:
                made.target = mounted.path
        return made

    def audience(self, share: Share) -> list[str]:
        """The people who see it in their own files."""
        if share.kind == USER and share.recipient:
            return [share.recipient]
        members = self.sandbox.groups.get(share.recipient or "", []) if share.kind == GROUP else []
        return [user for user in members if user not in (share.owner, share.sharer) and user not in share.left]

    def permit(self, share: Share, permissions: int) -> None:
        share.permissions = permissions
        for _, path in self._mounts(share):
            path.permissions = permissions

    def leave(self, share: Share, user: str) -> None:
        """A member of the group no longer sees it; the others do."""
        share.left.add(user)
        self._unmount(share, user)

    def remove(self, share: Share) -> None:
        self.table.pop(share.id, None)
        for user in list(self.store.mounts):
            self._unmount(share, user)

    def node_of(self, share: Share) -> Node | None:
        return self.store.nodes.get(share.node)

    def entry_for(self, share: Share, user: str) -> Entry | None:
        """The file as `user` sees it; of several ways the last one by name, as Nextcloud sorts them."""
        node = self.node_of(share)
        return max(self._ways(node, user), key=lambda entry: entry.path, default=None) if node else None

    def _ways(self, node: Node, user: str) -> Iterator[Entry]:
        files = self.sandbox.files(user)
        names: list[str] = []
        for above in node.up():
            tail = "/".join(reversed(names))
            if above is files.root:
                yield Entry("/" + tail, node)
            for mount in self.store.mounts_of(user).values():
                if mount.node is above:
                    yield Entry("/" + "/".join(part for part in (mount.path, tail) if part), node, mount)
            names.append(above.name)

    def _mounts(self, share: Share) -> list[tuple[str, Mount]]:
        return [(user, mount) for user, mounts in self.store.mounts.items() for mount in mounts.values() if mount.source == share.source]

    def _unmount(self, share: Share, user: str) -> None:
        for path in [path for path, mount in self.store.mounts_of(user).items() if mount.source == share.source]:
            self.sandbox.files(user).unmount(path)

    def _holds(self, share: Share) -> bool:
        """Not expired, its file not deleted, its recipient still there and has not unshared it in their files."""
        today = datetime.fromtimestamp(self.sandbox.now(), UTC).strftime("%Y-%m-%d")
        node = self.node_of(share)
        if node is None or share.owner not in self.sandbox.users or (share.expiration is not None and share.expiration <= today):
            return False
        if next(self._ways(node, share.owner), None) is None:
            return False
        return share.kind != USER or bool(self._mounts(share))
