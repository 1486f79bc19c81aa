"""The Notes REST API (https://github.com/nextcloud/notes/blob/main/docs/api/v1.md)."""

import asyncio
import posixpath
from collections.abc import AsyncIterator
from typing import Any

from nextcloud_mcp_server.apps.notes.models import ENTRIES, NOTE, NOTES, STUBS, Chunk, Note, SearchEntry
from nextcloud_mcp_server.core.errors import BadAnswer, NotFound
from nextcloud_mcp_server.nextcloud.answers import Answer, quoted_etag, shape
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.hidden import NOTHING, hidden

API = "/index.php/apps/notes/api/v1"
FOUND_AT_MOST = 200
CHUNK = 200
CHUNKS = 10_000


class Notes(Client):
    """The notes of one person. A note is a file, so tags that hide files hide notes."""

    async def all(self) -> list[Note]:
        """Every note without its content, in one request."""
        answer = await self.session.request("GET", f"{API}/notes?exclude=content", what="the notes")
        return self._linked(await self._seen(answer.parse(NOTES)))

    async def changed(self, since: int | None, etag: str | None) -> AsyncIterator[Chunk]:
        """The notes that changed at `since` (unix seconds) or later, piece by piece; the last piece has the ids of all others.

        Nothing where the listing is the one that had `etag`. Raises BadAnswer for a listing that does not end.
        """
        params = {"chunkSize": str(CHUNK), **({"pruneBefore": str(since)} if since else {})}
        headers = {"If-None-Match": quoted_etag(etag)} if etag else {}
        for number in range(CHUNKS):
            answer = await self.session.request("GET", f"{API}/notes", what="the notes", params=params, headers=headers)
            if answer.status == 304:
                return
            cursor = answer.headers.get("X-Notes-Chunk-Cursor")
            chunk = Chunk.of(answer.parse(STUBS), None if number or cursor else answer.etag, answer.headers.get("Last-Modified"))
            yield chunk.model_copy(update={"notes": await self._seen(chunk.notes)})
            if not cursor:
                return
            params, headers = {**params, "chunkCursor": cursor}, {}
        raise BadAnswer("Nextcloud's list of the notes does not end.")

    async def get(self, note_id: int) -> Note:
        note = self._note(await self.session.request("GET", f"{API}/notes/{note_id}", what=f"Note {note_id}"))
        if not await self._seen([note]):
            raise NotFound(f"Note {note_id} not found.")
        return note

    async def create(self, title: str, content: str, category: str) -> Note:
        fields = {"title": title, "content": content, "category": category}
        return self._note(await self.session.request("POST", f"{API}/notes", what=f"note {title!r}", json=fields))

    async def update(self, note_id: int, etag: str, fields: dict[str, Any]) -> Note:
        """Changes the named fields only. Raises Changed where `etag` (quoted or not) is not the current one."""
        await self._refuse_hidden(note_id)
        headers = {"If-Match": quoted_etag(etag)}
        return self._note(await self.session.request("PUT", f"{API}/notes/{note_id}", what=f"Note {note_id}", headers=headers, json=fields))

    async def delete(self, note_id: int) -> None:
        await self._refuse_hidden(note_id)
        await self.session.request("DELETE", f"{API}/notes/{note_id}", what=f"Note {note_id}")

    async def attachment(self, note_id: int, filename: str) -> tuple[bytes, str]:
        """Bytes and media type of an attachment (API v1.4)."""
        await self._refuse_hidden(note_id, filename)
        path = f"/index.php/apps/notes/api/v1.4/attachment/{note_id}"
        answer = await self.session.request("GET", path, what=f"Attachment {filename!r} of note {note_id}", params={"path": filename})
        return answer.body, answer.headers.get("Content-Type", "application/octet-stream").partition(";")[0]

    async def settings(self) -> Any:
        answer = await self.session.request("GET", f"{API}/settings", what="the settings of Notes")
        return answer.json()

    async def found(self, words: str) -> list[SearchEntry]:
        """Hits of Nextcloud's own search: notes that hold every word in title, category or content."""
        what = f"notes with {words!r}"
        params = {"term": words, "limit": str(FOUND_AT_MOST)}
        data: Any = await self.session.ocs("GET", "/search/providers/notes/search", what=what, params=params)
        return shape(ENTRIES, data.get("entries") if isinstance(data, dict) else None, what)  # type: ignore[reportUnknownMemberType]

    async def found_with_any(self, words: list[str]) -> list[SearchEntry]:
        """Hits of each word by itself, together."""
        hits = await asyncio.gather(*(self.found(word) for word in words))
        return list({entry.resourceUrl: entry for some in hits for entry in some}.values())

    async def _seen(self, notes: list[Note]) -> list[Note]:
        """Without those that a tag hides, on the note's file or on a folder above it."""
        unseen = await hidden(self.session)
        if unseen == NOTHING or not notes:
            return notes
        folder = (await self.settings()).get("notesPath", "")
        return [note for note in notes if not unseen.hides(f"{folder}/{note.category}", note.id)]

    async def _refuse_hidden(self, note_id: int, filename: str = "") -> None:
        """Raises NotFound where the note, or a file beside it, is hidden; without hiding tags it costs nothing."""
        unseen = await hidden(self.session)
        if unseen == NOTHING:
            return
        note = await self.get(note_id)
        folder = (await self.settings()).get("notesPath", "")
        if filename and unseen.hides(posixpath.normpath(f"{folder}/{note.category}/{filename}")):
            raise NotFound(f"Attachment {filename!r} of note {note_id} not found.")

    def _note(self, answer: Answer) -> Note:
        note = answer.parse(NOTE)
        if not note.etag:
            raise BadAnswer(f"Nextcloud's answer about {answer.what} has no etag.")
        return self._linked([note])[0]

    def _linked(self, notes: list[Note]) -> list[Note]:
        return [note.model_copy(update={"url": self.session.link(f"/apps/notes/note/{note.id}")}) for note in notes]
