"""Notes by URI."""

from typing import Any

from nextcloud_mcp_server.apps.notes.client import Notes
from nextcloud_mcp_server.core.app import Resource

READ = frozenset({"notes:read"})


async def settings(notes: Notes) -> Any:
    return await notes.settings()


async def note(notes: Notes, note_id: int) -> Any:
    return await notes.get(note_id)


async def attachment(notes: Notes, note_id: int, attachment_filename: str) -> Any:
    return await notes.attachment(note_id, attachment_filename)


async def note_ids(notes: Notes, argument: str, text: str) -> list[str]:
    return [str(one.id) for one in await notes.all() if str(one.id).startswith(text)] if argument == "note_id" else []


RESOURCES = (
    Resource("notes://settings", "Notes settings", "Folder, file suffix and mode of Notes", settings, READ),
    Resource("nc://Notes/{note_id}", "Note", "One note with its content", note, READ, complete=note_ids),
    Resource(
        "nc://Notes/{note_id}/attachments/{attachment_filename}",
        "Note attachment",
        "A file attached to a note",
        attachment,
        READ,
        "application/octet-stream",
    ),
)
