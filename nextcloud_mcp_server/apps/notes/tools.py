"""The tools of Notes."""

import asyncio
import base64
from typing import Annotated
from urllib.parse import quote

from pydantic import Field

from nextcloud_mcp_server.apps.notes.client import Notes
from nextcloud_mcp_server.apps.notes.models import Attachment, DeletedNote, Note, NoteHit, ReadNote, SavedNote
from nextcloud_mcp_server.apps.notes.ranking import listed, ranked, words_of
from nextcloud_mcp_server.core.arguments import Cursor, Etag, Limit, Offset
from nextcloud_mcp_server.core.errors import Changed, InvalidValue, TooLarge
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, paginate
from nextcloud_mcp_server.core.text import cut
from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("notes")
SEPARATOR = "\n---\n"
APPEND_TRIES = 3
ATTACHMENT_MAX = 5 * 1024 * 1024

Category = Annotated[str, Field(description="Folder path such as Work/Projects; empty for none.")]


@TOOLS.read(total="total_found", untrusted=True)
async def nc_notes_search_notes(
    notes: Notes,
    query: Annotated[str, Field(description="Words in title, category or content; empty lists all, newest first.")] = "",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[NoteHit]:
    """List or search notes, best match first. Hits hold no content: read it with nc_notes_get_note."""
    words = words_of(query)
    if not words:
        every = sorted(await notes.all(), key=lambda note: -note.modified)
        return paginate(every, limit, cursor, query=query).map(listed)
    every, found = await asyncio.gather(notes.all(), notes.found(" ".join(words)))
    if not found and len(words) > 1:
        found = await notes.found_with_any(words)
    return paginate(ranked(found, every, words), limit, cursor, query=query)


@TOOLS.read(untrusted=True)
async def nc_notes_get_note(notes: Notes, note_id: int, offset: Offset = 0) -> ReadNote:
    """Read one note with its content and etag."""
    note = await notes.get(note_id)
    piece = cut(note.content or "", offset)
    return ReadNote.model_validate({**note.model_dump(), "content": piece.text, "note": piece.note})


@TOOLS.create()
async def nc_notes_create_note(
    notes: Notes,
    title: Annotated[str, Field(description="If taken, Nextcloud appends a number.")],
    content: Annotated[str, Field(description="Markdown.")] = "",
    category: Category = "",
) -> SavedNote:
    """Create a note."""
    return _saved(await notes.create(title, content, category))


@TOOLS.update(untrusted=True)
async def nc_notes_update_note(
    notes: Notes,
    note_id: int,
    etag: Etag = None,
    title: str | None = None,
    content: Annotated[str | None, Field(description="The whole new content.")] = None,
    category: Category | None = None,
) -> SavedNote:
    """Change the given fields of a note; what is left out stays, an empty text clears."""
    fields = {name: value for name, value in (("title", title), ("content", content), ("category", category)) if value is not None}
    if not fields:
        raise InvalidValue("Nothing to change: none of title, content, category is given.")
    return _saved(await notes.update(note_id, etag or (await notes.get(note_id)).etag, fields))


@TOOLS.update(untrusted=True)
async def nc_notes_append_content(notes: Notes, note_id: int, content: str) -> SavedNote:
    """Add text to the end of a note, after a separator line. Safe while others edit."""
    for attempt in range(1, APPEND_TRIES + 1):
        note = await notes.get(note_id)
        whole = f"{note.content}{SEPARATOR}{content}" if note.content else content
        try:
            return _saved(await notes.update(note_id, note.etag, {"content": whole}))
        except Changed:
            if attempt == APPEND_TRIES:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


@TOOLS.delete()
async def nc_notes_delete_note(notes: Notes, note_id: int) -> DeletedNote:
    """Move a note to Nextcloud's trash."""
    await notes.delete(note_id)
    return DeletedNote(deleted_id=note_id, message="In the trash: nc_webdav_list_trash and nc_webdav_restore_trash bring it back.")


@TOOLS.read(untrusted=True)
async def nc_notes_get_attachment(
    notes: Notes, note_id: int, attachment_filename: Annotated[str, Field(description="As the note's content names it.")]
) -> Attachment:
    """Read a file attached to a note, as text or base64."""
    data, mime_type = await notes.attachment(note_id, attachment_filename)
    if len(data) > ATTACHMENT_MAX:
        raise TooLarge(
            f"Attachment {attachment_filename!r} has {len(data)} bytes, more than {ATTACHMENT_MAX}.", hint="Open it in Nextcloud."
        )
    text = _as_text(data)
    return Attachment(
        uri=f"nc://Notes/{note_id}/attachments/{quote(attachment_filename, safe='')}",
        mimeType=mime_type,
        data=text if text is not None else base64.b64encode(data).decode(),
        encoding="utf-8" if text is not None else "base64",
    )


def _as_text(data: bytes) -> str | None:
    try:
        return None if b"\x00" in data else data.decode()
    except UnicodeDecodeError:
        return None


def _saved(note: Note) -> SavedNote:
    return SavedNote(id=note.id, title=note.title, category=note.category, etag=note.etag, url=note.url)
