"""Listings are in an order a person expects."""

from dataclasses import replace

from nextcloud_mcp_server.apps.files.sorting import ordered
from nextcloud_mcp_server.apps.files.wire import Entry

FILE = Entry("x", False, 1, "text/plain", "Sat, 21 Nov 2026 00:40:18 GMT", "e", 1, False)


def named(*names: str) -> list[Entry]:
    return [replace(FILE, path=f"in/{name}", is_folder=name.endswith("/")) for name in names]


def names(entries: list[Entry]) -> list[str]:
    return [entry.path.removeprefix("in/") for entry in entries]


def test_names_sort_folders_first_and_numbers_by_value() -> None:
    made = [replace(entry, path=entry.path.rstrip("/")) for entry in named("b10.txt", "B9.txt", "a.txt", "zoo/", "10", "9", "ümlaut")]
    assert names(ordered(made, "name")) == ["zoo", "9", "10", "a.txt", "B9.txt", "b10.txt", "ümlaut"]


def test_the_newest_or_the_largest_comes_first() -> None:
    old = replace(FILE, path="old", modified="Fri, 14 Jul 2017 02:40:00 GMT", size=9)
    odd = replace(FILE, path="odd", modified="not a date", size=None)
    assert names(ordered([old, odd, FILE], "modified")) == ["x", "old", "odd"]
    assert names(ordered([odd, FILE, old], "size")) == ["old", "x", "odd"]


def test_names_of_digits_that_are_no_numbers_do_not_break_it() -> None:
    assert len(ordered(named("²", "1²3", "9" * 50, "٣"), "name")) == 4
