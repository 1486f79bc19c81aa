"""Tables, columns, rows, views and shares as they are kept. Ids are counted per kind, as in the app's database."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from nextcloud_sandbox.core import Sandbox

RIGHTS = ("read", "create", "update", "delete", "manage")
COLUMN: dict[str, Any] = {
    "type": "text",
    "subtype": "",
    "mandatory": False,
    "description": "",
    "numberDefault": None,
    "numberMin": None,
    "numberMax": None,
    "numberDecimals": None,
    "numberPrefix": "",
    "numberSuffix": "",
    "textDefault": None,
    "textAllowedPattern": None,
    "textMaxLength": None,
    "textUnique": None,
    "selectionOptions": [],
    "selectionDefault": None,
    "datetimeDefault": None,
    "usergroupDefault": [],
    "usergroupMultipleItems": None,
    "usergroupSelectUsers": None,
    "usergroupSelectGroups": None,
    "usergroupSelectTeams": None,
    "showUserStatus": None,
    "customSettings": {},
}


@dataclass(slots=True)
class Stamped:
    """Who made and last changed a thing, and when (UTC, no zone)."""

    id: int
    created_by: str
    created_at: str
    last_edit_by: str = ""
    last_edit_at: str = ""

    def stamps(self) -> dict[str, Any]:
        last = {"lastEditBy": self.last_edit_by or self.created_by, "lastEditAt": self.last_edit_at or self.created_at}
        return {"createdBy": self.created_by, "createdAt": self.created_at, **last}


@dataclass(slots=True)
class Table(Stamped):
    title: str = ""
    emoji: str | None = None
    owner: str = ""
    description: str = ""
    archived: bool = False
    favorites: set[str] = field(default_factory=set[str])


@dataclass(slots=True)
class Column(Stamped):
    table: int = 0
    title: str = ""
    options: dict[str, Any] = field(default_factory=lambda: dict(COLUMN))

    @property
    def kind(self) -> str:
        subtype = self.options["subtype"]
        return f"{self.options['type']}-{subtype}" if subtype else str(self.options["type"])


@dataclass(slots=True)
class Row(Stamped):
    table: int = 0
    cells: dict[int, Any] = field(default_factory=dict[int, Any])


@dataclass(slots=True)
class View(Stamped):
    table: int = 0
    title: str = ""
    emoji: str | None = None
    description: str = ""
    columns: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    sort: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    filter: list[list[dict[str, Any]]] = field(default_factory=list[list[dict[str, Any]]])

    @property
    def column_ids(self) -> list[int]:
        return [int(one["columnId"]) for one in self.columns]


@dataclass(slots=True)
class Share:
    id: int
    table: int
    sender: str
    receiver: str
    receiver_type: str
    rights: dict[str, bool]
    at: str


@dataclass
class Store:
    """Everything, by id."""

    tables: dict[int, Table] = field(default_factory=dict[int, Table])
    columns: dict[int, Column] = field(default_factory=dict[int, Column])
    rows: dict[int, Row] = field(default_factory=dict[int, Row])
    views: dict[int, View] = field(default_factory=dict[int, View])
    shares: dict[int, Share] = field(default_factory=dict[int, Share])
    rows_of: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    last: dict[str, int] = field(default_factory=dict[str, int])

    def next(self, kind: str) -> int:
        self.last[kind] = self.last.get(kind, 0) + 1
        return self.last[kind]


class Tables:
    """What one user may see and do; `user` makes what is made."""

    def __init__(self, sandbox: Sandbox, user: str) -> None:
        self.sandbox = sandbox
        self.user = user
        self.store = sandbox.slot("tables", Store)

    def now(self) -> str:
        return datetime.fromtimestamp(int(self.sandbox.now()), UTC).strftime("%Y-%m-%d %H:%M:%S")

    def changed(self, thing: Stamped) -> None:
        thing.last_edit_by, thing.last_edit_at = self.user, self.now()

    # Rights

    def shares_with_me(self, table: int) -> list[Share]:
        groups = self.sandbox.groups_of(self.user)
        mine = {"user": (self.user,), "group": groups}
        return [one for one in self.store.shares.values() if one.table == table and one.receiver in mine.get(one.receiver_type, ())]

    def may(self, table: int, right: str) -> bool:
        found = self.store.tables.get(table)
        if found is None:
            return False
        return found.owner == self.user or any(share.rights.get(right) for share in self.shares_with_me(table))

    def visible(self) -> list[Table]:
        return [table for table in self.store.tables.values() if self.may(table.id, "read")]

    # Making

    def add_table(self, title: str, emoji: str | None = None, description: str = "") -> Table:
        number = self.store.next("table")
        made = Table(number, self.user, self.now(), title=title, emoji=emoji, owner=self.user, description=description)
        self.store.tables[number] = made
        self.store.rows_of[number] = []
        return made

    def add_column(self, table: int, title: str, **options: Any) -> Column:
        number = self.store.next("column")
        made = Column(number, self.user, self.now(), table=table, title=title, options={**COLUMN, **options})
        self.store.columns[number] = made
        return made

    def add_row(self, table: int, cells: dict[int, Any]) -> Row:
        number = self.store.next("row")
        made = self.store.rows[number] = Row(number, self.user, self.now(), table=table, cells=cells)
        self.store.rows_of[table].append(number)
        return made

    def add_view(self, table: int, title: str, emoji: str | None = None) -> View:
        number = self.store.next("view")
        made = self.store.views[number] = View(number, self.user, self.now(), table=table, title=title, emoji=emoji)
        return made

    def add_share(self, table: int, receiver: str, receiver_type: str, rights: dict[str, bool]) -> Share:
        number = self.store.next("share")
        made = self.store.shares[number] = Share(number, table, self.user, receiver, receiver_type, rights, self.now())
        return made

    # Looking

    def columns_of(self, table: int) -> list[Column]:
        return [column for column in self.store.columns.values() if column.table == table]

    def rows_of(self, table: int) -> Iterable[Row]:
        return (self.store.rows[number] for number in self.store.rows_of.get(table, ()))

    def views_of(self, table: int) -> list[View]:
        return [view for view in self.store.views.values() if view.table == table]

    # Removing

    def remove_row(self, row: Row) -> None:
        del self.store.rows[row.id]
        self.store.rows_of[row.table].remove(row.id)

    def remove_column(self, column: Column) -> None:
        del self.store.columns[column.id]
        for row in self.rows_of(column.table):
            row.cells.pop(column.id, None)

    def remove_table(self, table: Table) -> None:
        for row in list(self.rows_of(table.id)):
            del self.store.rows[row.id]
        for kept in (self.store.columns, self.store.views, self.store.shares):
            for number in [number for number, one in kept.items() if one.table == table.id]:
                del kept[number]
        del self.store.tables[table.id], self.store.rows_of[table.id]
