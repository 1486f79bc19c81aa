"""What the Notes API says of a note, and what the tools answer."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, TypeAdapter

from nextcloud_mcp_server.nextcloud.answers import shape


class Note(BaseModel):
    """A note; `modified` in unix seconds, `etag` without quotes. Listings leave `content` out."""

    id: int
    title: str = ""
    content: str | None = None
    category: str = ""
    modified: int = 0
    favorite: bool = False
    readonly: bool = False
    etag: str = ""
    url: str | None = None


class Stub(BaseModel):
    """A note in a listing for those who have the older ones: only the id where it did not change."""

    model_config = ConfigDict(extra="allow")

    id: int
    etag: str = ""


class Chunk(BaseModel):
    """A piece of a listing: notes and the ids of others; `etag` only where it is the whole, `last_modified` as RFC 1123."""

    notes: list[Note]
    others: list[int]
    etag: str | None
    last_modified: str | None

    @classmethod
    def of(cls, stubs: Sequence[Stub], etag: str | None, last_modified: str | None) -> "Chunk":
        """Raises BadAnswer for a note of another shape."""
        notes = shape(NOTES, [stub.model_dump() for stub in stubs if stub.etag], "the notes")
        return cls(notes=notes, others=[stub.id for stub in stubs if not stub.etag], etag=etag, last_modified=last_modified)


class ReadNote(Note):
    """A note to read; `note` says where a long content was cut."""

    note: str | None = None


class SavedNote(BaseModel):
    """A note after a change."""

    id: int
    title: str
    category: str
    etag: str
    url: str | None = None


class NoteHit(BaseModel):
    """A note in a listing or a search result; `score` only in searches, `excerpt` where the words stand in the content."""

    id: int
    title: str
    category: str
    modified: int
    favorite: bool | None = None
    score: float | None = None
    excerpt: str | None = None
    url: str | None = None


class SearchEntry(BaseModel):
    """A hit of Nextcloud's own search in notes."""

    title: str = ""
    subline: str = ""
    resourceUrl: str = ""


class Attachment(BaseModel):
    """The content of an attachment: text, or base64 where it is none."""

    uri: str
    mimeType: str
    data: str
    encoding: str


class DeletedNote(BaseModel):
    """What was deleted and how it comes back."""

    deleted_id: int
    status_code: int = 200
    message: str


NOTE = TypeAdapter(Note)
NOTES = TypeAdapter(list[Note])
STUBS = TypeAdapter(list[Stub])
ENTRIES = TypeAdapter(list[SearchEntry])
