"""What the trees of all users share: ids, homes, mounts, favourites, trash and versions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from nextcloud_sandbox.tree.nodes import ALL, Node, file_etag, folder_etag

FileListener = Callable[[str, Node], None]


@dataclass(slots=True)
class Mount:
    """A folder or file of another storage that a user sees at `path` (from their root, without slash at the ends).

    `kind` is nc:mount-type: shared, group, external, collective. `permissions` limits what may be done inside.
    `source` identifies what made it, for example a share's id.
    """

    path: str
    node: Node
    kind: str
    permissions: int = ALL
    source: str = ""


@dataclass(slots=True)
class Trashed:
    """A deleted item. `location` is the path it was at, `deleted` unix seconds."""

    name: str
    location: str
    deleted: int
    by: str
    node: Node

    @property
    def key(self) -> str:
        """Its name in the DAV trash bin."""
        return f"{self.name}.d{self.deleted}"


@dataclass(slots=True)
class Version:
    """An earlier content of a file; `timestamp` (unix seconds) names it."""

    timestamp: int
    content: bytes
    author: str
    label: str = ""


@dataclass
class Store:
    """The state of all trees. `nodes` holds every node that is not purged, also those in the trash."""

    homes: dict[str, Node] = field(default_factory=dict[str, Node])
    nodes: dict[int, Node] = field(default_factory=dict[int, Node])
    mounts: dict[str, dict[str, Mount]] = field(default_factory=dict[str, dict[str, Mount]])
    favorites: dict[str, set[int]] = field(default_factory=dict[str, set[int]])
    trash: dict[str, dict[str, Trashed]] = field(default_factory=dict[str, dict[str, Trashed]])
    versions: dict[int, dict[int, Version]] = field(default_factory=dict[int, dict[int, Version]])

    def home(self, user: str, next_id: Callable[[], int], now: int) -> Node:
        """The root folder of a user's own files; made when first needed."""
        root = self.homes.get(user)
        if root is None:
            root = self.homes[user] = self.new_folder(next_id(), "", user, now)
        return root

    def new_folder(self, node_id: int, name: str, owner: str, now: int) -> Node:
        node = Node(node_id, name, now, folder_etag(), owner, children={})
        self.nodes[node_id] = node
        return node

    def new_file(self, node_id: int, name: str, owner: str, mtime: int, content: bytes) -> Node:
        node = Node(node_id, name, mtime, file_etag(), owner, content=content, size=len(content))
        self.nodes[node_id] = node
        return node

    def mounts_of(self, user: str) -> dict[str, Mount]:
        return self.mounts.setdefault(user, {})

    def mounted_at(self, node: Node) -> Iterator[tuple[str, Mount]]:
        """Every user and mount through which `node` itself is seen."""
        for user, mounts in self.mounts.items():
            for mount in mounts.values():
                if mount.node is node:
                    yield user, mount

    def forget(self, node: Node) -> None:
        """The node and all below are gone for good, with versions, favourites and mounts."""
        for gone in list(node.below()):
            self.nodes.pop(gone.id, None)
            self.versions.pop(gone.id, None)
            for favorites in self.favorites.values():
                favorites.discard(gone.id)
            for mounts in self.mounts.values():
                for path in [path for path, mount in mounts.items() if mount.node is gone]:
                    del mounts[path]
