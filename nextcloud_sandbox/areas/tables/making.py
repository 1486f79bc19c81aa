"""Tables, columns, views and shares: REST API v1."""

from typing import Any, cast

from aiohttp import web

from nextcloud_sandbox.areas.tables.checks import column_of, crash, message, table_of, tables_of, view_of
from nextcloud_sandbox.areas.tables.records import column_record, share_record, table_record, view_record
from nextcloud_sandbox.areas.tables.state import COLUMN, RIGHTS, Table, Tables
from nextcloud_sandbox.calls import Call, Refusal, html
from nextcloud_sandbox.routing import Routes

routes = Routes("tables")
API = "/apps/tables/api/1"
ID = "{id:\\d+}"
TYPES = ("text", "number", "selection", "datetime", "usergroup")
SETTINGS = ("columnSettings", "sort", "filter")


def make_table(tables: Tables, values: dict[str, Any]) -> Table:
    table = tables.add_table(str(values.get("title") or ""), values.get("emoji"), str(values.get("description") or ""))
    if values.get("template") == "todo":
        todo(tables, table.id)
    return table


def todo(tables: Tables, table: int) -> None:
    """The template's columns and its four example rows."""
    for title in ("Task", "Description", "Target", "Comments"):
        tables.add_column(table, title, type="text", subtype="line")
    tables.add_column(table, "Progress", type="number", subtype="progress")
    proofed = tables.add_column(table, "Proofed", type="selection", subtype="check")
    task = tables.columns_of(table)[0]
    for text in ("Create initial milestones", "Kickoff meeting", "Set up some documentation and collaboration tools", "Add more actions"):
        tables.add_row(table, {task.id: text, proofed.id: "false"})


@routes.app("GET", API + "/tables")
async def listing(call: Call) -> web.StreamResponse:
    tables = tables_of(call)
    return call.json([table_record(tables, table) for table in tables.visible()])


@routes.app("POST", API + "/tables")
async def create(call: Call) -> web.StreamResponse:
    tables = tables_of(call)
    return call.json(table_record(tables, make_table(tables, await call.params())))


@routes.app("GET", f"{API}/tables/{ID}")
async def get(call: Call) -> web.StreamResponse:
    return call.json(table_record(tables_of(call), table_of(call)))


@routes.app("GET", f"{API}/tables/{ID}/scheme")
async def scheme(call: Call) -> web.StreamResponse:
    tables, table = tables_of(call), table_of(call)
    columns = [column_record(tables, column, listed=True) for column in tables.columns_of(table.id)]
    views = [view_record(tables, view) for view in tables.views_of(table.id)]
    head = {"title": table.title, "emoji": table.emoji, "columns": columns, "views": views}
    return call.json({**head, "description": table.description, "tablesVersion": "1.0.9"})


@routes.app("DELETE", f"{API}/tables/{ID}")
async def delete(call: Call) -> web.StreamResponse:
    tables, table = tables_of(call), table_of(call, "manage")
    tables.remove_table(table)
    return call.json(table_record(tables, table, gone=True))


# Columns


@routes.app("GET", f"{API}/tables/{ID}/columns")
async def columns(call: Call) -> web.StreamResponse:
    tables, number = tables_of(call), int(call.args["id"])
    if not tables.may(number, "read"):
        raise message(call, 403, f"no read access to table id = {number}")
    return call.json([column_record(tables, column, listed=True) for column in tables.columns_of(number)])


@routes.app("GET", f"{API}/views/{ID}/columns")
async def view_columns(call: Call) -> web.StreamResponse:
    tables, view = tables_of(call), view_of(call)
    found = [tables.store.columns[number] for number in view.column_ids if number in tables.store.columns]
    return call.json([column_record(tables, column, listed=True) for column in found])


@routes.app("POST", f"{API}/tables/{ID}/columns")
async def create_column(call: Call) -> web.StreamResponse:
    return new_column(call, table_of(call, "manage").id, await call.params(), {"selectionDefault": "", "datetimeDefault": ""})


@routes.app("POST", API + "/columns")
async def create_column_anywhere(call: Call) -> web.StreamResponse:
    values = await call.params()
    call.args["id"] = str(values.get("tableId"))
    given = {"selectionDefault": "", "datetimeDefault": "", "textUnique": False}
    return new_column(call, table_of(call, "manage").id, values, given)


def new_column(call: Call, table: int, values: dict[str, Any], given: dict[str, Any]) -> web.Response:
    if values.get("mandatory") is None:
        return crash()
    if values.get("type") not in TYPES:
        text = f'"{values.get("type")}" is not a valid backing value for enum OCA\\Tables\\Constants\\ColumnType'
        raise message(call, 400, text)
    tables = tables_of(call)
    named = {name: values[name] for name in COLUMN if values.get(name) is not None}
    return call.json(column_record(tables, tables.add_column(table, str(values.get("title")), **given, **named)))


@routes.app("PUT", f"{API}/columns/{ID}")
async def update_column(call: Call) -> web.StreamResponse:
    """What is not named is reset, but for suffixes, options and the like."""
    tables, column, values = tables_of(call), column_of(call), await call.params()
    column.title = str(values.get("title") or column.title)
    column.options |= {name: values.get(name) for name in ("description", "numberDecimals", "numberMin", "numberMax", "numberDefault")}
    column.options |= {name: values[name] for name in ("mandatory", "numberSuffix", "numberPrefix") if values.get(name) is not None}
    tables.changed(column)
    return call.json(column_record(tables, column))


@routes.app("DELETE", f"{API}/columns/{ID}")
async def delete_column(call: Call) -> web.StreamResponse:
    tables, column = tables_of(call), column_of(call)
    tables.remove_column(column)
    return call.json(column_record(tables, column))


# Views


@routes.app("GET", f"{API}/tables/{ID}/views")
async def views(call: Call) -> web.StreamResponse:
    tables = tables_of(call)
    return call.json([view_record(tables, view) for view in tables.views_of(table_of(call).id)])


@routes.app("POST", f"{API}/tables/{ID}/views")
async def create_view(call: Call) -> web.StreamResponse:
    tables, values = tables_of(call), await call.params()
    return call.json(
        view_record(tables, tables.add_view(table_of(call, "manage").id, values.text("title"), values.get("emoji")), fresh=True)
    )


@routes.app("PUT", f"{API}/views/{ID}")
async def update_view(call: Call) -> web.StreamResponse:
    """Everything inside "data"; lists as lists, values of filters as texts, or the server fails."""
    tables, view, data = tables_of(call), view_of(call, "manage"), (await call.params()).get("data")
    if not isinstance(data, dict) or "columns" in data:
        return crash()
    given = cast("dict[str, Any]", data)
    groups = cast("list[list[dict[str, Any]]]", given.get("filter") or [])
    rules = [rule for group in groups if isinstance(given["filter"], list) for rule in group]
    if any(not isinstance(given.get(name, []), list) for name in SETTINGS) or any(not isinstance(rule["value"], str) for rule in rules):
        return crash()
    view.title, view.emoji = given.get("title", view.title), given.get("emoji", view.emoji)
    view.columns = given.get("columnSettings", view.columns)
    view.sort, view.filter = given.get("sort", view.sort), given.get("filter", view.filter)
    tables.changed(view)
    return call.json(view_record(tables, view))


@routes.app("DELETE", f"{API}/views/{ID}")
async def delete_view(call: Call) -> web.StreamResponse:
    tables, view = tables_of(call), view_of(call, "manage")
    del tables.store.views[view.id]
    return call.json(view_record(tables, view, fresh=True))


# Shares


@routes.app("POST", API + "/shares")
async def share(call: Call) -> web.StreamResponse:
    tables, values = tables_of(call), await call.params()
    call.args["id"] = str(values.get("nodeId"))
    rights = {right: values.flag(f"permission{right.capitalize()}") for right in RIGHTS}
    made = tables.add_share(table_of(call, "manage").id, values.text("receiver"), values.text("receiverType"), rights)
    return call.json(share_record(tables, made))


@routes.app("GET", f"{API}/tables/{ID}/shares")
async def shares(call: Call) -> web.StreamResponse:
    tables, table = tables_of(call), table_of(call, "manage")
    return call.json([share_record(tables, one) for one in tables.store.shares.values() if one.table == table.id])


@routes.app("DELETE", f"{API}/shares/{ID}")
async def unshare(call: Call) -> web.StreamResponse:
    tables = tables_of(call)
    found = tables.store.shares.get(int(call.args["id"]))
    if found is None or not tables.may(found.table, "manage"):
        raise Refusal(html(404, ""))
    del tables.store.shares[found.id]
    return call.json(share_record(tables, found))


@routes.app("POST", f"{API}/import/table/{ID}")
async def import_file(_: Call) -> web.StreamResponse:
    """The library that reads spreadsheets is not installed."""
    return crash()
