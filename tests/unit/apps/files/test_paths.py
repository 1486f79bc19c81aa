"""A path means the same however it is written, and never leaves the person's files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.files import paths
from nextcloud_mcp_server.core.errors import InvalidValue


@pytest.mark.parametrize("path", ["a/b.txt", "/a/b.txt", "a//b.txt/", "./a/./b.txt", "///a/b.txt///"])
def test_slashes_and_dots_around_a_path_do_not_matter(path: str) -> None:
    assert paths.normal(path) == "a/b.txt"


@pytest.mark.parametrize("path", ["", "/", ".", "./", "//"])
def test_the_root_has_many_names_and_is_no_file(path: str) -> None:
    assert paths.normal(path) == ""
    with pytest.raises(InvalidValue, match="root"):
        paths.named(path)


@pytest.mark.parametrize("path", ["..", "a/../b", "../../etc/passwd", "a/..", "a\\..\\b", "a\0b", "a\nb", "half \ud83d"])
def test_a_path_that_leaves_or_hides_something_is_refused(path: str) -> None:
    with pytest.raises(InvalidValue):
        paths.normal(path)


@pytest.mark.parametrize("path", ["..a/b..", "...", "a b&c#d?e%20f+g.txt", "ünï 空/😀.md", "x" * 250, " leading and trailing "])
def test_odd_names_stay_as_they_are(path: str) -> None:
    assert paths.named(path) == path


@given(st.text(max_size=30))
def test_a_normal_path_is_normal_already(path: str) -> None:
    try:
        once = paths.normal(path)
    except InvalidValue:
        return
    assert paths.normal(once) == once
    assert ".." not in once.split("/")


def test_names_and_folders_of_a_path() -> None:
    assert (paths.name("a/b/c.txt"), paths.parent("a/b/c.txt"), paths.name("c"), paths.parent("c")) == ("c.txt", "a/b", "c", "")
    assert paths.below("a/b", "a")
    assert paths.below("a/b", "")
    assert not paths.below("ab", "a")
    assert not paths.below("a", "a")


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("%.TXT", "a.txt", True),
        ("a_c", "abc", True),
        ("a", "ab", False),
        ("%b%", "abc", True),
        ("a.c", "abc", False),
        ("%", "line\nbreak", True),
    ],
)
def test_a_pattern_means_what_it_means_in_sql(pattern: str, name: str, matches: bool) -> None:
    assert (paths.like(pattern).fullmatch(name) is not None) is matches
