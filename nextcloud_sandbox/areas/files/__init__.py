"""Files over WebDAV: files, search, comments, tags, trash, versions, chunked uploads."""

from typing import Any

from nextcloud_sandbox.areas.files import comments, listing, patch, reading, search, seed, tags, trash, uploads, versions, writing
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Area, Provider
from nextcloud_sandbox.routing import join
from nextcloud_sandbox.tree.user import parent_of

PARTS = (listing, patch, reading, search, comments, tags, trash, versions, uploads, writing)


def find(call: Call, term: str) -> list[dict[str, Any]]:
    """The files with the term in their name, the latest first, as the unified search shows them."""
    entries = [entry for entry in call.sandbox.files(call.uid).walk() if term.lower() in entry.name.lower()]
    return [
        {
            "thumbnailUrl": "" if entry.node.is_folder else call.url(f"/core/preview?x=32&y=32&fileId={entry.node.id}"),
            "title": entry.name,
            "subline": f"in {parent_of(entry.path).strip('/')}",
            "resourceUrl": call.url(f"/f/{entry.node.id}"),
            "icon": "/apps/theming/img/core/filetypes/text.svg",
            "rounded": False,
            "attributes": {"fileId": str(entry.node.id), "path": entry.path},
        }
        for entry in sorted(entries, key=lambda entry: (-entry.node.mtime, -entry.node.id))
    ]


FILTERS = (
    *(("term", "string"), ("since", "datetime"), ("until", "datetime"), ("person", "person"), ("min-size", "int"), ("max-size", "int")),
    *(("mime", "string"), ("type", "string"), ("path", "string"), ("is-favorite", "bool"), ("title-only", "bool")),
)
"""What the real provider announces; here only the term is looked at."""

AREA = Area(
    "files",
    join(*(part.routes for part in PARTS)),
    seed=seed.seed,
    providers=(Provider("files", "Files", "/apps/files/img/app.svg", 5, find, filters=FILTERS),),
    optional=False,
    order=10,
)
