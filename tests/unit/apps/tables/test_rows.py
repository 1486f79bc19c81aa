"""Rows as they are shown, and their versions."""

from typing import Any

import pytest

from nextcloud_mcp_server.apps.tables.models import Cell, Column, Option, Row, Table, View
from nextcloud_mcp_server.apps.tables.rows import alone, etag_of, not_taken_as_equal, same_version, shown
from nextcloud_mcp_server.core.errors import Changed, InvalidValue

COLUMNS = [
    Column(id=2, title="State", type="selection", subtype="", selectionOptions=[Option(id=0, label="open")]),
    Column(id=1, title="Name", type="text", subtype="line"),
]


def row(**cells: Any) -> Row:
    return Row(
        id=9, tableId=1, lastEditAt="2026-01-01 00:00:00", data=[Cell(columnId=int(key[1:]), value=value) for key, value in cells.items()]
    )


def test_cells_stand_in_the_order_of_the_columns_with_labels_and_unknown_ones_last() -> None:
    made = shown(row(c7="gone", c1="x", c2=0), COLUMNS)
    assert [(cell.columnId, cell.value, cell.label) for cell in made.data] == [(2, 0, "open"), (1, "x", None), (7, "gone", None)]
    assert made.etag == etag_of(made)


def test_a_row_by_itself_names_its_columns() -> None:
    made = alone(row(c1="x"), COLUMNS, "a note")
    assert (made.columns, made.note) == ({2: "State", 1: "Name"}, "a note")


def test_the_etag_follows_cells_and_the_time_of_the_change_but_not_their_order() -> None:
    first = row(c1="x", c2=0)
    assert etag_of(first) == etag_of(row(c2=0, c1="x"))
    others = [
        row(c1="y", c2=0),
        row(c1="x"),
        first.model_copy(update={"lastEditAt": "2026-01-01 00:00:01"}),
        first.model_copy(update={"id": 8}),
    ]
    assert len({etag_of(one) for one in [first, *others]}) == 5


def test_another_etag_is_a_change_by_someone_else() -> None:
    current = row(c1="x")
    for right in (None, "", etag_of(current), f'"{etag_of(current)}"'):
        same_version(right, current)
    with pytest.raises(Changed) as caught:
        same_version("stale", current)
    assert caught.value.etag == etag_of(current)


@pytest.mark.parametrize(("old", "new"), [({"c1": "007"}, {"1": "7"}), ({"c1": "1e3"}, {"1": "1000"}), ({"c2": 0}, {"2": None})])
def test_a_change_that_php_takes_for_none_is_refused(old: dict[str, Any], new: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="would keep the old"):
        not_taken_as_equal(row(**old), COLUMNS, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"c1": "007"}, {"1": "007"}),
        ({"c1": "7 a"}, {"1": "7"}),
        ({"c1": "7"}, {}),
        ({"c2": 0}, {"2": 1}),
        ({}, {"1": "7"}),
        ({"c9": "7"}, {"9": "07"}),
    ],
)
def test_other_changes_pass(old: dict[str, Any], new: dict[str, Any]) -> None:
    not_taken_as_equal(row(**old), COLUMNS, new)


def test_answers_with_nulls_and_lists_for_objects_are_read() -> None:
    table = Table.model_validate({"id": 1, "title": "t", "archived": None, "isShared": None, "onSharePermissions": None, "rowsCount": 3})
    assert (table.archived, table.is_shared, table.row_count) == (False, False, 3)
    assert View.model_validate({"id": 1, "sort": None, "filter": {}, "columnSettings": None}).sort == []
    column = Column.model_validate({"id": 1, "selectionOptions": None, "mandatory": None, "usergroupDefault": ""})
    assert column.options == []
    assert set(column.shown()) == {"id", "title", "type", "subtype", "mandatory", "description"}
