"""The Tables tools on a Nextcloud."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import pytest

from nextcloud_sandbox.areas.tables.state import Tables
from tests.contract.conftest import Place
from tests.support.assistant import Assistant

API = "/index.php/apps/tables/api/1"
OPTIONS = json.dumps([{"id": 0, "label": "new"}, {"id": 1, "label": "used"}, {"id": 2, "label": "New"}])
COLUMNS: dict[str, tuple[str, dict[str, Any]]] = {
    "Name": ("text", {"subtype": "line", "mandatory": True, "textMaxLength": 40}),
    "Notes": ("text", {"subtype": "rich"}),
    "Page": ("text", {"subtype": "link", "textAllowedPattern": "files,url"}),
    "Qty": ("number", {"numberMin": 0, "numberMax": 1000, "numberDecimals": 0}),
    "Price": ("number", {"numberDecimals": 2}),
    "Stars": ("number", {"subtype": "stars"}),
    "State": ("selection", {"selectionOptions": OPTIONS, "subtype": ""}),
    "Tags": ("selection", {"selectionOptions": OPTIONS, "subtype": "multi"}),
    "Checked": ("selection", {"selectionOptions": "[]", "subtype": "check", "selectionDefault": "false"}),
    "When": ("datetime", {"subtype": ""}),
    "Day": ("datetime", {"subtype": "date"}),
    "Hour": ("datetime", {"subtype": "time"}),
    "Who": ("usergroup", {"usergroupDefault": "[]", "usergroupMultipleItems": True, "usergroupSelectUsers": True}),
}


@dataclass
class Made:
    """A table with a column of every type; `ids` by title."""

    alice: Assistant
    id: int
    ids: dict[str, int]

    async def api(self, method: str, path: str, **more: Any) -> Any:
        answer = await self.alice.session.request(method, f"{API}{path}", what="the table", **more)
        return answer.json()

    async def insert(self, **data: Any) -> dict[str, Any]:
        return await self.alice.call("nc_tables_insert_row", table_id=self.id, data={"Name": "a row", **data})

    async def rows(self, **more: Any) -> list[dict[str, Any]]:
        return (await self.alice.call("nc_tables_read_table", table_id=self.id, limit=500, **more))["rows"]

    async def stored(self, row_id: int) -> dict[str, Any]:
        """The cells by title, as Nextcloud has them."""
        titles = {number: title for title, number in self.ids.items()}
        return {titles[cell["columnId"]]: cell["value"] for cell in (await self.api("GET", f"/rows/{row_id}"))["data"]}


@pytest.fixture
async def table(alice: Assistant, name: str) -> AsyncGenerator[Made]:
    answer = await alice.session.request(
        "POST", f"{API}/tables", what="the table", json={"title": name, "emoji": "📦", "template": "custom"}
    )
    made = Made(alice, answer.json()["id"], {})
    for title, (kind, options) in COLUMNS.items():
        fields = {"baseNodeId": made.id, "baseNodeType": "table", "title": title, **options}
        column = await alice.session.ocs("POST", f"/apps/tables/api/2/columns/{kind}", what="the column", json=fields)
        made.ids[title] = column["id"]
    yield made
    await made.api("DELETE", f"/tables/{made.id}")


async def share(table: Made, person: Assistant, **rights: bool) -> None:
    fields = {f"permission{right}": rights.get(right.lower(), False) for right in ("Read", "Create", "Update", "Delete", "Manage")}
    receiver = {"receiver": await person.session.uid(), "receiverType": "user", "displayMode": 0}
    await table.api("POST", "/shares", json={"nodeId": table.id, "nodeType": "table", **receiver, **fields})


def cells(row: dict[str, Any]) -> dict[str, Any]:
    return {row["columns"][str(cell["columnId"])]: cell.get("value") for cell in row["data"]}


async def test_a_table_is_listed_with_owner_and_size(alice: Assistant, table: Made, name: str) -> None:
    await table.insert()
    listed = await alice.call("nc_tables_list_tables", limit=500)
    (one,) = [found for found in listed["tables"] if found["id"] == table.id]
    me = await alice.session.person()
    expected = {
        "title": name,
        "emoji": "📦",
        "ownership": me.id,
        "owner_display_name": me.display_name,
        "created_by": me.id,
        "row_count": 1,
    }
    assert {key: one[key] for key in expected} == expected
    assert (one["has_shares"], one["archived"], one["is_shared"]) == (False, False, False)
    assert one["created_at"]
    assert one["last_edit_at"]
    assert one["url"].endswith(f"/index.php/apps/tables/#/table/{table.id}")
    assert listed["total_count"] == len(listed["tables"])


async def test_a_schema_shows_columns_options_and_views(alice: Assistant, table: Made, name: str) -> None:
    view = await table.api("POST", f"/tables/{table.id}/views", json={"title": "A view", "emoji": "💶"})
    schema = await alice.call("nc_tables_get_schema", table_id=table.id)
    assert (schema["title"], schema["emoji"], schema["description"]) == (name, "📦", "")
    assert schema["tablesVersion"]
    columns = {column["title"]: column for column in schema["columns"]}
    assert list(columns) == list(COLUMNS)
    quantity = {"type": "number", "mandatory": False, "numberMin": 0, "numberMax": 1000}
    assert {key: columns["Qty"][key] for key in quantity} == quantity
    assert columns["State"]["selectionOptions"] == json.loads(OPTIONS)
    assert (columns["Name"]["mandatory"], columns["Name"]["textMaxLength"]) == (True, 40)
    assert not [field for field in columns["Name"] if field.startswith(("number", "selection", "usergroup", "datetime"))]
    assert [(one["id"], one["title"]) for one in schema["views"]] == [(view["id"], "A view")]


async def test_a_row_is_written_by_title_and_reads_back_typed(alice: Assistant, table: Made) -> None:
    me = await alice.session.uid()
    row = await table.insert(
        Notes="**bold** & <b>x</b>",
        Page="https://example.info/a?b=1",
        qty=12,
        Price="12.5",
        Stars=3,
        State="used",
        Tags=["new", 1],
        Checked=True,
        When="2026-11-20 10:30",
        Day="2026-11-20",
        Hour="18:05",
        Who=me,
    )
    shown = cells(row)
    assert {key: shown[key] for key in ("Name", "Notes", "Qty", "Price", "Stars")} == {
        "Name": "a row",
        "Notes": "**bold** & <b>x</b>",
        "Qty": 12,
        "Price": 12.5,
        "Stars": 3,
    }
    assert (shown["State"], shown["Tags"], shown["Checked"]) == (1, [0, 1], "true")
    assert (shown["When"], shown["Day"], shown["Hour"]) == ("2026-11-20 10:30", "2026-11-20", "18:05")
    assert json.loads(shown["Page"]) == {"title": "https://example.info/a?b=1", "value": "https://example.info/a?b=1", "providerId": "url"}
    assert [one["id"] for one in shown["Who"]] == [me]
    labels = {row["columns"][str(cell["columnId"])]: cell["label"] for cell in row["data"] if "label" in cell}
    assert labels == {"State": "used", "Tags": "new, used"}
    assert (row["tableId"], row["createdBy"], row["lastEditBy"]) == (table.id, me, me)
    assert row["createdAt"]
    assert "note" not in row
    assert shown == await table.stored(row["id"])


async def test_columns_are_named_by_id_too(table: Made) -> None:
    row = await table.insert(**{str(table.ids["Price"]): 2.75, str(table.ids["State"]): 2})
    assert (cells(row)["Price"], cells(row)["State"]) == (2.75, 2)


async def test_an_update_changes_only_the_given_cells(alice: Assistant, table: Made) -> None:
    row = await table.insert(Price=2.75, State="new", Day="2026-01-01", Who=await alice.session.uid(), Page="https://example.org/")
    before = await table.stored(row["id"])
    after = await alice.call("nc_tables_update_row", row_id=row["id"], data={"Day": "2026-02-02"}, etag=row["etag"])
    assert cells(after) == await table.stored(row["id"]) == {**before, "Day": "2026-02-02"}
    assert after["etag"] != row["etag"]


async def test_null_and_an_empty_text_clear_a_cell(alice: Assistant, table: Made) -> None:
    filled = {"Notes": "x", "Page": "https://example.org/", "State": "used", "Tags": "new", "Checked": "yes", "When": "2026-11-20 10:30"}
    row = await table.insert(**filled, Day="2026-01-01", Hour="10:00", Who=await alice.session.uid())
    for empty in ("", None):
        clear = {**dict.fromkeys(filled, empty), "Day": empty, "Hour": empty, "Who": empty}
        after = cells(await alice.call("nc_tables_update_row", row_id=row["id"], data=clear))
        assert {key: value for key, value in after.items() if value not in (None, "", [])} == {"Name": "a row", "Checked": "false"}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"Nmae": "x"}, ["no column 'Nmae'", "Name ("]),
        ({"999999": "x"}, ["no column '999999'", "Name ("]),
        ({"Qty": "a dozen"}, ["'a dozen' is not a number", "Qty ("]),
        ({"Qty": "12 pieces"}, ["not a number"]),
        ({"Qty": True}, ["not a number"]),
        ({"Qty": 1001}, ["at least 0 and at most 1000"]),
        ({"Stars": 6}, ["at most 5"]),
        ({"State": "broken"}, ["'broken' is not an option", "used"]),
        ({"Tags": ["new", "broken"]}, ["'broken' is not an option"]),
        ({"Checked": "maybe"}, ["yes or no"]),
        ({"When": "tomorrow"}, ["not a date and time"]),
        ({"Day": "31.12.2026"}, ["not a date"]),
        ({"Hour": "noon"}, ["not a time"]),
        ({"Page": "example.org"}, ["not a web address"]),
        ({"Page": "javascript:alert(1)"}, ["not a web address"]),
        ({"Name": "x" * 41}, ["40 characters; these are 41"]),
        ({"Name": ""}, ["mandatory"]),
        ({"Who": [{"id": 5}]}, ["user id"]),
        ({"Who": "nobody-here"}, ["User not found"]),
        ({"Price": None}, ["cannot empty number column"]),
        ({"Name": "x", "name": "y"}, ["given twice"]),
    ],
)
async def test_a_value_that_does_not_fit_is_refused_before_anything_changes(
    alice: Assistant, table: Made, data: dict[str, Any], told: list[str]
) -> None:
    row = await table.insert(Price=1)
    text = await alice.error("nc_tables_update_row", row_id=row["id"], data=data)
    assert all(part in text for part in told), text
    if data != {"Price": None}:
        await alice.error("nc_tables_insert_row", table_id=table.id, data={"Name": "new", **data})
    assert [one["etag"] for one in await table.rows()] == [row["etag"]]


async def test_a_row_without_its_mandatory_values_is_refused(alice: Assistant, table: Made) -> None:
    text = await alice.error("nc_tables_insert_row", table_id=table.id, data={"Qty": 1})
    assert f"mandatory columns: Name ({table.ids['Name']})" in text
    assert await table.rows() == []


async def test_decimals_that_are_not_shown_are_told(table: Made) -> None:
    row = await table.insert(Qty=2.75, Price=1.005)
    assert (cells(row)["Qty"], "2.75 is shown as 2" in row["note"]) == (2, True)


async def test_a_time_with_an_offset_becomes_the_persons(alice: Assistant, table: Made) -> None:
    row = await table.insert(When="2026-07-01T12:00:30+00:00")
    zone = (await alice.session.person()).zone
    hours = {"UTC": "12:00", "Europe/Berlin": "14:00"}
    if zone.key in hours:
        assert cells(row)["When"] == f"2026-07-01 {hours[zone.key]}"
    assert "seconds were left out" in row["note"]


@pytest.mark.parametrize(("title", "old", "new"), [("Notes", "007", "7"), ("Notes", "1e2", "100"), ("State", 0, None)])
async def test_a_change_that_tables_takes_for_none_is_refused(alice: Assistant, table: Made, title: str, old: Any, new: Any) -> None:
    row = await table.insert(**{title: old})
    await table.api("PUT", f"/rows/{row['id']}", json={"data": {str(table.ids[title]): new}})
    assert (await table.stored(row["id"]))[title] == old
    text = await alice.error("nc_tables_update_row", row_id=row["id"], data={title: new})
    assert f"takes {new!r} for the same as {old!r}" in text
    between = "x" if title == "Notes" else "used"
    await alice.call("nc_tables_update_row", row_id=row["id"], data={title: between})
    after = await alice.call("nc_tables_update_row", row_id=row["id"], data={title: new})
    assert cells(after).get(title) == new


async def test_a_stale_etag_changes_and_deletes_nothing(alice: Assistant, table: Made) -> None:
    row = await table.insert(Price=1)
    newer = await alice.call("nc_tables_update_row", row_id=row["id"], data={"Price": 2}, etag=row["etag"])
    for tool, more in (("update", {"data": {"Price": 3}}), ("delete", {})):
        text = await alice.error(f"nc_tables_{tool}_row", row_id=row["id"], etag=row["etag"], **more)
        assert "modified by someone else" in text
        assert newer["etag"] in text
    assert (await table.stored(row["id"]))["Price"] == 2


async def test_a_deleted_row_is_answered_with_what_it_held(alice: Assistant, table: Made) -> None:
    row = await table.insert(Price=2.5)
    deleted = await alice.call("nc_tables_delete_row", row_id=row["id"], etag=row["etag"])
    assert (deleted["id"], cells(deleted)["Price"]) == (row["id"], 2.5)
    assert "nc_tables_insert_row" in deleted["note"]
    assert await table.rows() == []
    for tool, more in (("update", {"data": {"Price": 3}}), ("delete", {})):
        assert f"Row {row['id']} not found" in await alice.error(f"nc_tables_{tool}_row", row_id=row["id"], **more)


async def test_a_missing_table_is_told_with_those_there_are(alice: Assistant, table: Made, name: str) -> None:
    for tool, more in (("get_schema", {}), ("read_table", {}), ("insert_row", {"data": {"Name": "x"}})):
        text = await alice.error(f"nc_tables_{tool}", table_id=999999, **more)
        assert "Table 999999 not found" in text
        assert name in text or "…" in text


async def test_a_view_shows_its_columns_rows_and_order(alice: Assistant, table: Made) -> None:
    for title, price in (("dear", 20), ("cheap", 1), ("fair", 5)):
        await table.insert(Name=title, Price=price)
    view = await table.api("POST", f"/tables/{table.id}/views", json={"title": "Cheap", "emoji": "💶"})
    settings = {
        "columnSettings": [{"columnId": table.ids["Name"], "order": 0}, {"columnId": table.ids["Price"], "order": 1}],
        "sort": [{"columnId": table.ids["Price"], "mode": "DESC"}],
        "filter": [[{"columnId": table.ids["Price"], "operator": "is-lower-than", "value": "10"}]],
    }
    await table.api("PUT", f"/views/{view['id']}", json={"data": settings})
    page = await alice.call("nc_tables_read_table", table_id=table.id, view_id=view["id"])
    assert set(page["columns"].values()) == {"Name", "Price"}
    names = [cell["value"] for row in page["rows"] for cell in row["data"] if cell["columnId"] == table.ids["Name"]]
    assert names == ["fair", "cheap"]
    text = await alice.error("nc_tables_read_table", table_id=table.id, view_id=999999)
    assert "View 999999 not found" in text
    assert f"Cheap ({view['id']})" in text
    other = await alice.session.request("POST", f"{API}/tables", what="a table", json={"title": "other", "template": "custom"})
    text = await alice.error("nc_tables_read_table", table_id=other.json()["id"], view_id=view["id"])
    assert f"is one of table {table.id}" in text
    await table.api("DELETE", f"/tables/{other.json()['id']}")


@pytest.mark.parametrize("count", [0, 25, 26])
async def test_rows_come_in_pages_of_25(alice: Assistant, table: Made, count: int) -> None:
    made = [
        (await table.api("POST", f"/tables/{table.id}/rows", json={"data": {str(table.ids["Name"]): str(n)}}))["id"] for n in range(count)
    ]
    page = await alice.call("nc_tables_read_table", table_id=table.id)
    seen = [row["id"] for row in page["rows"]]
    assert (seen, page["table_id"], page["limit"], page["offset"]) == (made[:25], table.id, 25, 0)
    assert ("next_cursor" in page) is (count > 25)
    if count > 25:
        rest = await alice.call("nc_tables_read_table", table_id=table.id, cursor=page["next_cursor"])
        assert ([row["id"] for row in rest["rows"]], rest["offset"]) == (made[25:], 25)
    by_offset = await alice.call("nc_tables_read_table", table_id=table.id, limit=10, offset=20)
    assert [row["id"] for row in by_offset["rows"]] == made[20:30]


async def test_ten_thousand_rows_are_paged_by_nextcloud(place: Place, alice: Assistant, table: Made) -> None:
    if place.sandbox is None:
        pytest.skip("ten thousand rows are too much for somebody's Nextcloud")
    tables = Tables(place.sandbox.sandbox, await alice.session.uid())
    made = [tables.add_row(table.id, {table.ids["Name"]: str(number)}).id for number in range(10_000)]
    page = await alice.call("nc_tables_read_table", table_id=table.id, offset=9_970, limit=25)
    assert [row["id"] for row in page["rows"]] == made[9_970:9_995]
    last = await alice.call("nc_tables_read_table", table_id=table.id, cursor=page["next_cursor"])
    assert [row["id"] for row in last["rows"]] == made[9_995:]
    assert "next_cursor" not in last
    asked = [seen.query for seen in place.sandbox.sandbox.requests if seen.path.endswith(f"/tables/{table.id}/rows")]
    assert asked[-1] == "limit=26&offset=9995"


async def test_two_writers_of_different_cells_lose_nothing(alice: Assistant, table: Made) -> None:
    row = await table.insert()
    changes = ({"Price": 2.5}, {"State": "used"}, {"Notes": "both"})
    await asyncio.gather(*(alice.call("nc_tables_update_row", row_id=row["id"], data=data) for data in changes))
    stored = await table.stored(row["id"])
    assert (stored["Price"], stored["State"], stored["Notes"]) == (2.5, 1, "both")


async def test_nobody_sees_or_changes_another_persons_table(bob: Assistant, table: Made, name: str) -> None:
    row = await table.insert()
    assert name not in str(await bob.call("nc_tables_list_tables", limit=500))
    for tool, more in (("get_schema", {}), ("read_table", {}), ("insert_row", {"data": {"Name": "mine"}})):
        assert f"Table {table.id} not found" in await bob.error(f"nc_tables_{tool}", table_id=table.id, **more)
    await bob.error("nc_tables_update_row", row_id=row["id"], data={"Name": "mine"})
    await bob.error("nc_tables_delete_row", row_id=row["id"])
    assert [one["etag"] for one in await table.rows()] == [row["etag"]]


async def test_a_share_gives_what_it_says_and_no_more(bob: Assistant, table: Made) -> None:
    row = await table.insert(Price=1)
    await share(table, bob, read=True, create=True)
    (listed,) = [one for one in (await bob.call("nc_tables_list_tables", limit=500))["tables"] if one["id"] == table.id]
    assert (listed["is_shared"], listed["ownership"]) == (True, await table.alice.session.uid())
    permissions = listed["on_share_permissions"]
    assert (permissions["read"], permissions["create"], permissions["update"]) == (True, True, False)
    mine = await bob.call("nc_tables_insert_row", table_id=table.id, data={"Name": "of bob"})
    assert mine["createdBy"] == await bob.session.uid()
    for tool, more in (("update", {"data": {"Price": 5}}), ("delete", {})):
        text = await bob.error(f"nc_tables_{tool}_row", row_id=row["id"], **more)
        assert "permit" in text
    assert (await table.stored(row["id"]))["Price"] == 1
