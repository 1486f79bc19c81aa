"""One user's files: their home with what is mounted in it. Paths are decoded, from the user's root, slashes at the ends optional."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nextcloud_sandbox.tree.nodes import (
    ALL,
    CREATE,
    DELETE,
    UPDATE,
    Denied,
    Exists,
    Missing,
    Node,
    NoParent,
    attach,
    check_name,
    detach,
    file_etag,
    propagate,
    replace_content,
    split,
)
from nextcloud_sandbox.tree.store import Mount, Store, Trashed, Version

if TYPE_CHECKING:
    from nextcloud_sandbox.core import Sandbox


SUBTREE = "The destination may not be part of the same subtree as the source path."


@dataclass(frozen=True, slots=True)
class Entry:
    """A node as one user sees it: at `path` ("/" or "/a/b"), inside `mount` when it is not the user's own.

    `listed` tells that it was found in its folder's listing, not asked for itself: Nextcloud shows other permissions then.
    """

    path: str
    node: Node
    mount: Mount | None = None
    listed: bool = False

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def is_mount_root(self) -> bool:
        return self.mount is not None and self.mount.node is self.node

    @property
    def permissions(self) -> int:
        """Nextcloud's bits: 1 read, 2 update, 4 create, 8 delete, 16 share."""
        mask = self.mount.permissions if self.mount else ALL
        return mask if self.node.is_folder else mask & ~CREATE

    def need(self, bit: int) -> None:
        if not (self.mount.permissions if self.mount else ALL) & bit:
            raise Denied(self.path)


class UserFiles:
    """Reading and changing one user's files. Every change propagates ETags up to the root and is announced by `Sandbox.emit`."""

    def __init__(self, sandbox: "Sandbox", user: str) -> None:
        self.sandbox = sandbox
        self.user = user
        self.store = sandbox.slot("tree", Store)
        self.root = self.store.home(user, sandbox.next_id, self._now())

    def _now(self) -> int:
        return int(self.sandbox.now())

    # Looking

    def find(self, path: str) -> Entry | None:
        """What is at `path`, or None."""
        node, mount, seen = self.root, None, ""
        mounts = self.store.mounts_of(self.user)
        for part in split(path):
            seen = f"{seen}/{part}"
            here = mounts.get(seen[1:])
            if here is not None:
                node, mount = here.node, here
                continue
            child = (node.children or {}).get(part)
            if child is None:
                return None
            node = child
        return Entry(seen or "/", node, mount)

    def get(self, path: str) -> Entry:
        """What is at `path`; raises Missing."""
        found = self.find(path)
        if found is None:
            raise Missing(path)
        return found

    def exists(self, path: str) -> bool:
        return self.find(path) is not None

    def read(self, path: str) -> bytes:
        return self.get(path).node.content

    def children(self, path: str = "/") -> list[Entry]:
        """The content of a folder by name, mounted folders included."""
        entry = self.get(path)
        base = entry.path.rstrip("/")
        here = {m.path: m for m in self.store.mounts_of(self.user).values() if parent_of("/" + m.path) == (base or "/")}
        own = [Entry(f"{base}/{n.name}", n, entry.mount) for n in entry.node.sorted_children() if f"{base}/{n.name}"[1:] not in here]
        return own + [Entry("/" + mount.path, mount.node, mount, listed=True) for mount in here.values()]

    def walk(self, path: str = "/") -> Iterator[Entry]:
        """The entry and everything below, folders before their content."""
        yield from self._walk(self.get(path))

    def _walk(self, entry: Entry) -> Iterator[Entry]:
        yield entry
        if entry.node.is_folder:
            for child in self.children(entry.path):
                yield from self._walk(child)

    def by_id(self, node_id: int) -> Entry | None:
        """A file by its id when this user can see it, the user's own path first."""
        node = self.store.nodes.get(node_id)
        return self.entry_of(node) if node else None

    def entry_of(self, node: Node) -> Entry | None:
        names: list[str] = []
        mounts = list(self.store.mounts_of(self.user).values())
        for above in node.up():
            if above is self.root:
                return Entry("/" + "/".join(reversed(names)), node)
            for mount in mounts:
                if mount.node is above:
                    return Entry("/" + "/".join([mount.path, *reversed(names)]), node, mount)
            names.append(above.name)
        return None

    def used_bytes(self) -> int:
        return self.root.size

    def etag(self, entry: Entry) -> str:
        """The ETag as this user sees it: a folder's also changes with what is mounted below it."""
        if not entry.node.is_folder:
            return entry.node.etag
        base = entry.path.strip("/")
        below = [m for m in self.store.mounts_of(self.user).values() if m.path.startswith(f"{base}/" if base else "")]
        if not below or (len(below) == 1 and below[0].node is entry.node):
            return entry.node.etag
        parts = "::".join([entry.node.etag, *(mount.node.etag for mount in below if mount.node is not entry.node)])
        return hashlib.md5(parts.encode(), usedforsecurity=False).hexdigest()

    # Changing

    def write(self, path: str, content: bytes, *, mtime: int | None = None, parents: bool = False, uploaded: bool = False) -> Entry:
        """Create or replace a file; the old content becomes a version. `parents` makes missing folders; `uploaded` as by WebDAV."""
        old = self.find(path)
        now = self._now()
        if old is not None:
            if old.node.is_folder:
                raise Exists(path, "PUT is not allowed on non-files.")
            old.need(UPDATE)
            self._keep_version(old.node)
            replace_content(old.node, content, now if mtime is None else mtime, now)
            old.node.uploaded = now if uploaded else old.node.uploaded
            self.sandbox.emit("file.written", self.user, path=old.path, node=old.node)
            return old
        parent, name = self._parent(path, parents)
        node = self.store.new_file(self.sandbox.next_id(), name, parent.node.owner, now if mtime is None else mtime, content)
        node.uploaded = now if uploaded else 0
        attach(parent.node, node, now)
        made = self.get(path)
        self.sandbox.emit("file.created", self.user, path=made.path, node=node)
        self.sandbox.emit("file.written", self.user, path=made.path, node=node)
        return made

    def mkdir(self, path: str, *, parents: bool = False) -> Entry:
        """Make a folder; raises Exists. With `parents` an existing folder is fine."""
        found = self.find(path)
        if found is not None:
            if parents and found.node.is_folder:
                return found
            raise Exists(path, "The resource you tried to create already exists")
        parent, name = self._parent(path, parents)
        node = self.store.new_folder(self.sandbox.next_id(), name, parent.node.owner, self._now())
        attach(parent.node, node, self._now())
        made = self.get(path)
        self.sandbox.emit("file.created", self.user, path=made.path, node=node)
        return made

    def _parent(self, path: str, make: bool) -> tuple[Entry, str]:
        """The folder that is to hold `path`, and the last name, checked."""
        parts = split(path)
        if not parts:
            raise Exists(path, "The root is there already")
        check_name(parts[-1])
        above = "/".join(parts[:-1])
        parent = self.find(above)
        if parent is None and make:
            parent = self.mkdir(above, parents=True)
        if parent is None or not parent.node.is_folder:
            raise NoParent(above)
        parent.need(CREATE)
        return parent, parts[-1]

    def delete(self, path: str) -> Trashed | None:
        """Move to the trash of the owner; a mounted folder is only unmounted (None)."""
        entry = self.get(path)
        if entry.is_mount_root and entry.mount:
            self.unmount(entry.mount.path)
            self.sandbox.emit("mount.removed", self.user, source=entry.mount.source, path=entry.path)
            return None
        entry.need(DELETE)
        owner = entry.node.owner
        location = UserFiles(self.sandbox, owner).entry_of(entry.node) or entry
        detach(entry.node, self._now())
        item = Trashed(entry.node.name, location.path.strip("/"), self._now(), self.user, entry.node)
        bin_of_owner = self.store.trash.setdefault(owner, {})
        while item.key in bin_of_owner:
            item.deleted += 1
        bin_of_owner[item.key] = item
        self.sandbox.emit("file.deleted", self.user, path=entry.path, node=entry.node)
        return item

    def move(self, source: str, target: str, *, overwrite: bool = True) -> tuple[Entry, bool]:
        """Move or rename; the new entry and whether something was replaced (it goes to the trash)."""
        entry = self.get(source)
        parent, name = self._parent(target, make=False)
        if entry.node in parent.node.up():
            raise Denied(target, SUBTREE)
        replaced = self._clear(target, overwrite)
        if entry.is_mount_root and entry.mount:
            mounts = self.store.mounts_of(self.user)
            del mounts[entry.mount.path]
            entry.mount.path = "/".join(split(target))
            mounts[entry.mount.path] = entry.mount
        else:
            entry.need(DELETE if entry.node.parent is not parent.node else UPDATE)
            detach(entry.node, self._now())
            entry.node.name = name
            for node in entry.node.below():
                node.owner = parent.node.owner
            attach(parent.node, entry.node, self._now())
        moved = self.get(target)
        self.sandbox.emit("file.renamed", self.user, path=moved.path, source=entry.path, node=entry.node)
        return moved, replaced

    def copy(self, source: str, target: str, *, overwrite: bool = True) -> tuple[Entry, bool]:
        """Copy a file or a whole folder, with times and ETags of files; the new entry and whether something was replaced."""
        entry = self.get(source)
        parent, name = self._parent(target, make=False)
        if entry.node in parent.node.up():
            raise Denied(target, SUBTREE)
        replaced = self._clear(target, overwrite)
        node = self._clone(entry.node, name, parent.node.owner)
        attach(parent.node, node, self._now())
        made = self.get(target)
        self.sandbox.emit("file.copied", self.user, path=made.path, source=entry.path, node=node)
        return made, replaced

    def _clear(self, target: str, overwrite: bool) -> bool:
        if self.find(target) is None:
            return False
        if not overwrite:
            raise Exists(target, "The destination node already exists, and the overwrite header is set to false")
        self.delete(target)
        return True

    def _clone(self, node: Node, name: str, owner: str) -> Node:
        if node.children is None:
            made = self.store.new_file(self.sandbox.next_id(), name, owner, node.mtime, node.content)
            made.etag = node.etag
            return made
        made = self.store.new_folder(self.sandbox.next_id(), name, owner, self._now())
        made.size = node.size
        made.children = {child.name: self._clone(child, child.name, owner) for child in node.children.values()}
        for child in made.children.values():
            child.parent = made
        return made

    def touch(self, path: str, mtime: int) -> Entry:
        """Set the modification time (unix seconds)."""
        entry = self.get(path)
        entry.need(UPDATE)
        entry.node.mtime = mtime
        entry.node.etag = file_etag()
        propagate(entry.node.parent, 0, self._now())
        return entry

    # Favourites

    def is_favorite(self, node: Node) -> bool:
        return node.id in self.store.favorites.get(self.user, ())

    def set_favorite(self, node: Node, wanted: bool) -> None:
        favorites = self.store.favorites.setdefault(self.user, set())
        (favorites.add if wanted else favorites.discard)(node.id)

    # Mounts

    def mount(self, path: str, node: Node, kind: str, *, permissions: int = ALL, source: str = "") -> Entry:
        """Show `node` of another storage at `path`, or beside it ("name (2)") when that is taken."""
        wanted = "/".join(split(path))
        stem, dot, ending = wanted.rpartition(".") if not node.is_folder and "." in wanted else (wanted, "", "")
        number = 1
        while self.exists(wanted):
            number += 1
            wanted = f"{stem} ({number}){dot}{ending}"
        self.store.mounts_of(self.user)[wanted] = Mount(wanted, node, kind, permissions, source)
        return self.get(wanted)

    def unmount(self, path: str) -> None:
        self.store.mounts_of(self.user).pop("/".join(split(path)), None)

    # Trash

    def trash(self) -> list[Trashed]:
        """What was deleted, the latest first."""
        return sorted(self.store.trash.get(self.user, {}).values(), key=lambda item: -item.deleted)

    def restore(self, key: str) -> Entry:
        """Put a deleted item back where it was, or into the root when its folder is gone; a taken name gets "(restored)"."""
        item = self.store.trash.get(self.user, {}).get(key)
        if item is None:
            raise Missing(key)
        folder = self.find(parent_of("/" + item.location))
        if folder is None or not folder.node.is_folder:
            folder = self.get("/")
        name = item.name
        stem, dot, ending = name.rpartition(".") if "." in name[1:] else (name, "", "")
        number = 1
        while name in (folder.node.children or {}):
            name = f"{stem} (restored{f' {number}' if number > 1 else ''}){dot}{ending}"
            number += 1
        del self.store.trash[self.user][key]
        item.node.name = name
        attach(folder.node, item.node, self._now())
        back = self.get(f"{folder.path.rstrip('/')}/{name}")
        self.sandbox.emit("file.restored", self.user, path=back.path, node=back.node)
        return back

    def purge(self, key: str) -> None:
        item = self.store.trash.get(self.user, {}).pop(key, None)
        if item is None:
            raise Missing(key)
        self.store.forget(item.node)

    def empty_trash(self) -> None:
        for item in self.trash():
            self.purge(item.key)

    # Versions

    def _keep_version(self, node: Node) -> None:
        if node.size:
            kept = self.store.versions.setdefault(node.id, {})
            kept[node.mtime] = Version(node.mtime, node.content, self.user, kept[node.mtime].label if node.mtime in kept else "")

    def versions(self, node: Node) -> list[Version]:
        """The contents a file had, the present one included, oldest first."""
        kept = self.store.versions.setdefault(node.id, {})
        present = kept.get(node.mtime)
        kept[node.mtime] = Version(
            node.mtime, node.content, node.owner if present is None else present.author, present.label if present else ""
        )
        return [kept[timestamp] for timestamp in sorted(kept)]

    def restore_version(self, node: Node, timestamp: int) -> None:
        """Give a file the content of a version, and its time."""
        version = self.store.versions.get(node.id, {}).get(timestamp)
        if version is None:
            raise Missing(str(timestamp))
        self._keep_version(node)
        replace_content(node, version.content, timestamp, self._now())
        node.etag = file_etag()
        self.sandbox.emit("file.written", self.user, path=(self.entry_of(node) or Entry("/", node)).path, node=node)


def parent_of(path: str) -> str:
    """The folder of a path: "/a/b" -> "/a", "/a" -> "/"."""
    return path.rstrip("/").rpartition("/")[0] or "/"
