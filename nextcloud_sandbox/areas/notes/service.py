"""Notes as files: a note is a text file below the notes folder, its category the folder, its title the name."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.tree.nodes import UPDATE
from nextcloud_sandbox.tree.user import Entry, UserFiles

SUFFIXES = (".txt", ".org", ".markdown", ".md", ".note")
DROPPED = re.compile(r'[*|/\\:"<>?]')
DEFAULTS = {"notesPath": "Notes", "fileSuffix": ".md", "noteMode": "rich"}


class NoNote(Exception):
    """The user has no note with this id."""


@dataclass(slots=True)
class Meta:
    """What the Notes app remembers of a note: its ETag and when that last changed (unix seconds)."""

    etag: str
    last_update: int


def settings_of(sandbox: Sandbox, user: str) -> dict[str, str]:
    everybody = sandbox.slot("notes.settings", dict[str, dict[str, str]])
    return everybody.setdefault(user, dict(DEFAULTS))


@dataclass(frozen=True, slots=True)
class Note:
    """One note in one user's view. `category` is the path of folders below the notes folder."""

    entry: Entry
    title: str
    category: str
    favorite: bool

    @property
    def id(self) -> int:
        return self.entry.node.id

    @property
    def content(self) -> str:
        return self.entry.node.content.decode(errors="replace")

    @property
    def modified(self) -> int:
        return self.entry.node.mtime

    @property
    def readonly(self) -> bool:
        return not self.entry.permissions & UPDATE

    def record(self, etag: str, exclude: frozenset[str] = frozenset()) -> dict[str, Any]:
        """The note as the API shows it."""
        shared = self.entry.mount is not None
        out: dict[str, Any] = {
            "id": self.id,
            "title": self.title,
            "modified": self.modified,
            "category": self.category,
            "favorite": self.favorite,
            "readonly": self.readonly,
            "internalPath": self.entry.path,
            "shareTypes": [],
            "isShared": shared,
            "error": False,
            "errorType": "",
        }
        if "content" not in exclude:
            out["content"] = self.content
        out["etag"] = etag
        return {key: value for key, value in out.items() if key not in exclude or key in ("id", "etag")}

    def fingerprint(self) -> str:
        """The ETag of the note's data: it follows the content, whatever the file's ETag does."""
        content = hashlib.md5(self.entry.node.content, usedforsecurity=False).hexdigest()
        data = [self.id, self.title, self.modified, self.category, self.favorite, self.readonly, self.entry.path, content]
        return hashlib.md5(json.dumps(data).encode(), usedforsecurity=False).hexdigest()


class Notes:
    """One user's notes."""

    def __init__(self, sandbox: Sandbox, user: str) -> None:
        self.sandbox = sandbox
        self.user = user
        self.files: UserFiles = sandbox.files(user)
        self.settings = settings_of(sandbox, user)
        self._meta = sandbox.slot("notes.meta", dict[tuple[str, int], Meta])

    @property
    def folder(self) -> str:
        return "/" + self.settings["notesPath"].strip("/")

    def _is_note(self, entry: Entry) -> bool:
        return not entry.node.is_folder and entry.name.lower().endswith((*SUFFIXES, self.settings["fileSuffix"].lower()))

    def _note(self, entry: Entry) -> Note:
        inside = entry.path[len(self.folder) :].strip("/")
        category, _, name = inside.rpartition("/")
        return Note(entry, name.rpartition(".")[0], category, self.files.is_favorite(entry.node))

    def all(self) -> list[Note]:
        """All notes in the order of the tree."""
        if not self.files.exists(self.folder):
            self.files.mkdir(self.folder, parents=True)
        return [self._note(entry) for entry in self.files.walk(self.folder) if self._is_note(entry)]

    def get(self, note_id: int) -> Note:
        entry = self.files.by_id(note_id)
        if entry is None or not entry.path.startswith(self.folder + "/") or not self._is_note(entry):
            raise NoNote(note_id)
        return self._note(entry)

    def meta(self, note: Note) -> Meta:
        """ETag and last change of a note, brought up to date."""
        etag, key = note.fingerprint(), (self.user, note.id)
        known = self._meta.get(key)
        if known is None or known.etag != etag:
            known = self._meta[key] = Meta(etag, int(self.sandbox.now()))
        return known

    def record(self, note: Note, exclude: frozenset[str] = frozenset()) -> dict[str, Any]:
        return note.record(self.meta(note).etag, exclude)

    def create(self, title: str, content: str, category: str = "", favorite: bool = False, modified: int | None = None) -> Note:
        """A new note; a title that is taken gets "(2)"."""
        folder = self._category(category)
        path = self._free(folder, title)
        entry = self.files.write(path, content.encode(), mtime=modified)
        self.files.set_favorite(entry.node, favorite)
        return self.get(entry.node.id)

    def update(self, note: Note, values: dict[str, Any]) -> Note:
        """Change the given fields: title, content, category, favorite, modified (unix seconds)."""
        moved = "title" in values or "category" in values
        if "content" in values:
            self.files.write(note.entry.path, str(values["content"]).encode(), mtime=values.get("modified"))
        elif "modified" in values:
            self.files.touch(note.entry.path, values["modified"])
        if moved:
            self._move(note, str(values.get("title", note.title)), str(values.get("category", note.category)))
        if "favorite" in values:
            self.files.set_favorite(note.entry.node, bool(values["favorite"]))
        return self.get(note.id)

    def _move(self, note: Note, title: str, category: str) -> None:
        if (self._clean(title), category.strip("/")) == (note.title, note.category):
            return
        path = self._free(self._category(category), title, "." + note.entry.name.rpartition(".")[2])
        self.files.move(note.entry.path, path)
        self._tidy(note.entry.path)

    def delete(self, note: Note) -> None:
        self.files.delete(note.entry.path)
        self._meta.pop((self.user, note.id), None)
        self._tidy(note.entry.path)

    def _tidy(self, path: str) -> None:
        """Empty category folders go, as in the app."""
        folder = path.rpartition("/")[0]
        while folder != self.folder and folder.startswith(self.folder + "/"):
            entry = self.files.find(folder)
            if entry is None or self.files.children(folder):
                return
            self.files.delete(folder)
            folder = folder.rpartition("/")[0]

    def _category(self, category: str) -> str:
        parts = [self._clean(part) for part in category.split("/") if part.strip()]
        folder = "/".join([self.folder, *parts])
        self.files.mkdir(folder, parents=True)
        return folder

    @staticmethod
    def _clean(title: str) -> str:
        return DROPPED.sub("", title.replace("\n", " ")).strip().lstrip(".")[:100].strip()

    def _free(self, folder: str, title: str, suffix: str | None = None) -> str:
        stem = self._clean(title) or "New note"
        ending = suffix or self.settings["fileSuffix"]
        path, number = f"{folder}/{stem}{ending}", 1
        while self.files.exists(path):
            number += 1
            path = f"{folder}/{stem} ({number}){ending}"
        return path
