"""Tables, columns, rows, views and shares as the API shows them."""

from collections.abc import Callable
from typing import Any

from nextcloud_sandbox.areas.tables.state import RIGHTS, Column, Row, Share, Table, Tables, View
from nextcloud_sandbox.areas.tables.values import shown

FLAGS = ("textUnique", "usergroupMultipleItems", "usergroupSelectUsers", "usergroupSelectGroups", "usergroupSelectTeams", "showUserStatus")
ORDER = ("usergroup", "selection", "datetime", "number", "text")
"""Cells come type by type, in an order that depends on the database; this is the recorded one."""
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "is-equal": lambda a, b: a == b,
    "is-not-equal": lambda a, b: a != b,
    "is-lower-than": lambda a, b: a < b,
    "is-lower-than-or-equal": lambda a, b: a <= b,
    "is-greater-than": lambda a, b: a > b,
    "is-greater-than-or-equal": lambda a, b: a >= b,
    "contains": lambda a, b: str(b).lower() in str(a).lower(),
    "begins-with": lambda a, b: str(a).lower().startswith(str(b).lower()),
}


def name_of(tables: Tables, user: str) -> str:
    found = tables.sandbox.users.get(user)
    return found.display_name if found else user


def table_record(tables: Tables, table: Table, *, gone: bool = False) -> dict[str, Any]:
    shares = tables.shares_with_me(table.id) if table.owner != tables.user else []
    rights = {right: any(share.rights.get(right) for share in shares) for right in RIGHTS}
    return {
        "id": table.id,
        "title": table.title,
        "emoji": table.emoji,
        "ownership": table.owner,
        "ownerDisplayName": "" if gone else name_of(tables, table.owner),
        **table.stamps(),
        "archived": table.archived,
        "isShared": bool(shares),
        "favorite": tables.user in table.favorites,
        "onSharePermissions": rights if shares else None,
        "hasShares": any(share.table == table.id for share in tables.store.shares.values()),
        "rowsCount": 0 if gone else len(tables.store.rows_of[table.id]),
        "columnsCount": 0 if gone else len(tables.columns_of(table.id)),
        "views": [] if gone else [view_record(tables, view) for view in tables.views_of(table.id)],
        "description": table.description,
    }


def column_record(tables: Tables, column: Column, *, listed: bool = False) -> dict[str, Any]:
    """In a listing the database's defaults stand for what was not given."""
    options = dict(column.options)
    if listed:
        options |= {"numberDecimals": options["numberDecimals"] or 0, **{flag: bool(options[flag]) for flag in FLAGS}}
    names = {"createdByDisplayName": name_of(tables, column.created_by), "lastEditByDisplayName": name_of(tables, column.created_by)}
    return {
        "id": column.id,
        "tableId": column.table,
        "title": column.title,
        **column.stamps(),
        **names,
        "viewColumnInformation": None,
    } | options


def view_record(tables: Tables, view: View, *, fresh: bool = False) -> dict[str, Any]:
    """`fresh`: as creating and deleting answer, without the owner's name and the count."""
    return {
        "id": view.id,
        "tableId": view.table,
        "title": view.title,
        "description": view.description,
        "emoji": view.emoji,
        "ownership": view.created_by,
        **view.stamps(),
        "columns": [],
        "columnSettings": [{"readonly": False, "mandatory": False, **one} for one in view.columns],
        "sort": view.sort,
        "isShared": False,
        "favorite": False,
        "onSharePermissions": None,
        "hasShares": False,
        "rowsCount": 0 if fresh else len(rows_in(tables, view)),
        "ownerDisplayName": None if fresh else name_of(tables, view.created_by),
        "filter": view.filter,
    }


def row_record(tables: Tables, row: Row, columns: list[Column]) -> dict[str, Any]:
    """The cells that have something; an empty list of people is left out."""
    data = [
        {"columnId": column.id, "value": shown(tables, column, row.cells[column.id])}
        for column in sorted(columns, key=lambda one: (ORDER.index(one.options["type"]), -one.id))
        if column.id in row.cells and (column.options["type"] != "usergroup" or row.cells[column.id])
    ]
    return {"id": row.id, "tableId": row.table, **row.stamps(), "data": data}


def new_row_record(row: Row, answered: dict[int, Any]) -> dict[str, Any]:
    """Creating answers with the values as they were read, and without saying who and when."""
    nobody = dict.fromkeys(("createdBy", "createdAt", "lastEditBy", "lastEditAt"))
    return {"id": row.id, "tableId": row.table, **nobody, "data": [{"columnId": key, "value": value} for key, value in answered.items()]}


def share_record(tables: Tables, share: Share) -> dict[str, Any]:
    return {
        "id": share.id,
        "nodeId": share.table,
        "nodeType": "table",
        **{f"permission{right.capitalize()}": share.rights.get(right, False) for right in RIGHTS},
        "sender": share.sender,
        "receiver": share.receiver,
        "receiverDisplayName": name_of(tables, share.receiver),
        "receiverType": share.receiver_type,
        "createdAt": share.at,
        "lastEditAt": share.at,
    }


def rows_in(tables: Tables, view: View) -> list[Row]:
    """The rows that pass one of the view's groups of filters, in its order."""
    rows = [row for row in tables.rows_of(view.table) if passes(tables, view, row)]
    for rule in reversed(view.sort):
        number = int(rule["columnId"])
        rows.sort(key=lambda row: (row.cells.get(number) is None, row.cells.get(number) or ""), reverse=rule.get("mode") == "DESC")
    return rows


def passes(tables: Tables, view: View, row: Row) -> bool:
    return not view.filter or any(all(fits(tables, row, rule) for rule in group) for group in view.filter)


def fits(tables: Tables, row: Row, rule: dict[str, Any]) -> bool:
    column, value = tables.store.columns.get(int(rule["columnId"])), row.cells.get(int(rule["columnId"]))
    wanted: Any = rule["value"]
    if rule["operator"] == "is-empty":
        return value in (None, "", [])
    if column is None or value is None:
        return False
    if column.options["type"] == "number":
        wanted = float(wanted)
    elif column.kind == "selection-check":
        wanted = {"@checked": "true", "@unchecked": "false"}.get(wanted, wanted)
    return COMPARE.get(rule["operator"], lambda a, b: a == b)(value, wanted)
