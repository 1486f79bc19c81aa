"""Values in the forms that Tables keeps."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.tables.models import Column, Option
from nextcloud_mcp_server.apps.tables.values import cells, column_of, label_of
from nextcloud_mcp_server.core.errors import InvalidValue

CHOICES = [Option(id=0, label="new"), Option(id=1, label="Used, worn"), Option(id=2, label="1"), Option(id=3, label="NEW")]
BERLIN = ZoneInfo("Europe/Berlin")


def column(kind: str, title: str = "C", number: int = 7, **more: Any) -> Column:
    main, _, subtype = kind.partition("-")
    return Column(id=number, title=title, type=main, subtype=subtype, selectionOptions=CHOICES if main == "selection" else [], **more)


def value_of(kind: str, value: Any, **more: Any) -> Any:
    return cells([column(kind, **more)], {"C": value}, BERLIN).values["7"]


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("text-line", "x", "x"),
        ("text-line", 5, "5"),
        ("text-rich", "# a\n\nb", "# a\n\nb"),
        ("text-line", "", ""),
        ("text-line", None, ""),
        ("number", "12", 12),
        ("number", -0.5, -0.5),
        ("number-stars", 5, 5),
        ("number-progress", "100", 100),
        ("selection", "new", 0),
        ("selection", "NEW", 3),
        ("selection", "used, WORN", 1),
        ("selection", "1", 2),
        ("selection", 1, 1),
        ("selection", ["new"], 0),
        ("selection", None, None),
        ("selection-multi", "Used, worn", [1]),
        ("selection-multi", "NEW, new", [0, 3]),
        ("selection-multi", [3, "new", 0], [0, 3]),
        ("selection-multi", None, []),
        ("selection-check", True, "true"),
        ("selection-check", "No", "false"),
        ("selection-check", 1, "true"),
        ("selection-check", None, "false"),
        ("datetime", "2026-07-01T12:00:00Z", "2026-07-01 14:00"),
        ("datetime", "2026-07-01 12:00", "2026-07-01 12:00"),
        ("datetime", "2026-07-01", "2026-07-01 00:00"),
        ("datetime", "", None),
        ("datetime-date", "2026-12-31T23:30:00Z", "2027-01-01"),
        ("datetime-time", "09:05", "09:05"),
        ("usergroup", "alice", [{"id": "alice", "type": 0}]),
        ("usergroup", ["alice", {"id": "team", "type": "Group"}], [{"id": "alice", "type": 0}, {"id": "team", "type": 1}]),
        ("usergroup", [{"id": "c", "type": 2, "displayName": "C"}], [{"id": "c", "type": 2}]),
        ("usergroup", [], []),
        ("something-new", "x", "x"),
    ],
)
def test_a_value_takes_the_form_of_its_column(kind: str, value: Any, kept: Any) -> None:
    assert value_of(kind, value) == kept


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", "12 pieces"),
        ("number", "NaN"),
        ("number", "inf"),
        ("number", False),
        ("number", [1]),
        ("number", 2**53 + 1),
        ("number", 10**400),
        ("number-stars", 2.5),
        ("number-stars", 6),
        ("number-progress", -1),
        ("selection", "old"),
        ("selection", 9),
        ("selection", True),
        ("selection", ["new", "NEW"]),
        ("selection-check", "maybe"),
        ("text-line", ["a"]),
        ("text-line", True),
        ("text-link", "mailto:a@example.org"),
        ("text-link", "{broken"),
        ("text-link", {"title": "no address"}),
        ("datetime", "31.12.2026"),
        ("datetime-time", "9:05"),
        ("usergroup", 5),
        ("usergroup", {"id": "a", "type": "robot"}),
    ],
)
def test_a_value_that_tables_would_lose_is_refused_with_the_column(kind: str, value: Any) -> None:
    with pytest.raises(InvalidValue, match=r"C \(7\)"):
        value_of(kind, value)


def test_an_unknown_option_is_told_with_those_there_are() -> None:
    with pytest.raises(InvalidValue) as caught:
        value_of("selection", "old")
    assert caught.value.candidates == ("new", "Used, worn", "1", "NEW")


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_every_number_that_a_float_holds_is_kept(number: float) -> None:
    assert value_of("number", number) == number


def test_only_decimals_that_are_not_shown_are_told() -> None:
    for value, decimals, told in (
        (2.75, None, "2"),
        (2.75, 0, "2"),
        (-2.75, 0, "-2"),
        (2.755, 1, "2.8"),
        (2.75, 2, None),
        (3.0, None, None),
    ):
        note = cells([column("number", numberDecimals=decimals)], {"C": value}).note
        assert (note is None) if told is None else (note is not None and f"shown as {told}." in note), (value, decimals)


def test_bounds_are_kept() -> None:
    bounded = column("number", numberMin=0, numberMax=10)
    assert cells([bounded], {"C": 10}).values == {"7": 10}
    for value, told in ((11, "at least 0 and at most 10"), (-1, "at least 0")):
        with pytest.raises(InvalidValue, match=told):
            cells([bounded], {"C": value})


@pytest.mark.parametrize("address", ["https://example.info/a?b=1#c", "http://host:8080/", "https://exämple.org/ü"])
def test_a_link_is_kept_whole_and_names_its_provider_only_where_it_is_allowed(address: str) -> None:
    plain = json.loads(value_of("text-link", address))
    assert plain == {"title": address, "value": address}
    allowed = json.loads(value_of("text-link", {"title": "t", "url": address}, textAllowedPattern="files,url"))
    assert allowed == {"title": "t", "value": address, "providerId": "url"}
    assert json.loads(value_of("text-link", json.dumps(allowed), textAllowedPattern="files,url")) == allowed


def test_an_empty_number_is_refused_for_a_change_and_left_out_of_a_new_row() -> None:
    numbers = [column("number")]
    with pytest.raises(InvalidValue, match="would become 0"):
        cells(numbers, {"C": None})
    assert cells(numbers, {"C": None}, new=True).values == {}


def test_mandatory_columns_need_a_value() -> None:
    columns = [
        column("text-line", "Name", 1, mandatory=True),
        column("text-line", "Other", 2),
        column("selection-check", "Ok", 3, mandatory=True),
    ]
    with pytest.raises(InvalidValue, match=r"mandatory columns: Name \(1\), Ok \(3\)"):
        cells(columns, {"Other": "x"}, new=True)
    with pytest.raises(InvalidValue, match=r"Name \(1\) is mandatory"):
        cells(columns, {"Name": " "})
    assert cells(columns, {"Other": "x"}).values == {"2": "x"}
    assert cells(columns, {"Name": "x", "Ok": False}, new=True).values == {"1": "x", "3": "false"}


def test_a_column_is_named_by_id_title_or_title_in_any_case() -> None:
    columns = [column("text", "Price", 5), column("text", "price", 6), column("text", "5", 8), column("text", "Note", 9)]
    assert [column_of(columns, key).id for key in ("5", "6", "Price", "price", " NOTE ")] == [5, 6, 5, 6, 9]
    with pytest.raises(InvalidValue, match="several columns") as several:
        column_of(columns, "PRICE")
    assert several.value.candidates == ("Price (5)", "price (6)")
    with pytest.raises(InvalidValue, match="no column 'Prise'"):
        column_of(columns, "Prise")
    with pytest.raises(InvalidValue, match="given twice"):
        cells(columns, {"Note": "a", "9": "b"})


@given(st.dictionaries(st.sampled_from(["A", "B", "D"]), st.text(min_size=1).filter(str.strip)))
def test_only_the_given_columns_are_sent(data: dict[str, str]) -> None:
    columns = [column("text", title, number) for number, title in enumerate("ABCD", 1)]
    assert cells(columns, data).values == {str("ABCD".index(title) + 1): value for title, value in data.items()}


def test_labels_tell_what_options_mean() -> None:
    assert label_of(column("selection"), 0) == "new"
    assert label_of(column("selection-multi"), [0, 3]) == "new, NEW"
    assert label_of(column("selection"), 99) is None
    assert label_of(column("text"), "x") is None
    assert label_of(None, 1) is None
