"""The tools of Tables."""

import asyncio
from typing import Annotated, Any

from pydantic import Field

from nextcloud_mcp_server.apps.tables.client import Tables
from nextcloud_mcp_server.apps.tables.models import Row, Schema, Table
from nextcloud_mcp_server.apps.tables.rows import alone, not_taken_as_equal, shown
from nextcloud_mcp_server.core.arguments import Limit
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, cursor_for, offset_of, paginate
from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("tables")
Data = Annotated[dict[str, Any], Field(description="Values by column title or id.")]


@TOOLS.read(items="tables", total="total_count", untrusted=True)
async def nc_tables_list_tables(tables: Tables, limit: Limit = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Table]:
    """List tables."""
    return paginate(await tables.tables(), limit, cursor)


@TOOLS.read(untrusted=True)
async def nc_tables_get_schema(tables: Tables, table_id: int) -> Schema:
    """Read a table's columns, selection options and views."""
    scheme = await tables.scheme(table_id)
    columns = [column.shown() for column in scheme.columns]
    return Schema.model_validate({**scheme.model_dump(), "columns": columns, "url": tables.link(table_id)})


@TOOLS.read(items="rows", untrusted=True)
async def nc_tables_read_table(
    tables: Tables,
    table_id: int,
    limit: Limit = DEFAULT_LIMIT,
    offset: Annotated[int, Field(ge=0)] = 0,
    cursor: str | None = None,
    view_id: int | None = None,
) -> Page[Row]:
    """Read rows of a table or of one of its views."""
    start = offset_of(cursor) or offset
    columns, rows = await asyncio.gather(tables.columns(table_id, view_id), tables.rows(table_id, limit + 1, start, view_id))
    titles = {column.id: column.title for column in columns}
    also = {"table_id": table_id, "limit": limit, "offset": start, "view_id": view_id, "columns": titles}
    following = cursor_for(start + limit) if len(rows) > limit else None
    return Page([shown(row, columns) for row in rows[:limit]], following, also=also)


@TOOLS.create(untrusted=True)
async def nc_tables_insert_row(tables: Tables, table_id: int, data: Data) -> Row:
    """Add a row. Selections take labels, link columns an address, people their user id."""
    columns = await tables.columns(table_id)
    cells = await tables.cells(columns, data, new=True)
    return alone(await tables.insert(table_id, cells.values), columns, cells.note)


@TOOLS.update(untrusted=True)
async def nc_tables_update_row(tables: Tables, row_id: int, data: Data, etag: str | None = None) -> Row:
    """Change the given cells of a row; null empties."""
    if not data:
        raise InvalidValue("Nothing to change: data is empty.")
    row = await tables.row_to_change(row_id, etag)
    columns = await tables.columns(row.tableId)
    cells = await tables.cells(columns, data)
    not_taken_as_equal(row, columns, cells.values)
    return alone(await tables.update(row_id, cells.values), columns, cells.note)


@TOOLS.delete(untrusted=True)
async def nc_tables_delete_row(tables: Tables, row_id: int, etag: str | None = None) -> Row:
    """Delete a row for good; answers what it held."""
    row = await tables.row_to_change(row_id, etag)
    columns = await tables.columns(row.tableId)
    await tables.delete(row_id)
    return alone(row, columns, "Tables has no trash: nc_tables_insert_row with these values makes the row anew.")
