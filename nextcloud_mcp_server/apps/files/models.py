"""What the tools of files answer."""

from typing import Literal

from pydantic import BaseModel


class FileInfo(BaseModel):
    """A file or folder in a list; `size` in bytes, none for folders; `last_modified` as RFC 1123."""

    name: str
    path: str
    is_directory: bool
    size: int | None = None
    content_type: str | None = None
    last_modified: str | None = None
    etag: str | None = None
    file_id: int | None = None
    is_favorite: bool | None = None
    tags: list[str] | None = None
    url: str | None = None


class ReadFile(BaseModel):
    """A file's content; `note` says where a long text was cut, `parse_notes` what else to know."""

    path: str
    content: str
    content_type: str
    size: int
    encoding: Literal["base64"] | None = None
    parsed: bool = False
    parse_status: Literal["parsed", "failed", "skipped", "not_applicable"] = "not_applicable"
    parse_tier: Literal["fast", "structured", "ocr"] | None = None
    parse_processor: str | None = None
    content_format: Literal["text", "markdown", "base64"] = "text"
    parse_notes: list[str] = []
    parsing_metadata: dict[str, str | int] | None = None
    etag: str | None = None
    last_modified: str | None = None
    note: str | None = None


class Written(BaseModel):
    """A file after writing; 201 created, 204 replaced."""

    path: str
    status_code: int
    message: str | None = None
    size: int
    created: bool
    etag: str | None = None


class Done(BaseModel):
    """What became of a folder that was asked for, or of something deleted."""

    path: str
    status_code: int
    message: str | None = None


class Transferred(BaseModel):
    """What was moved or copied; 201 to a new place, 204 over something."""

    source_path: str
    destination_path: str
    overwrite: bool
    status_code: int
    message: str | None = None
    etag: str | None = None


class TrashItem(BaseModel):
    """Something in the trash; `path` is where it was, `deleted_at` ISO 8601 in UTC, `size` in bytes."""

    trash_id: str
    path: str
    is_directory: bool
    deleted_at: str | None = None
    size: int | None = None


class Restored(BaseModel):
    """Where something from the trash is now."""

    trash_id: str
    path: str | None
    message: str | None = None


class Version(BaseModel):
    """A version of a file; `size` in bytes, `last_modified` as RFC 1123."""

    version_id: str
    last_modified: str | None = None
    size: int | None = None
    author: str | None = None
    label: str | None = None
    current: bool | None = None


class RestoredVersion(BaseModel):
    """A file whose older version is the current one again."""

    path: str
    version_id: str
    size: int | None = None
    etag: str | None = None
    message: str = "The content before is now a version itself."


class Favorite(BaseModel):
    """Whether the person marked something as a favourite."""

    path: str
    is_favorite: bool


class Tagged(BaseModel):
    """The system tags that something carries now."""

    path: str
    tags: list[str]


class FileComment(BaseModel):
    """A comment on a file; `creation_datetime` as RFC 1123."""

    id: int
    message: str
    actor_id: str
    actor_type: str
    actor_display_name: str | None = None
    creation_datetime: str | None = None
    verb: str = "comment"
    is_unread: bool = False


class CommentMade(BaseModel):
    path: str
    file_id: int
    comment_id: int | None
    message: str
