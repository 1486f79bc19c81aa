"""Rows: REST API v1."""

import json
from typing import Any, cast

from aiohttp import web

from nextcloud_sandbox.areas.tables.checks import message, row_to_change, row_to_read, table_of, tables_of, view_of
from nextcloud_sandbox.areas.tables.making import API, ID
from nextcloud_sandbox.areas.tables.records import new_row_record, row_record, rows_in
from nextcloud_sandbox.areas.tables.state import Column, Row, Tables
from nextcloud_sandbox.areas.tables.values import Bad, alike, check, parsed, shown, stored
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.routing import Routes

routes = Routes("tables")


class Unknown(Exception):
    """A column that the table does not have."""


def read_cells(tables: Tables, table: int, data: Any, row: Row | None = None) -> dict[int, Any]:
    """The values by column. Raises Bad for what is refused and Unknown for other columns."""
    if isinstance(data, str):
        data = json.loads(data)
    pairs = dict(enumerate(cast("list[Any]", data))) if isinstance(data, list) else cast("dict[str, Any]", data)
    columns = {column.id: column for column in tables.columns_of(table)}
    out: dict[int, Any] = {}
    for key, value in pairs.items():
        number = int(key) if str(key).isdigit() else 0
        if number not in columns:
            raise Unknown(f"Column with id {number} is not part of table with id {table}")
        check(tables, columns[number], value, row.id if row else None)
        out[number] = parsed(columns[number], value)
    for column in columns.values():
        mandatory(column, out, row)
    return out


def mandatory(column: Column, values: dict[int, Any], row: Row | None) -> None:
    kept = row.cells if row else {}
    if not column.options["mandatory"]:
        return
    if column.id not in values and column.id not in kept:
        raise Bad(f'Mandatory column "{column.title}" cannot be empty.')
    value = values.get(column.id, kept.get(column.id))
    if column.kind != "selection-check" and value in (None, "", []):
        raise Bad(f'Mandatory column "{column.title}" cannot be empty or invalid.')


def create_row(tables: Tables, table: int, data: Any) -> dict[str, Any]:
    values = read_cells(tables, table, data)
    row = tables.add_row(table, {key: stored(tables.store.columns[key], value) for key, value in values.items()})
    return new_row_record(row, values)


def page(rows: list[Row], query: Any) -> list[Row]:
    start = int(query.get("offset") or 0)
    return rows[start : start + int(query["limit"])] if query.get("limit") else rows[start:]


@routes.app("GET", f"{API}/tables/{ID}/rows")
async def listing(call: Call) -> web.StreamResponse:
    tables, table = tables_of(call), table_of(call)
    columns = tables.columns_of(table.id)
    return call.json([row_record(tables, row, columns) for row in page(list(tables.rows_of(table.id)), call.request.query)])


@routes.app("GET", f"{API}/views/{ID}/rows")
async def in_view(call: Call) -> web.StreamResponse:
    tables, view = tables_of(call), view_of(call)
    columns = [tables.store.columns[number] for number in view.column_ids if number in tables.store.columns]
    return call.json([row_record(tables, row, columns) for row in page(rows_in(tables, view), call.request.query)])


@routes.app("GET", f"{API}/tables/{ID}/rows/simple")
async def simple(call: Call) -> web.StreamResponse:
    tables, table = tables_of(call), table_of(call)
    columns = tables.columns_of(table.id)
    lines: list[list[Any]] = [[column.title for column in columns]]
    lines += [
        [shown(tables, column, row.cells[column.id]) if column.id in row.cells else "" for column in columns]
        for row in tables.rows_of(table.id)
    ]
    return call.json(lines)


@routes.app("POST", f"{API}/tables/{ID}/rows")
async def create(call: Call) -> web.StreamResponse:
    tables, table = tables_of(call), table_of(call, "create")
    try:
        return call.json(create_row(tables, table.id, (await call.params()).get("data")))
    except Bad as error:
        raise message(call, 400, str(error)) from None
    except Unknown as error:
        raise message(call, 500, str(error)) from None


@routes.app("GET", f"{API}/rows/{ID}")
async def get(call: Call) -> web.StreamResponse:
    tables, row = tables_of(call), row_to_read(call)
    return call.json(row_record(tables, row, tables.columns_of(row.table)))


@routes.app("PUT", f"{API}/rows/{ID}")
async def update(call: Call) -> web.StreamResponse:
    """Answers with the time of the change before."""
    tables, row = tables_of(call), row_to_change(call, "updateSet", "update")
    try:
        values = read_cells(tables, row.table, (await call.params()).get("data"), row)
    except Bad as error:
        raise message(call, 400, str(error)) from None
    except Unknown as error:
        raise message(call, 500, str(error)) from None
    columns = tables.store.columns
    changed = {key: value for key, value in values.items() if key not in row.cells or not alike(row.cells[key], value)}
    row.cells |= {key: stored(columns[key], value) for key, value in changed.items()}
    answer = row_record(tables, row, tables.columns_of(row.table))
    tables.changed(row)
    return call.json(answer)


@routes.app("DELETE", f"{API}/rows/{ID}")
async def delete(call: Call) -> web.StreamResponse:
    tables, row = tables_of(call), row_to_change(call, "delete", "delete")
    answer = row_record(tables, row, tables.columns_of(row.table))
    tables.remove_row(row)
    return call.json(answer)
