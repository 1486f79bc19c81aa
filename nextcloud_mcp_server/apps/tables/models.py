"""What Tables says of tables, columns and rows, and what the tools answer."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter

from nextcloud_mcp_server.nextcloud.ocs import as_list

Flag = Annotated[bool, BeforeValidator(lambda value: value or False)]
Many = Annotated[list[Any], BeforeValidator(as_list)]


class Table(BaseModel):
    """A table in a listing. Times are UTC without a zone; `on_share_permissions` only where it is somebody else's."""

    id: int
    title: str = ""
    emoji: str | None = None
    ownership: str | None = None
    owner_display_name: str | None = Field(None, validation_alias="ownerDisplayName")
    created_by: str | None = Field(None, validation_alias="createdBy")
    created_at: str | None = Field(None, validation_alias="createdAt")
    last_edit_by: str | None = Field(None, validation_alias="lastEditBy")
    last_edit_at: str | None = Field(None, validation_alias="lastEditAt")
    row_count: int = Field(0, validation_alias="rowsCount")
    has_shares: Flag = Field(False, validation_alias="hasShares")
    archived: Flag = False
    is_shared: Flag = Field(False, validation_alias="isShared")
    on_share_permissions: dict[str, Any] | None = Field(None, validation_alias="onSharePermissions")
    url: str | None = None


class Option(BaseModel):
    """A choice of a selection column."""

    id: int
    label: str = ""


class Column(BaseModel):
    """A column; which of the fields mean something depends on `type` and `subtype`."""

    id: int
    title: str = ""
    type: str = ""
    subtype: str | None = None
    mandatory: bool | None = False
    description: str | None = None
    numberDefault: float | None = None
    numberMin: float | None = None
    numberMax: float | None = None
    numberDecimals: int | None = None
    numberPrefix: str | None = None
    numberSuffix: str | None = None
    textDefault: str | None = None
    textAllowedPattern: str | None = None
    textMaxLength: int | None = None
    textUnique: bool | None = None
    selectionOptions: list[Option] | None = None
    selectionDefault: Any = None
    datetimeDefault: str | None = None
    usergroupDefault: Any = None
    usergroupMultipleItems: bool | None = None

    @property
    def kind(self) -> str:
        """Type and subtype in one word, as `selection-multi`."""
        return f"{self.type}-{self.subtype}" if self.subtype else self.type

    @property
    def name(self) -> str:
        return f"{self.title} ({self.id})"

    @property
    def options(self) -> list[Option]:
        return self.selectionOptions or []

    def shown(self) -> dict[str, Any]:
        """Without what is empty or belongs to other types."""
        always = {"id", "title", "type", "subtype", "mandatory", "description"}
        own = {name: value for name, value in self.model_dump().items() if name in always or name.startswith(self.type)}
        return {name: value for name, value in own.items() if name in always or value or type(value) in (int, float)}


class View(BaseModel):
    """A saved choice of columns and rows of a table."""

    id: int
    title: str = ""
    emoji: str | None = None
    description: str | None = None
    columnSettings: Many = []
    sort: Many = []
    filter: Many = []


class Scheme(BaseModel):
    """A table's make-up."""

    title: str = ""
    emoji: str | None = None
    description: str | None = None
    columns: list[Column] = []
    views: list[View] = []
    tablesVersion: str | None = None


class Schema(Scheme):
    """A table's make-up as it is shown: columns without what they do not use."""

    columns: list[dict[str, Any]] = []  # pyright: ignore[reportIncompatibleVariableOverride]
    url: str


class Cell(BaseModel):
    """One value; `label` says what the option ids of a selection mean."""

    columnId: int
    value: Any = None
    label: str | None = None


class Row(BaseModel):
    """A row. `columns` (where one row is shown) maps the column ids to their titles; times are UTC without a zone."""

    id: int
    tableId: int = 0
    createdBy: str | None = None
    createdAt: str | None = None
    lastEditBy: str | None = None
    lastEditAt: str | None = None
    data: list[Cell] = []
    etag: str | None = None
    columns: dict[int, str] | None = None
    note: str | None = None


TABLES = TypeAdapter(list[Table])
COLUMNS = TypeAdapter(list[Column])
SCHEME = TypeAdapter(Scheme)
ROW = TypeAdapter(Row)
ROWS = TypeAdapter(list[Row])
