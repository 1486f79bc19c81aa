"""The Notes app: its REST API over the files below the user's notes folder."""

from typing import Any

from nextcloud_sandbox.areas.notes import api, attachments, seed
from nextcloud_sandbox.areas.notes.service import Notes, settings_of
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Area, Provider
from nextcloud_sandbox.routing import join


def capabilities(call: Call) -> dict[str, object]:
    if call.user_or_none is None:
        return {}
    path = settings_of(call.sandbox, call.uid)["notesPath"]
    return {"notes": {"api_version": ["0.2", "1.3", "1.4"], "version": "4.12.4", "notes_path": path}}


def find(call: Call, term: str) -> list[dict[str, Any]]:
    """The notes with the term in title or content, as the unified search shows them."""
    found = [note for note in Notes(call.sandbox, call.uid).all() if term.lower() in (note.title + "\n" + note.content).lower()]
    return [
        {
            "thumbnailUrl": "",
            "title": note.title,
            "subline": note.content.partition("\n")[0][:100],
            "resourceUrl": call.url(f"/apps/notes/note/{note.id}"),
            "icon": "icon-notes-trans",
            "rounded": False,
            "attributes": [],
        }
        for note in sorted(found, key=lambda note: -note.modified)
    ]


AREA = Area(
    "notes",
    join(attachments.routes, api.routes),
    seed=seed.seed,
    capabilities=capabilities,
    providers=(Provider("notes", "Notes", "/custom_apps/notes/img/notes.svg", 4, find, paginated=False),),
    order=20,
)
