"""Recordings of files over WebDAV, with search, tags, comments, versions and trash."""

from nextcloud_sandbox.areas.notes.service import Notes
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.tree.nodes import ALL, READ, SHARE
from nextcloud_sandbox.tree.store import Store
from tests.sandbox.replay import Plan, Replay

FOLDER = "/remote.php/dav/files/alice/dav-test"
START = 1_795_221_610
TREE = {
    "Deck/a.txt": b"x" * 15,
    "Notes/New note (2).md": b"",
    "Notes/New note.md": b"x" * 22,
    "Notes/Other/c3e17439af044648a5b735693254f435.png": b"x" * 70,
    "Notes/Second (2).md": b"drei",
    "Notes/Second.md": b"zwei",
    "Notes/ViaQuery.md": b"abc",
    "Notes/abc.md": b"x",
    "Recipes/FormRecipe/.nomedia": b"",
    "Recipes/FormRecipe/recipe.json": b"{}",
    "Recipes/Minimal/.nomedia": b"",
    "Recipes/Minimal/recipe.json": b"{}",
    "Recipes/Tomato Soup/.nomedia": b"",
    "Recipes/Tomato Soup/import.html": b"x",
    "Recipes/Tomato Soup/recipe.json": b"{}",
}
WIKI = {
    ".templates/Readme.md": b"template",
    "Copied/Readme.md": b"copied",
    "First page (2).md": b"",
    "Parent zero.md": b"",
    "Readme.md": b"welcome",
    "Renamed page/Readme.md": b"page",
    "Sub page.md": b"",
}


def setup(sandbox: Sandbox) -> None:
    """What the recording's account had: files of other apps, a collective, and some items in the trash."""
    files = sandbox.files("alice")
    for path, content in TREE.items():
        files.write(path, content, mtime=1_795_221_500, parents=True)
    store = sandbox.slot("tree", Store)
    everything = store.new_folder(sandbox.next_id(), "collectives", "alice", START)
    files.mount(".Collectives", everything, "collectives-user", permissions=READ | 2 | 8)
    files.mount(".Collectives/Team wiki 1599", store.new_folder(sandbox.next_id(), "wiki", "alice", START), "collective", permissions=ALL)
    for path, content in WIKI.items():
        files.write(f".Collectives/Team wiki 1599/{path}", content, mtime=1_795_221_500, parents=True)
    files.get(".Collectives").mount.permissions = ALL - SHARE - 4  # type: ignore[union-attr]
    trash(sandbox)


def trash(sandbox: Sandbox) -> None:
    notes, clock = Notes(sandbox, "alice"), sandbox.clock
    sandbox.clock = lambda: 1_795_221_552
    notes.update(notes.create("First note", "# First note\n\nchanged", "Work/Projects"), {"category": "Other", "title": "Renamed note"})
    sandbox.clock = lambda: 1_795_221_554
    notes.delete(next(note for note in notes.all() if note.title == "Renamed note"))
    sandbox.clock = lambda: 1_795_221_591
    files = sandbox.files("alice")
    files.write("Recipes/Pancakes Deluxe/recipe.json", b"{}", parents=True)
    files.delete("Recipes/Pancakes Deluxe")
    sandbox.clock = clock


async def back(replay: Replay) -> None:
    await replay.call("MOVE", f"{FOLDER}/m3.txt", headers={"Destination": f"{FOLDER}/moved2.txt"})


async def write_versions(replay: Replay) -> None:
    for clock, content in ((1_795_221_630, b"version three"), (1_795_221_632, b"version four!")):
        replay.clock = clock
        await replay.call("PUT", f"{FOLDER}/a.txt", body=content)


async def first_chunk(replay: Replay) -> None:
    folder = "/remote.php/dav/uploads/alice/d73ad476-bc0e-42f4-8d8a-980a696c2ce9"
    await replay.call("PUT", f"{folder}/00001", body=b"a" * 5_242_880, headers={"Destination": f"{FOLDER}/chunked.bin"})


PLAN = Plan(
    "webdav",
    setup=setup,
    start=START,
    who={"65-*": "admin", "72-*": "bob", "94-*": "wrong", "95-*": "bob"},
    before={"39-proppatch-favorite.txt": back, "74-versions-list.txt": write_versions, "89-chunk-put-2.txt": first_chunk},
    loose={
        "04-propfind-infinity.txt": frozenset({"sharees", "share-types"}),  # of the team that owns the collective
        "45-search-offset.txt": frozenset({"href", "displayname"}),  # the order of an unsorted search is the database's
    },
    clock={
        "11-put-new.txt": 1_795_221_614,
        "12-put-overwrite-same-second.txt": 1_795_221_615,
        "18-put-auto-mkcol.txt": 1_795_221_617,
        "20-put-bad-checksum.txt": 1_795_221_618,
        "22-put-unicode.txt": 1_795_221_618,
        "33-copy-exists-overwrite-T.txt": 1_795_221_620,
        "66-comments-create.txt": 1_795_221_627,
        "79-delete-file.txt": 1_795_221_633,
        "82-delete-folder.txt": 1_795_221_634,
    },
)
