"""What indexing and search know of a vector store."""

import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal, Protocol

from nextcloud_mcp_server.index.embed.port import Vector
from nextcloud_mcp_server.index.sparse import Sparse

NAMESPACE = uuid.UUID("6c2b7d1e-53f5-4c0e-9a55-0d1f6a4f3c11")
Retriever = Literal["dense", "sparse"]


@dataclass(frozen=True, slots=True)
class Key:
    """One document: ids are unique within the type, and are the owner's."""

    owner: str
    doc_type: str
    doc_id: str

    def point(self, index: int) -> str:
        """The id of its passage number `index`: the same for the same document everywhere and for ever."""
        return str(uuid.uuid5(NAMESPACE, "\0".join((self.owner, self.doc_type, self.doc_id, str(index)))))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a document is filtered by. `folders` are the keys of all folders above it; `modified` is in epoch seconds."""

    readers: frozenset[str]
    modified: float | None = None
    folders: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """One passage. `body` is opaque to the store (it may be encrypted); without `dense` only words find it."""

    index: int
    body: str
    sparse: Sparse
    dense: Vector | None = None


@dataclass(frozen=True, slots=True)
class Where:
    """Which documents may be found: at least one of `readers`, and all of the rest that is given (times in epoch seconds)."""

    readers: frozenset[str]
    doc_types: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    after: float | None = None
    before: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A passage as one retriever ranks it, best first in its list."""

    key: Key
    index: int
    score: float
    body: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """What each retriever found for one query."""

    dense: list[Found] = field(default_factory=list[Found])
    sparse: list[Found] = field(default_factory=list[Found])


@dataclass(frozen=True, slots=True)
class Stored:
    """One passage with all that is kept of it, for moving to another store."""

    key: Key
    facts: Facts
    entry: Entry


@dataclass(frozen=True, slots=True)
class Counts:
    documents: int
    passages: int


class VectorStore(Protocol):
    """Collections of passages, each for the vectors of one model (`dimension` 0: words only).

    A document lies in its owner's partition; every search filters by readers. Methods raise Unreachable and
    Maintenance for what passes by itself. A call that returned survives the death of the process.
    """

    async def open(self, collection: str, dimension: int) -> None:
        """Makes the collection where it is missing; may be called again."""
        ...

    async def collections(self) -> frozenset[str]: ...

    async def discard(self, collection: str) -> None:
        """Removes a collection with all that is in it; nothing happens where there is none."""
        ...

    async def replace(self, collection: str, key: Key, facts: Facts, entries: Sequence[Entry]) -> None:
        """Makes these the passages of the document: 0 to n-1 of it, and none beyond."""
        ...

    async def describe(self, collection: str, key: Key, facts: Facts, bodies: Sequence[str] = ()) -> None:
        """New facts (and bodies, one for each passage) for the passages that are there; vectors stay."""
        ...

    async def delete(self, collection: str, keys: Sequence[Key]) -> None: ...

    async def delete_owner(self, collection: str, owner: str) -> None: ...

    async def search(self, collection: str, where: Where, *, dense: Vector | None, sparse: Sparse | None, limit: int) -> Ranked:
        """The best `limit` passages by each retriever that is asked. IDF counts the passages that `readers` may read."""
        ...

    async def vectors(self, collection: str, passages: Sequence[tuple[Key, int]]) -> list[Vector]:
        """The dense vectors of passages (document, index); those that have none are left out."""
        ...

    async def passages(self, collection: str, key: Key) -> list[Entry]:
        """The passages of one document in order, without vectors."""
        ...

    async def count(self, collection: str, owner: str | None = None) -> Counts: ...

    def scan(self, collection: str) -> AsyncIterator[Stored]:
        """Everything, document by document, in any order."""
        ...

    async def tidy(self) -> None:
        """Housekeeping for quiet hours."""
        ...

    async def close(self) -> None: ...


def folder_key(path: str) -> str:
    """A folder's path as it is stored: not to be read back."""
    return blake2b(path.strip("/").encode(), digest_size=8).hexdigest()


def folder_keys(path: str | None) -> frozenset[str]:
    """The keys of all folders above the thing at `path`, the top one included, and of `path` itself."""
    if path is None:
        return frozenset()
    parts = path.strip("/").split("/")
    return frozenset(folder_key("/".join(parts[:depth])) for depth in range(len(parts) + 1))


def collection_name(prefix: str, fingerprint: str | None) -> str:
    """A collection's name for one model; None is the collection of words alone. Letters, digits and `_` only."""
    plain = "".join(character if character.isascii() and character.isalnum() else "_" for character in prefix.lower())[:24]
    return f"{plain}_{blake2b((fingerprint or 'words').encode(), digest_size=6).hexdigest()}"


def grouped(found: Iterable[Stored]) -> dict[Key, list[Stored]]:
    """Passages by their document."""
    groups: dict[Key, list[Stored]] = {}
    for item in found:
        groups.setdefault(item.key, []).append(item)
    return groups
