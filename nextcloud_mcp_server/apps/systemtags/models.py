"""System tags and what carries them."""

from pydantic import BaseModel


class Tag(BaseModel):
    """A tag that this person may see; `color` is hex without #."""

    id: str
    name: str
    assignable: bool
    color: str | None = None


class TaggedFile(BaseModel):
    """A file or folder with a tag; `size` in bytes, None for a folder."""

    path: str
    file_id: int
    is_directory: bool
    size: int | None = None
    url: str
