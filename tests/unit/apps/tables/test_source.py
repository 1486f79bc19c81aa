"""A row in words."""

from typing import Any

from nextcloud_mcp_server.apps.tables.models import COLUMNS, ROW, Table
from nextcloud_mcp_server.apps.tables.source import document_of
from nextcloud_mcp_server.core.documents import Document

TABLE = Table.model_validate({"id": 3, "title": "Stock", "ownership": "alice"})
COLUMNS_MADE = COLUMNS.validate_python(
    [
        {"id": 1, "title": "Amount", "type": "number"},
        {"id": 2, "title": "Name", "type": "text", "subtype": "line"},
        {"id": 3, "title": "State", "type": "selection", "selectionOptions": [{"id": 0, "label": "new"}, {"id": 1, "label": "used"}]},
        {"id": 4, "title": "Who", "type": "usergroup"},
    ]
)


def row(*cells: tuple[int, Any], **more: Any) -> Document:
    data = [{"columnId": column, "value": value} for column, value in cells]
    return document_of(TABLE, ROW.validate_python({"id": 9, "tableId": 3, "data": data, **more}), COLUMNS_MADE)


def test_the_first_text_is_the_title_and_cells_are_said_with_their_columns() -> None:
    made = row((4, [{"id": "bob", "displayName": "Bob"}, {"id": "carol"}]), (3, 0), (2, "Widget"), (1, 12))
    assert (made.id, made.title, made.owner, made.readers) == ("3/9", "Widget", "alice", frozenset({"alice"}))
    assert made.text == "Widget\nTable: Stock\nAmount: 12\nName: Widget\nState: new\nWho: Bob, carol"


def test_several_choices_are_said_by_their_labels() -> None:
    assert "State: used, new" in row((3, [1, 0])).text


def test_a_row_without_text_is_named_by_its_first_value_and_an_empty_one_by_its_number() -> None:
    assert row((1, 12)).title == "12"
    assert row((2, ""), (4, [])).title == "Row 9 of Stock"


def test_a_row_has_another_version_when_a_cell_or_the_name_of_the_table_changes() -> None:
    versions = {row((1, 1)).version, row((1, 2)).version, row((1, 1), lastEditAt="2026-01-01 00:00:00").version}
    assert len(versions) == 3
    assert row((1, 1)).version == row((1, 1)).version
