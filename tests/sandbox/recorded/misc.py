"""Recordings of what concerns more than one area: sessions and credentials, slashes, parameters, mounts, disabled accounts."""

from nextcloud_sandbox.areas.core.loginflow import flows_of
from nextcloud_sandbox.areas.notes.service import Notes
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.server import discover
from nextcloud_sandbox.tree.nodes import ALL, SHARE
from nextcloud_sandbox.tree.store import Store
from tests.sandbox.browser import grant
from tests.sandbox.replay import Plan, Replay

AREAS = {area.name for area in discover()}
FLOW = "RN93v47rPqAd3pbZJ0qsZvYH0HBVzLBZ4OuFnDQbr12Diy2t8C6vEOGWQ3OpwIK3NZBv7QyzUMRTQFvpT32ILR15C8WSdXACqUjDhPQDBhyUng58NisXHmk0jfI6qdDg"
POLL = "za1cIqIO5yYa4NRtIqSuX5K4lXyWY4qeKxgXLGc5EBA6HAkENoAFqr3ve9pEBlzWcwROWS6laoDOaXwEuWBpOzPVNJEHFNx3E62paUXSHbFCLHfflbclJlMTiqkDySMa"
SKELETON = ("Nextcloud intro.mp4", "Nextcloud.png", "Readme.md", "Reasons to use Nextcloud.pdf", "Templates credits.md")


def setup(sandbox: Sandbox) -> None:
    sandbox.groups["team"] = sandbox.groups.pop("project")
    notes = Notes(sandbox, "alice")
    for title in ("Second", "Second (2)", "abc"):
        notes.create(title, title)
    for user in ("mike", "nina"):
        sandbox.add_user(user, user)
    files = sandbox.files("mike")
    for folder in ("Documents", "Photos", "Templates"):
        files.mkdir(folder)
    for name in SKELETON:
        files.write(name, b"content")
    store = sandbox.slot("tree", Store)
    for path, kind, permissions in (("TeamFolder", "group", ALL), ("ExtLocal", "external", ALL - SHARE)):
        node = store.new_folder(sandbox.next_id(), path, "", int(sandbox.now()))
        for user in ("mike", "nina"):
            sandbox.files(user).mount(path, node, kind, permissions=permissions)
    files.write("TeamFolder/sub/a.txt", b"a", parents=True)
    files.write("ExtLocal/sub/b.txt", b"b", parents=True)


async def note_of_the_recording(replay: Replay) -> None:
    """A note that was written three times within one second; the recording has the first ETag."""
    notes = Notes(replay.sandbox, "alice")
    for title in ("etag", "etag (2)", "etag (3)"):
        note = notes.create(title, "a")
    replay.tokens["1ec5ea147f4368743eba6d5f9e42bc32"] = notes.meta(note).etag
    notes.update(notes.update(note, {"content": "bb"}), {"content": "ccc"})
    replay.numbers["1100"] = str(note.id)


async def note_changed_by_webdav(replay: Replay) -> None:
    notes = Notes(replay.sandbox, "alice")
    for title in ("etagdav", "etagdav (2)", "etagdav (3)"):
        note = notes.create(title, "a")
        path = f"/remote.php/dav/files/alice{note.entry.path}".replace(" ", "%20")
        await replay.call("PUT", path, body=b"changed over webdav")
    replay.numbers["1102"] = str(note.id)


async def six_new_notes(replay: Replay) -> None:
    for number in range(6):
        Notes(replay.sandbox, "alice").create("New note", str(number))


async def six_alike(replay: Replay) -> None:
    assert len([note for note in Notes(replay.sandbox, "alice").all() if "etag" in note.title]) == 6


async def written_twice(replay: Replay) -> None:
    first = await replay.call("PUT", "/remote.php/dav/files/alice/same.txt", body=b"one")
    replay.tokens["2a686ed3f125c3b12e1fcceadcfd308e"] = first.header("ETag").strip('"')
    await replay.call("PUT", "/remote.php/dav/files/alice/same.txt", body=b"two two")


async def begin_flow(replay: Replay) -> None:
    await replay.send("POST", "/login/v2", {}, b"")
    (flow,) = flows_of(replay.sandbox).values()
    replay.tokens |= {FLOW: flow.login_token, POLL: flow.poll_token}


async def bob_grants(replay: Replay) -> None:
    await grant(f"{replay.url}/login/v2/flow/{replay.tokens[FLOW]}", "bob", "bob")


async def a_file_to_copy(replay: Replay) -> None:
    await replay.call("PUT", "/remote.php/dav/files/alice/src.txt", body=b"x")


async def nina_shares(replay: Replay) -> None:
    folder = replay.sandbox.files("nina").mkdir("Shared").node
    for name in ("Notes", "Own"):
        replay.sandbox.files("mike").mkdir(name)
    replay.sandbox.files("mike").mount("Shared", folder, "shared")


async def disable_mike(replay: Replay) -> None:
    replay.sandbox.users["mike"].enabled = False


def until_built(area: str, *patterns: str) -> dict[str, str]:
    return {} if area in AREAS else dict.fromkeys(patterns, f"there is no area for {area} yet")


DISK = "a change on an external disk behind Nextcloud's back; the sandbox has no such storage"
PLAN = Plan(
    "misc",
    setup=setup,
    who={
        "*-plus-bob-basic-apppw-*": "bob",
        "*-plus-bob-basic-password-*": "bob:account",
        "*-plus-bob-basic-wrong-*": "wrong:bob",
        "*-plus-bob-bearer-*": "bearer:bob",
        "110-*": "mike",
        "112-*": "nina",
        "118-*": "nina",
        "1[0-2]*-external*": "mike",
        "1[0-2]*-groupfolder*": "mike",
        "1[0-2]*-mounts*": "mike",
        "1[0-2]*-user-share*": "mike",
        "12[789]-*": "mike",
    },
    cookie={"*-cookie-of-alice-*": "alice"},
    before={
        "71-notes-same-second-etags.txt": note_of_the_recording,
        "72-notes-etag-after-same-second-webdav-edit.txt": note_changed_by_webdav,
        "85-app-broken-json-body.txt": six_new_notes,
        "88-unified-search-notes.txt": six_alike,
        "101-put-same-second-stale-if-match.txt": written_twice,
        "103-loginflow-landing-first.txt": begin_flow,
        "105-loginflow-poll-json-body-granted.txt": bob_grants,
        "107-copy-dest-parent-missing.txt": a_file_to_copy,
        "125-mounts-list-with-user-share.txt": nina_shares,
        "127-disabled-account-app-password-dav.txt": disable_mike,
    },
    loose={
        # Whose boards and tables they are (X-User-Id) matters here; what they look like is in the recordings of those apps.
        "*-deck-ocshdr.txt": frozenset({"body"}),
        "*-tables-ocs.txt": frozenset({"body"}),
        "*-notes-ocshdr.txt": frozenset({"*", "title", "internalPath", "category", "favorite"}),
        "88-unified-search-notes.txt": frozenset({"subline", "title", "*"}),
        "89-unified-search-limit.txt": frozenset({"subline", "title", "path", "icon"}),
    },
    unclaimed={
        **until_built("tables", "*-tables-ocs.txt", "76-slash-ocs-v2-php-apps-tables-*"),
        **until_built("deck", "*-deck-ocshdr.txt", "75-slash-index-php-apps-deck-*"),
        **until_built("files_sharing", "82-ocs-post-query-params.txt", "83-ocs-post-xml-default.txt"),
        **until_built("caldav", "102-*"),
        "120-external-disk-*": DISK,
        "121-external-root-*": DISK,
        "122-external-disk-*": DISK,
        "123-external-root-*": DISK,
        "124-external-file-*": DISK,
    },
)
