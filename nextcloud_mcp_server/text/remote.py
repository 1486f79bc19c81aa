"""Text extraction services over HTTP: Unstructured, Docling (docling-serve), and one's own endpoint."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import BaseModel, TypeAdapter, ValidationError

from nextcloud_mcp_server.core.errors import BadAnswer, Maintenance, Unreachable
from nextcloud_mcp_server.text.model import Extracted, Limits, Remote, Unreadable


async def read_remotely(remote: Remote, path: Path, mime_type: str, limits: Limits) -> Extracted:
    """Sends the file and reads the answer of its service.

    Raises Unreadable where the service refuses the file, Maintenance where it is overloaded, Unreachable, BadAnswer.
    """
    name = remote.name or remote.kind
    headers = {"accept": "application/json"}
    if remote.api_key:
        headers |= (
            {"unstructured-api-key": remote.api_key} if remote.kind == "unstructured" else {"authorization": f"Bearer {remote.api_key}"}
        )
    url = remote.url.rstrip("/") + PATHS[remote.kind]
    try:
        timeout = aiohttp.ClientTimeout(total=remote.seconds)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            with path.open("rb") as file:
                async with http.post(url, data=_form(remote, file, mime_type), headers=headers) as response:
                    body = await response.content.read(limits.chars * 8)
                    status, kind = response.status, response.content_type
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise Unreachable(f"The text service {name} at {remote.url} does not answer ({type(error).__name__}).") from None
    if status in (429, 502, 503, 504):
        raise Maintenance(f"The text service {name} is overloaded ({status}).")
    if status in (400, 413, 415, 422):
        raise Unreadable(f"The text service {name} refuses the file ({status}).")
    if status != 200:
        raise BadAnswer(f"The text service {name} answers {status}.", hint="Check its address and key.")
    return _answer(remote, name, body, kind, limits)


PATHS = {"unstructured": "/general/v0/general", "docling": "/v1/convert/file", "custom": ""}
FIELD = {"unstructured": "files", "docling": "files", "custom": "file"}
DEFAULTS = {
    "unstructured": {"strategy": "auto"},
    "docling": {"to_formats": "md", "image_export_mode": "placeholder"},
    "custom": {},
}


def _form(remote: Remote, file: Any, mime_type: str) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field(FIELD[remote.kind], file, filename="document", content_type=mime_type)
    for key, value in (DEFAULTS[remote.kind] | dict(remote.options)).items():
        for one in value.split(",") if key == "languages" else (value,):
            form.add_field(key, one)
    return form


class _Position(BaseModel):
    page_number: int | None = None


class _Element(BaseModel):
    text: str = ""
    type: str = ""
    metadata: _Position = _Position()


class _Converted(BaseModel):
    md_content: str


class _Docling(BaseModel):
    document: _Converted


class _Custom(BaseModel):
    text: str


def _answer(remote: Remote, name: str, body: bytes, kind: str, limits: Limits) -> Extracted:
    if kind.startswith("text/") and remote.kind == "custom":
        return Extracted(body.decode("utf-8", "replace")[: limits.chars], name)
    try:
        if remote.kind == "unstructured":
            return _elements(TypeAdapter(list[_Element]).validate_json(body), name, limits)
        if remote.kind == "docling":
            text = _Docling.model_validate_json(body).document.md_content
        else:
            text = _Custom.model_validate_json(body).text
    except ValidationError:
        raise BadAnswer(f"The text service {name} answered with something other than its documented JSON.") from None
    return Extracted(text[: limits.chars], name)


def _elements(elements: Sequence[_Element], name: str, limits: Limits) -> Extracted:
    """Unstructured's list of elements: titles become headings, page numbers become page offsets."""
    parts: list[str] = []
    pages: list[int] = []
    size = 0
    for element in elements:
        if not element.text.strip():
            continue
        pages.extend([size] * (min(element.metadata.page_number or 0, limits.pages) - len(pages)))
        line = f"# {element.text}\n\n" if element.type == "Title" else f"{element.text}\n\n"
        parts.append(line)
        size += len(line)
    return Extracted("".join(parts)[: limits.chars], name, tuple(pages))
