"""What background sync and search know of an app's things."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Stamp:
    """The version of one document as a listing tells it: cheap to have, different after every change."""

    id: str
    version: str
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source's listing found.

    `stamps` are the documents listed; `unchanged` ids, or id prefixes that end in `/` (folders, collections, boards
    whose own version did not move), still exist and were not listed; `gone` ids are known to be deleted. `state` is given
    back to the next `list` unchanged. `complete` False (cut short) forbids every deletion.
    """

    stamps: Sequence[Stamp]
    state: Mapping[str, Any]
    unchanged: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Document:
    """One thing to index. Either `text` is there or `content` yields the bytes of a file of type `mime_type`.

    `readers` are the user ids (and group names as `group:<name>`) that Nextcloud names as readers; the owner is
    among them. `owner` is the user whose thing it is where that is not the person asked as; one thing has one owner,
    type and id whoever fetches it.
    """

    id: str
    version: str
    title: str
    text: str = ""
    mime_type: str = "text/plain"
    content: AsyncIterator[bytes] | None = None
    size: int = 0
    modified: datetime | None = None
    path: str | None = None
    tags: tuple[str, ...] = ()
    readers: frozenset[str] = frozenset()
    owner: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])


class IndexSource(Protocol):
    """One document type of one app, for one person's session."""

    @property
    def doc_type(self) -> str: ...

    @property
    def scope(self) -> str:
        """The scope that the person's grant needs for these documents."""
        ...

    async def list(self, since: Mapping[str, Any] | None) -> Listing:
        """All stamps that may have changed since `since` (None: everything)."""
        ...

    def fetch(self, ids: Sequence[str]) -> AsyncIterator[Document]:
        """The documents with these ids; ids that are gone are left out."""
        ...

    async def readable(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of `ids` that this person may read now, by one batched request where the app has one."""
        ...

    def link(self, id: str, extra: Mapping[str, Any]) -> str | None:
        """The page of the thing in Nextcloud's web interface."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """Files in which an app keeps its documents: those below `folder` (from the person's root) with one of these endings (`.md`)."""

    folder: str
    endings: tuple[str, ...]

    def holds(self, path: str) -> bool:
        return path.lower().endswith(self.endings) and f"{path.strip('/')}/".startswith(f"{self.folder.strip('/')}/".lstrip("/"))


@runtime_checkable
class KeepsFiles(Protocol):
    """A source whose documents are files too."""

    async def kept(self) -> Kept | None:
        """Where they are; None where that is not known."""
        ...


@runtime_checkable
class LeavesFiles(Protocol):
    """A source of files, which leaves what other sources index to them: each text is indexed once."""

    def without(self, kept: Sequence[Kept]) -> IndexSource: ...
