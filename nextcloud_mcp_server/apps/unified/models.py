"""Hits of Nextcloud's own search."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter

from nextcloud_mcp_server.nextcloud.ocs import as_map


class Provider(BaseModel):
    """Something that can be searched."""

    id: str
    name: str = ""


class Hit(BaseModel):
    """A hit; `file_id` and `path` where it is a file."""

    provider: str
    title: str
    subline: str | None = None
    url: str
    file_id: int | None = None
    path: str | None = None


class Entry(BaseModel):
    """A hit as its provider tells it."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    title: str = ""
    subline: str = ""
    resourceUrl: str = ""
    attributes: Annotated[dict[str, Any], BeforeValidator(as_map)] = {}

    def hit(self, provider: str) -> Hit:
        path, number = self.attributes.get("path"), str(self.attributes.get("fileId", ""))
        return Hit(
            provider=provider,
            title=self.title,
            subline=self.subline or None,
            url=self.resourceUrl,
            file_id=int(number) if number.isdecimal() else None,
            path=path if isinstance(path, str) else None,
        )


class Found(BaseModel):
    """What one provider found; paginated where it may have more."""

    entries: list[Entry] = []
    isPaginated: bool = False


PROVIDERS = TypeAdapter(list[Provider])
FOUND = TypeAdapter(Found)
