"""Notes for background sync: one listing tells what changed, and brings the changed notes along."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from nextcloud_mcp_server.apps.notes.client import Notes
from nextcloud_mcp_server.apps.notes.models import Chunk, Note
from nextcloud_mcp_server.core.documents import Document, Kept, Listing, Stamp
from nextcloud_mcp_server.core.errors import NotFound
from nextcloud_mcp_server.nextcloud.fresh import Fresh
from nextcloud_mcp_server.nextcloud.reach import Reached, reach, readable
from nextcloud_mcp_server.nextcloud.session import Session

MIME = "text/markdown"
ENDINGS = (".txt", ".org", ".markdown", ".md", ".note")
"""Of the files that the Notes app takes for notes, wherever below its folder (`NotesService::isNote`)."""


@dataclass(frozen=True)
class NotesSource:
    """Ids are those of the notes' files. State: the listing's ETag, the time from which changes are asked (unix seconds), all ids."""

    session: Session
    doc_type: str = "note"
    scope: str = "notes:read"

    async def list(self, since: Mapping[str, Any] | None) -> Listing:
        """One request, and for each 90 notes that changed one more (whose they are and who reads them)."""
        before = since or {}
        stamps: list[Stamp] = []
        others: list[int] = []
        last: Chunk | None = None
        self._fresh.expect(())
        async for chunk in Notes(self.session).changed(before.get("from"), before.get("etag")):
            await self._bring(chunk.notes)
            stamps += [Stamp(str(note.id), note.etag, _when(note)) for note in chunk.notes]
            others, last = others + chunk.others, chunk
        if last is None:
            return Listing((), before, frozenset(map(str, before.get("ids", ()))))
        others = sorted(frozenset(others) - {int(stamp.id) for stamp in stamps})
        state = {"etag": last.etag, "from": _from(last, before, changed=bool(stamps)), "ids": [int(stamp.id) for stamp in stamps] + others}
        return Listing(stamps, state, frozenset(map(str, others)))

    async def _bring(self, notes: Sequence[Note]) -> None:
        where = await reach(self.session, (note.id for note in notes)) if notes else {}
        for note in notes:
            self._fresh.bring(_document(note, where.get(note.id)))

    async def fetch(self, ids: Sequence[str]) -> AsyncIterator[Document]:
        """What the listing brought; two requests for each of the others."""
        notes = Notes(self.session)
        for id in ids:
            if document := self._fresh.take(id):
                yield document
                continue
            try:
                note = await notes.get(int(id))
            except NotFound:
                continue
            yield _document(note, (await reach(self.session, [note.id])).get(note.id))

    async def readable(self, ids: Sequence[str]) -> frozenset[str]:
        """Asked of Files: who reads the file reads the note."""
        return await readable(self.session, ids)

    @property
    def _fresh(self) -> Fresh:
        return Fresh(self.session, self.doc_type)

    async def kept(self) -> Kept | None:
        """In the folder that Notes names in its capabilities."""
        told = (await self.session.capabilities()).get("capabilities", {}).get("notes")
        folder = told.get("notes_path") if isinstance(told, dict) else None  # type: ignore[reportUnknownMemberType,reportUnknownVariableType]
        return Kept(folder, ENDINGS) if isinstance(folder, str) and folder.strip("/") else None

    def link(self, id: str, extra: Mapping[str, Any]) -> str | None:
        return self.session.link(f"/apps/notes/note/{id}")


def _from(last: Chunk, before: Mapping[str, Any], *, changed: bool) -> int | None:
    """Where the next listing begins: moved on only after a change, so that an unchanged listing keeps its ETag."""
    if not changed and before.get("from"):
        return before["from"]
    try:
        return int(parsedate_to_datetime(last.last_modified or "").timestamp())
    except (ValueError, TypeError):
        return before.get("from")


def _when(note: Note) -> datetime | None:
    return datetime.fromtimestamp(note.modified, UTC) if note.modified else None


def _document(note: Note, where: Reached | None) -> Document:
    text = note.content or ""
    return Document(
        id=str(note.id),
        version=note.etag,
        title=note.title,
        text=text,
        mime_type=MIME,
        size=len(text.encode()),
        modified=_when(note),
        path=where.path if where else f"{note.category}/{note.title}".strip("/"),
        readers=where.readers | {where.owner} if where else frozenset(),
        owner=where.owner if where else None,
    )
