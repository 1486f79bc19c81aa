"""What the Notes API says of a note, and what the tools answer."""

from pydantic import BaseModel, TypeAdapter


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
ENTRIES = TypeAdapter(list[SearchEntry])
