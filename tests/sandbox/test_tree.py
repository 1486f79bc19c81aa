"""The file trees, without HTTP."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.tree.nodes import ALL, READ, SHARE, Denied, Exists, InvalidName, Missing, NoParent
from nextcloud_sandbox.tree.user import UserFiles


def new_sandbox() -> Sandbox:
    sandbox = Sandbox(clock=lambda: 1000.0)
    sandbox.seed_accounts()
    return sandbox


@pytest.fixture
def sandbox() -> Sandbox:
    return new_sandbox()


@pytest.fixture
def alice(sandbox: Sandbox) -> UserFiles:
    return sandbox.files("alice")


@pytest.fixture
def bob(sandbox: Sandbox) -> UserFiles:
    return sandbox.files("bob")


def etags(files: UserFiles, *paths: str) -> list[str]:
    return [files.etag(files.get(path)) for path in paths]


CHANGES: dict[str, Callable[[UserFiles], object]] = {
    "a new file": lambda files: files.write("a/b/new.txt", b"x"),
    "new content": lambda files: files.write("a/b/c.txt", b"changed"),
    "a new folder": lambda files: files.mkdir("a/b/new"),
    "a deletion": lambda files: files.delete("a/b/c.txt"),
    "a new name": lambda files: files.move("a/b/c.txt", "a/b/d.txt"),
    "a copy": lambda files: files.copy("a/b/c.txt", "a/b/d.txt"),
    "a new time": lambda files: files.touch("a/b/c.txt", 5),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_gives_every_folder_above_a_new_etag_and_no_other(alice: UserFiles, change: str) -> None:
    alice.write("a/b/c.txt", b"c", parents=True)
    alice.write("a/other/file.txt", b"o", parents=True)
    above, beside = ("/", "/a", "/a/b"), ("/a/other", "/a/other/file.txt")
    before, quiet = etags(alice, *above), etags(alice, *beside)
    CHANGES[change](alice)
    assert all(old != new for old, new in zip(before, etags(alice, *above), strict=True))
    assert etags(alice, *beside) == quiet


def test_a_move_between_folders_changes_both(alice: UserFiles) -> None:
    alice.write("from/x.txt", b"x", parents=True)
    alice.mkdir("to")
    before = etags(alice, "/from", "/to", "/")
    alice.move("from/x.txt", "to/x.txt")
    assert not set(before) & set(etags(alice, "/from", "/to", "/"))


def test_two_writes_within_one_second_keep_the_files_etag(alice: UserFiles, sandbox: Sandbox) -> None:
    first = alice.write("x.txt", b"one").node.etag
    root = alice.etag(alice.get("/"))
    assert alice.write("x.txt", b"two, longer").node.etag == first
    assert alice.read("x.txt") == b"two, longer"
    assert alice.etag(alice.get("/")) != root
    with sandbox.at(1001):
        assert alice.write("x.txt", b"three").node.etag != first


def test_sizes_of_folders_are_sums(alice: UserFiles) -> None:
    alice.write("a/b/c.txt", b"12345", parents=True)
    alice.write("a/d.txt", b"123")
    alice.write("a/b/c.txt", b"1")
    assert [alice.get(path).node.size for path in ("/", "/a", "/a/b")] == [4, 4, 1]
    alice.delete("a/b")
    assert alice.used_bytes() == 3


def test_a_deleted_folder_comes_back_with_its_content_and_ids(alice: UserFiles) -> None:
    node = alice.write("a/b/c.txt", b"c", parents=True).node
    item = alice.delete("a")
    assert item is not None
    assert not alice.exists("a")
    assert alice.by_id(node.id) is None
    assert item.key == "a.d1000"
    alice.restore(item.key)
    assert alice.by_id(node.id) == alice.get("a/b/c.txt")
    assert alice.trash() == []


def test_restoring_never_overwrites(alice: UserFiles) -> None:
    alice.write("x.txt", b"old")
    item = alice.delete("x.txt")
    alice.write("x.txt", b"new")
    assert item is not None
    assert alice.restore(item.key).path == "/x (restored).txt"
    assert (alice.read("x.txt"), alice.read("x (restored).txt")) == (b"new", b"old")


def test_restoring_into_a_folder_that_is_gone_puts_it_into_the_root(alice: UserFiles) -> None:
    alice.write("a/x.txt", b"x", parents=True)
    item = alice.delete("a/x.txt")
    alice.delete("a")
    assert item is not None
    assert alice.restore(item.key).path == "/x.txt"


def test_two_deletions_of_one_name_within_a_second_stay_apart(alice: UserFiles) -> None:
    for content in (b"1", b"2"):
        alice.write("x.txt", content)
        alice.delete("x.txt")
    assert [item.key for item in alice.trash()] == ["x.txt.d1001", "x.txt.d1000"]


def test_purging_forgets_versions_and_favourites(alice: UserFiles, sandbox: Sandbox) -> None:
    node = alice.write("x.txt", b"one").node
    with sandbox.at(1001):
        alice.write("x.txt", b"two")
    alice.set_favorite(node, True)
    item = alice.delete("x.txt")
    assert item is not None
    alice.purge(item.key)
    assert node.id not in alice.store.nodes
    assert node.id not in alice.store.versions
    assert not alice.is_favorite(node)
    with pytest.raises(Missing):
        alice.restore(item.key)


def test_old_contents_are_versions_and_can_be_brought_back(alice: UserFiles, sandbox: Sandbox) -> None:
    node = alice.write("x.txt", b"one").node
    with sandbox.at(1005):
        alice.write("x.txt", b"two")
    assert [(version.timestamp, version.content) for version in alice.versions(node)] == [(1000, b"one"), (1005, b"two")]
    etag = node.etag
    alice.restore_version(node, 1000)
    assert (node.content, node.mtime) == (b"one", 1000)
    assert node.etag != etag
    assert [version.content for version in alice.versions(node)] == [b"one", b"two"]
    with pytest.raises(Missing):
        alice.restore_version(node, 7)


def test_a_copy_has_its_own_id_and_the_same_time_and_etag(alice: UserFiles, sandbox: Sandbox) -> None:
    old = alice.write("a/x.txt", b"x", parents=True).node
    with sandbox.at(2000):
        alice.copy("a", "b")
    new = alice.get("b/x.txt").node
    assert (new.content, new.mtime, new.etag) == (old.content, old.mtime, old.etag)
    assert new.id != old.id


def test_replacing_by_move_sends_the_old_one_to_the_trash(alice: UserFiles) -> None:
    alice.write("a.txt", b"a")
    alice.write("b.txt", b"b")
    assert alice.move("a.txt", "b.txt")[1]
    assert alice.read("b.txt") == b"a"
    assert [item.node.content for item in alice.trash()] == [b"b"]


@pytest.mark.parametrize("name", ["a\\b", ".htaccess", "x.part", "..", "x" * 300, "tab\tname"])
def test_forbidden_names_are_refused(alice: UserFiles, name: str) -> None:
    with pytest.raises(InvalidName):
        alice.write(name, b"")
    assert alice.children("/") == []


def test_wrong_places_are_refused(alice: UserFiles) -> None:
    alice.write("x.txt", b"x")
    alice.mkdir("folder/in", parents=True)
    with pytest.raises(NoParent):
        alice.write("no/such/folder.txt", b"")
    with pytest.raises(NoParent):
        alice.write("x.txt/below.txt", b"")
    with pytest.raises(Exists):
        alice.mkdir("x.txt")
    with pytest.raises(Exists):
        alice.write("folder", b"")
    with pytest.raises(Exists):
        alice.copy("x.txt", "folder", overwrite=False)
    with pytest.raises(Denied):
        alice.move("folder", "folder/in/folder")
    with pytest.raises(Missing):
        alice.read("nothing")


def test_one_user_sees_nothing_of_the_others(alice: UserFiles, bob: UserFiles) -> None:
    node = alice.write("secret.txt", b"x").node
    alice.set_favorite(node, True)
    assert bob.children("/") == []
    assert bob.by_id(node.id) is None
    assert not bob.is_favorite(node)


def test_a_shared_folder_changes_the_etag_of_both_roots(alice: UserFiles, bob: UserFiles) -> None:
    folder = alice.mkdir("Shared").node
    bob.mount("From Alice", folder, "shared")
    before = etags(alice, "/")[0], etags(bob, "/")[0]
    alice.write("Shared/x.txt", b"x")
    between = etags(alice, "/")[0], etags(bob, "/")[0]
    assert bob.read("From Alice/x.txt") == b"x"
    bob.write("From Alice/y.txt", b"y")
    after = etags(alice, "/")[0], etags(bob, "/")[0]
    assert all(len({*states}) == 3 for states in zip(before, between, after, strict=True))
    assert alice.get("Shared/y.txt").node.owner == "alice"
    assert (bob.used_bytes(), alice.used_bytes()) == (0, 2)


def test_a_share_for_reading_cannot_be_changed(alice: UserFiles, bob: UserFiles) -> None:
    alice.write("Shared/x.txt", b"x", parents=True)
    bob.mount("In", alice.get("Shared").node, "shared", permissions=READ | SHARE)
    for change in (
        lambda: bob.write("In/x.txt", b"!"),
        lambda: bob.write("In/new.txt", b"!"),
        lambda: bob.delete("In/x.txt"),
        lambda: bob.move("In/x.txt", "out.txt"),
    ):
        with pytest.raises(Denied):
            change()
    assert alice.read("Shared/x.txt") == b"x"
    assert bob.get("In/x.txt").permissions == READ | SHARE


def test_deleting_a_mounted_folder_only_takes_it_away_from_the_one_who_does(alice: UserFiles, bob: UserFiles) -> None:
    alice.write("Shared/x.txt", b"x", parents=True)
    bob.mount("In", alice.get("Shared").node, "shared")
    assert bob.delete("In") is None
    assert not bob.exists("In")
    assert alice.exists("Shared/x.txt")


def test_what_a_recipient_deletes_goes_to_the_owners_trash(alice: UserFiles, bob: UserFiles) -> None:
    alice.write("Shared/x.txt", b"x", parents=True)
    bob.mount("In", alice.get("Shared").node, "shared")
    bob.delete("In/x.txt")
    assert [(item.location, item.by) for item in alice.trash()] == [("Shared/x.txt", "bob")]
    assert bob.trash() == []


def test_a_mount_steps_aside_and_can_be_renamed(alice: UserFiles, bob: UserFiles) -> None:
    bob.write("Doc.txt", b"own")
    node = alice.write("Doc.txt", b"x").node
    assert bob.mount("Doc.txt", node, "shared").path == "/Doc (2).txt"
    assert bob.move("Doc (2).txt", "Renamed.txt")[0].node is node
    assert alice.exists("Doc.txt")
    assert bob.by_id(node.id) == bob.get("Renamed.txt")


def test_events_tell_what_happened(alice: UserFiles, sandbox: Sandbox) -> None:
    heard: list[tuple[str, str, str]] = []
    sandbox.listeners.append(lambda event, user, details: heard.append((event, user, details["path"])))
    alice.write("x.txt", b"1")
    alice.write("x.txt", b"2")
    alice.move("x.txt", "y.txt")
    alice.delete("y.txt")
    assert heard == [
        ("file.created", "alice", "/x.txt"),
        ("file.written", "alice", "/x.txt"),
        ("file.written", "alice", "/x.txt"),
        ("file.renamed", "alice", "/y.txt"),
        ("file.deleted", "alice", "/y.txt"),
    ]


PATHS = st.sampled_from(["a", "b", "a/a", "a/b", "b/a", "a/a/a", "a/b/a"])
STEPS = st.tuples(st.sampled_from(["write", "mkdir", "delete", "move", "copy"]), PATHS, PATHS, st.binary(max_size=4))


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_the_tree_agrees_with_a_plain_dictionary(steps: list[tuple[str, str, str, bytes]]) -> None:
    """Whatever happens: the content is that of a naive model, and every folder's size is the sum of its files."""
    files, model = new_sandbox().files("alice"), dict[str, bytes | None]()
    for action, path, other, data in steps:
        apply(files, model, action, path, other, data)
        assert {
            entry.path[1:]: None if entry.node.is_folder else entry.node.content for entry in files.walk() if entry.path != "/"
        } == model
    for entry in files.walk():
        below = [node.size for node in entry.node.below() if not node.is_folder]
        assert entry.node.size == sum(below)


def inside(model: dict[str, bytes | None], path: str) -> dict[str, bytes | None]:
    return {name: value for name, value in model.items() if name == path or name.startswith(path + "/")}


def apply(files: UserFiles, model: dict[str, bytes | None], action: str, path: str, other: str, data: bytes) -> None:
    try:
        if action == "write":
            files.write(path, data)
            model[path] = data
        elif action == "mkdir":
            files.mkdir(path)
            model[path] = None
        elif action == "delete":
            files.delete(path)
            for name in inside(model, path):
                del model[name]
        else:
            (files.move if action == "move" else files.copy)(path, other, overwrite=False)
            for name, value in inside(model, path).items():
                if action == "move":
                    del model[name]
                model[other + name[len(path) :]] = value
    except (Missing, Exists, NoParent, Denied):
        return


def test_all_permissions_are_the_default(alice: UserFiles) -> None:
    assert alice.mkdir("a").permissions == ALL
    assert alice.write("a/x", b"").permissions == ALL - 4
