"""Tables' REST API v1 (https://github.com/nextcloud/tables/blob/main/openapi.json).

Tables answers 403 or 404 with an empty body for tables that do not exist as for those that somebody else has; the methods say which.
"""

from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Any

from nextcloud_mcp_server.apps.tables.models import COLUMNS, ROW, ROWS, SCHEME, TABLES, Column, Row, Scheme, Table
from nextcloud_mcp_server.apps.tables.rows import same_version
from nextcloud_mcp_server.apps.tables.values import Cells, cells, column_of
from nextcloud_mcp_server.core.errors import NotFound, NotPermitted
from nextcloud_mcp_server.nextcloud.answers import Answer
from nextcloud_mcp_server.nextcloud.client import Client

API = "/index.php/apps/tables/api/1"


class Tables(Client):
    """The tables that one person sees."""

    async def tables(self) -> list[Table]:
        found = (await self.session.request("GET", f"{API}/tables", what="the tables")).parse(TABLES)
        return [table.model_copy(update={"url": self.link(table.id)}) for table in found]

    async def scheme(self, table_id: int) -> Scheme:
        """Title, columns and views of a table, in one request."""
        return (await self._ask("GET", table_id, "/scheme")).parse(SCHEME)

    async def columns(self, table_id: int, view_id: int | None = None) -> list[Column]:
        return (await self._ask("GET", table_id, "/columns", view_id)).parse(COLUMNS)

    async def rows(self, table_id: int, limit: int, offset: int, view_id: int | None = None) -> list[Row]:
        """`limit` rows in the order of the table or view, cut out by Nextcloud."""
        params = {"limit": str(limit), "offset": str(offset)}
        found = (await self._ask("GET", table_id, "/rows", view_id, params=params)).parse(ROWS)
        if found and found[0].tableId != table_id:
            raise NotFound(f"View {view_id} is one of table {found[0].tableId}, not of {table_id}.")
        return found

    async def row(self, row_id: int) -> Row:
        return (await self.session.request("GET", f"{API}/rows/{row_id}", what=f"Row {row_id}")).parse(ROW)

    async def row_to_change(self, row_id: int, etag: str | None) -> Row:
        """A row that still has `etag`."""
        row = await self.row(row_id)
        same_version(etag, row)
        return row

    async def cells(self, columns: Sequence[Column], data: dict[str, Any], *, new: bool = False) -> Cells:
        """`data` in the form of the columns; times with an offset become the person's."""
        dated = any(column_of(columns, key).type == "datetime" for key in data)
        zone: tzinfo = (await self.session.person()).zone if dated else UTC
        return cells(columns, data, zone, new=new)

    async def insert(self, table_id: int, values: dict[str, Any]) -> Row:
        """A new row, read again: Tables' answer does not say who made it when."""
        answer = await self._ask("POST", table_id, "/rows", json={"data": values})
        return await self.row(answer.parse(ROW).id)

    async def update(self, row_id: int, values: dict[str, Any]) -> Row:
        """Changes the given cells; read again because Tables answers with the time of the change before."""
        await self.session.request("PUT", f"{API}/rows/{row_id}", what=f"Row {row_id}", json={"data": values})
        return await self.row(row_id)

    async def delete(self, row_id: int) -> None:
        await self.session.request("DELETE", f"{API}/rows/{row_id}", what=f"Row {row_id}")

    def link(self, table_id: int) -> str:
        return self.session.link(f"/apps/tables/#/table/{table_id}")

    async def _ask(self, method: str, table_id: int, path: str, view_id: int | None = None, **more: Any) -> Answer:
        place, what = (f"tables/{table_id}", f"Table {table_id}") if view_id is None else (f"views/{view_id}", f"View {view_id}")
        try:
            return await self.session.request(method, f"{API}/{place}{path}", what=what, **more)
        except (NotFound, NotPermitted):
            if view_id is not None:
                views = (await self.scheme(table_id)).views
                raise NotFound(f"View {view_id} not found.", candidates=[f"{view.title} ({view.id})" for view in views]) from None
            known = await self.tables()
            if any(table.id == table_id for table in known):
                raise NotPermitted(f"This account may not do this with table {table_id}.") from None
            raise NotFound(f"Table {table_id} not found.", candidates=[f"{table.title} ({table.id})" for table in known]) from None
