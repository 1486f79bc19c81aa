"""What carries a hiding tag does not exist, nor does anything below it."""

import pytest

from nextcloud_mcp_server.nextcloud.hidden import NOTHING, Hidden, folded, path_in

HIDDEN = Hidden(frozenset({7}), frozenset({folded("Private"), folded("Work/Ünder"), folded("notes/one.md")}))


@pytest.mark.parametrize(
    "path", ["Private", "/Private/", "Private/deep/er.txt", "private/x", "Work/U\u0308nder/a", "notes/one.md", "NOTES/ONE.MD"]
)
def test_a_tagged_thing_and_everything_below_it_is_hidden(path: str) -> None:
    assert HIDDEN.hides(path)


@pytest.mark.parametrize("path", ["", "Privateer", "Work", "Work/Under", "notes/one.md.bak", "notes", "x/Private"])
def test_what_lies_beside_or_above_stays(path: str) -> None:
    assert not HIDDEN.hides(path)


def test_an_id_hides_wherever_the_thing_has_moved() -> None:
    assert HIDDEN.hides("elsewhere/now.txt", 7)
    assert not HIDDEN.hides("elsewhere/now.txt", 8)
    assert not HIDDEN.hides("elsewhere/now.txt")


def test_a_tag_on_the_root_hides_everything() -> None:
    assert Hidden(frozenset(), frozenset({""})).hides("any/thing")


@pytest.mark.parametrize(
    ("path", "inside"), [("", True), ("Work", True), ("Private", False), ("notes", True), ("Wor", False), ("other", False)]
)
def test_a_folder_knows_whether_something_in_it_is_hidden(path: str, inside: bool) -> None:
    assert HIDDEN.within(path) is inside


def test_without_tags_nothing_is_hidden() -> None:
    assert not NOTHING.hides("any/thing", 7)
    assert not NOTHING.within("")


@pytest.mark.parametrize(
    ("href", "path"),
    [
        ("/remote.php/dav/files/alice/a/b c.txt", "a/b c.txt"),
        ("/cloud/remote.php/dav/files/alice@example.test/folder/", "folder"),
        ("/remote.php/dav/files/alice/", ""),
        ("/remote.php/dav/files/alice", ""),
        ("/remote.php/dav/files/alice/remote.php/dav/files/x/y", "remote.php/dav/files/x/y"),
        ("/elsewhere", ""),
    ],
)
def test_a_path_is_read_from_an_address_below_any_subpath(href: str, path: str) -> None:
    assert path_in(href) == path
