"""What a request is about, or the refusal that the app gives; most have no text."""

from aiohttp import web

from nextcloud_sandbox.areas.tables.state import Column, Row, Table, Tables, View
from nextcloud_sandbox.calls import Call, Refusal, html

SLEEVES = 'Did expect one result but found none when executing: query "SELECT * FROM `*PREFIX*tables_row_sleeves` WHERE `id` = :dcValue1"; '
SERVICE = "OCA\\Tables\\Service\\RowService"
CRASH = "<!DOCTYPE html>\n<html><body><h2>Internal Server Error</h2></body></html>"


def tables_of(call: Call) -> Tables:
    return Tables(call.sandbox, call.uid)


def crash() -> web.Response:
    return html(500, CRASH)


def message(call: Call, status: int, text: str) -> Refusal:
    return Refusal(call.json({"message": text}, status))


def table_of(call: Call, right: str = "read") -> Table:
    """404 where the table is not there or cannot be read, 403 where the right lacks; both empty."""
    tables, number = tables_of(call), int(call.args["id"])
    if not tables.may(number, "read"):
        raise Refusal(html(404, ""))
    if not tables.may(number, right):
        raise Refusal(html(403, ""))
    return tables.store.tables[number]


def column_of(call: Call) -> Column:
    tables = tables_of(call)
    column = tables.store.columns.get(int(call.args["id"]))
    if column is None or not tables.may(column.table, "manage"):
        raise Refusal(html(404 if column is None else 403, ""))
    return column


def view_of(call: Call, right: str = "read") -> View:
    tables = tables_of(call)
    view = tables.store.views.get(int(call.args["id"]))
    if view is None or not tables.may(view.table, right):
        raise Refusal(html(404, ""))
    return view


def row_to_read(call: Call) -> Row:
    tables, number = tables_of(call), int(call.args["id"])
    row = tables.store.rows.get(number)
    if row is None:
        raise message(call, 404, f"{SERVICE} - find: {SLEEVES}")
    if not tables.may(row.table, "read"):
        raise message(call, 403, f"PermissionError: can not read row with id {number}")
    return row


def row_to_change(call: Call, action: str, right: str) -> Row:
    """Missing rows are a fault of the server to the app."""
    tables = tables_of(call)
    row = tables.store.rows.get(int(call.args["id"]))
    if row is None:
        raise message(call, 500, f"{SERVICE} - {action}: {SERVICE} - getRowById: {SLEEVES}")
    if not tables.may(row.table, "read"):
        raise message(call, 404, f"{SERVICE} - {action}: Row not found.")
    if not tables.may(row.table, right):
        raise Refusal(html(403, ""))
    return row
