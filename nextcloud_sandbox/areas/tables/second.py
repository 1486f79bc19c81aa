"""The OCS API, version 2."""

import json
from typing import Any

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.areas.tables.checks import table_of, tables_of
from nextcloud_sandbox.areas.tables.making import ID, make_table
from nextcloud_sandbox.areas.tables.records import column_record, table_record
from nextcloud_sandbox.areas.tables.rows import Unknown, create_row
from nextcloud_sandbox.areas.tables.state import COLUMN
from nextcloud_sandbox.areas.tables.values import Bad
from nextcloud_sandbox.calls import Call, Refusal, html
from nextcloud_sandbox.routing import Routes

routes = Routes("tables")
API = "/apps/tables/api/2"
UNEXPECTED = "An unexpected error occurred. More details can be found in the logs. Please reach out to your administration."


@routes.ocs("GET", API + "/init")
async def init(call: Call) -> web.StreamResponse:
    tables = tables_of(call)
    return ocs.ok(call, {"tables": [table_record(tables, table) for table in tables.visible()], "views": []})


@routes.ocs("GET", API + "/tables")
async def listing(call: Call) -> web.StreamResponse:
    tables = tables_of(call)
    return ocs.ok(call, [table_record(tables, table) for table in tables.visible()])


@routes.ocs("GET", f"{API}/tables/{ID}")
async def get(call: Call) -> web.StreamResponse:
    return ocs.ok(call, table_record(tables_of(call), table_of(call)))


@routes.ocs("GET", f"{API}/tables/scheme/{ID}")
async def scheme(call: Call) -> web.StreamResponse:
    return ocs.fail(call, 996, "Internal Server Error\n")


@routes.ocs("POST", API + "/tables")
async def create(call: Call) -> web.StreamResponse:
    tables = tables_of(call)
    return ocs.ok(call, table_record(tables, make_table(tables, await call.params())))


@routes.ocs("PUT", f"{API}/tables/{ID}")
async def update(call: Call) -> web.StreamResponse:
    tables, table, values = tables_of(call), table_of(call, "manage"), await call.params()
    table.title, table.emoji = values.get("title") or table.title, values.get("emoji") or table.emoji
    table.archived = values.flag("archived", table.archived)
    tables.changed(table)
    return ocs.ok(call, table_record(tables, table))


@routes.ocs("DELETE", f"{API}/tables/{ID}")
async def delete(call: Call) -> web.StreamResponse:
    tables, table = tables_of(call), table_of(call, "manage")
    tables.remove_table(table)
    return ocs.ok(call, table_record(tables, table, gone=True))


@routes.ocs("GET", f"{API}/columns/table/{ID}")
async def columns(call: Call) -> web.StreamResponse:
    tables, table = tables_of(call), table_of(call)
    return ocs.ok(call, [column_record(tables, column, listed=True) for column in tables.columns_of(table.id)])


@routes.ocs("GET", f"{API}/columns/{ID}")
async def column(call: Call) -> web.StreamResponse:
    tables = tables_of(call)
    found = tables.store.columns.get(int(call.args["id"]))
    if found is None or not tables.may(found.table, "read"):
        raise Refusal(html(404, ""))
    return ocs.ok(call, column_record(tables, found, listed=True))


@routes.ocs("POST", API + "/columns/{type:number|text|selection|datetime|usergroup}")
async def create_column(call: Call) -> web.StreamResponse:
    tables, values = tables_of(call), await call.params()
    call.args["id"] = str(values.get("baseNodeId"))
    table = table_of(call, "manage")
    options: dict[str, Any] = {name: values[name] for name in COLUMN if values.get(name) is not None}
    for name in ("selectionOptions", "usergroupDefault"):
        if isinstance(options.get(name), str):
            options[name] = json.loads(options[name])
    if call.args["type"] == "text":
        options.setdefault("textUnique", False)
    options["type"] = call.args["type"]
    return ocs.ok(call, column_record(tables, tables.add_column(table.id, values.text("title"), **options)))


@routes.ocs("POST", f"{API}/tables/{ID}/rows")
async def create_in_table(call: Call) -> web.StreamResponse:
    tables, table = tables_of(call), table_of(call, "create")
    try:
        return ocs.ok(call, create_row(tables, table.id, (await call.params()).get("data")))
    except Bad as error:
        return ocs.fail(call, 400, "", {"message": str(error)})
    except Unknown:
        return ocs.fail(call, 500, "", {"message": UNEXPECTED})


@routes.ocs("POST DELETE", API + "/favorites/0/" + ID)
async def favorite(call: Call) -> web.StreamResponse:
    table = table_of(call)
    (table.favorites.add if call.request.method == "POST" else table.favorites.discard)(call.uid)
    return ocs.ok(call, [])
