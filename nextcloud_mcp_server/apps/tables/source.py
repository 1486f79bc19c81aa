"""Rows of tables for background sync. Each row is a document: what is found is the row, and a change embeds one row, not the table.

Tables does not tell when a row of a table changed, so the rows of every table are read at each scan, in one request.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, cast

from nextcloud_mcp_server.apps.tables.client import Tables
from nextcloud_mcp_server.apps.tables.models import Column, Row, Table
from nextcloud_mcp_server.apps.tables.rows import etag_of
from nextcloud_mcp_server.apps.tables.values import label_of
from nextcloud_mcp_server.core.documents import Document, Listing, Stamp
from nextcloud_mcp_server.core.errors import BadAnswer, NotFound, NotPermitted
from nextcloud_mcp_server.nextcloud.fresh import Fresh
from nextcloud_mcp_server.nextcloud.session import Session

MOST = 100_000
"""Rows of one table."""
GONE = (NotFound, NotPermitted)


@dataclass(frozen=True)
class _Content:
    """The rows of a table, and a digest of what they say."""

    table: Table
    rows: Sequence[Row]
    digest: str


@dataclass(frozen=True)
class TablesSource:
    """Ids are `<table>/<row>`. State: a digest of the rows by table."""

    session: Session
    doc_type: str = "table_row"
    scope: str = "tables:read"

    async def list(self, since: Mapping[str, Any] | None) -> Listing:
        """One request, one for each table, and one more for each that changed. A table that cannot be read stays as it was."""
        known: Mapping[str, str] = (since or {}).get("tables", {})
        tables = await Tables(self.session).tables()
        contents = await asyncio.gather(*(self._content(table) for table in tables))
        digests = {str(one.id): content.digest if content else "" for one, content in zip(tables, contents, strict=True)}
        changed = [content for content in contents if content and known.get(str(content.table.id)) != content.digest]
        documents = [document for some in await asyncio.gather(*map(self._documents, changed)) for document in some]
        self._fresh.expect(document.id for document in documents)
        for document in documents:
            self._fresh.bring(document)
        read = {content.table.id for content in changed}
        unchanged = frozenset(f"{table.id}/" for table in tables if table.id not in read)
        # A table that was read and has no rows is no listing that came back empty.
        emptied = frozenset(f"{content.table.id}/" for content in changed if not content.rows)
        stamps = [Stamp(document.id, document.version) for document in documents]
        complete = all(len(content.rows) < MOST for content in changed)
        return Listing(stamps, {"tables": digests}, unchanged, emptied, complete)

    async def fetch(self, ids: Sequence[str]) -> AsyncIterator[Document]:
        """What the listing brought; three requests for each table of the others. Raises BadAnswer for a table that is there unlisted."""
        wanted: dict[int, list[str]] = {}
        for id in ids:
            if document := self._fresh.take(id):
                yield document
            elif (number := _table_of(id)) is not None:
                wanted.setdefault(number, []).append(id)
        tables = {table.id: table for table in await Tables(self.session).tables()} if wanted else {}
        for number, missing in wanted.items():
            if number not in tables and await self._ids(number):
                raise BadAnswer(f"Tables lists no table {number}, and it has rows.")
            ahead = self._fresh.ahead(missing, len(missing))
            for document in ahead.sorted(await self._read(tables.get(number)), missing):
                yield document

    async def readable(self, ids: Sequence[str]) -> frozenset[str]:
        """One request for each table of these."""
        asked = sorted({number for id in ids if (number := _table_of(id)) is not None})
        there = await asyncio.gather(*map(self._ids, asked))
        return frozenset(ids) & frozenset(id for some in there for id in some)

    def link(self, id: str, extra: Mapping[str, Any]) -> str | None:
        table, _, row = id.partition("/")
        return self.session.link(f"/apps/tables/#/table/{table}/row/{row}")

    async def _content(self, table: Table) -> _Content | None:
        try:
            rows = await Tables(self.session).rows(table.id, MOST, 0)
        except (*GONE, BadAnswer):
            return None
        versions = [_version(table, row) for row in rows]
        return _Content(table, rows, _digest("\0".join(versions)))

    async def _documents(self, content: _Content) -> Sequence[Document]:
        columns = await Tables(self.session).columns(content.table.id)
        return [document_of(content.table, row, columns) for row in content.rows]

    async def _read(self, table: Table | None) -> Sequence[Document]:
        content = await self._content(table) if table else None
        return await self._documents(content) if content else []

    async def _ids(self, table_id: int) -> frozenset[str]:
        try:
            return frozenset(f"{table_id}/{row.id}" for row in await Tables(self.session).rows(table_id, MOST, 0))
        except (*GONE, BadAnswer):
            return frozenset()

    @property
    def _fresh(self) -> Fresh:
        return Fresh(self.session, self.doc_type)


def _table_of(id: str) -> int | None:
    table, _, row = id.partition("/")
    return int(table) if table.isdecimal() and row.isdecimal() else None


def _version(table: Table, row: Row) -> str:
    return _digest("\0".join((etag_of(row), table.title, table.ownership or "")))


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def document_of(table: Table, row: Row, columns: Sequence[Column]) -> Document:
    values = {cell.columnId: cell.value for cell in row.data}
    told = [(column, text) for column in columns if (text := _shown(column, values.get(column.id)))]
    first = next((text for column, text in told if column.type == "text"), told[0][1] if told else "")
    head = f"{first}\n" if first else ""
    text = f"{head}Table: {table.title}\n" + "\n".join(f"{column.title}: {value}" for column, value in told)
    return Document(
        id=f"{table.id}/{row.id}",
        version=_version(table, row),
        title=" ".join(first.split())[:200] or f"Row {row.id} of {table.title}",
        text=text.strip(),
        size=len(text),
        modified=_when(row.lastEditAt),
        readers=frozenset({table.ownership}) if table.ownership else frozenset(),
        owner=table.ownership,
        extra={"table": table.title},
    )


def _shown(column: Column, value: Any) -> str:
    """A cell in words: labels of selections, names of people, titles of links."""
    if value is None or value in ("", [], {}):
        return ""
    if label := label_of(column, value):
        return label
    if isinstance(value, list):
        return ", ".join(part for one in cast("list[Any]", value) if (part := _shown(column, one)))
    if isinstance(value, dict):
        thing = cast("dict[str, Any]", value)
        return str(thing.get("displayName") or thing.get("title") or thing.get("id") or thing.get("value") or "")
    return str(value)


def _when(text: str | None) -> datetime | None:
    """Tables writes UTC without a zone."""
    try:
        return datetime.fromisoformat(text or "").replace(tzinfo=UTC)
    except ValueError:
        return None
