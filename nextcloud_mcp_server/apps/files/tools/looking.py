"""Tools that list, find and read files."""

from typing import Annotated, Any, Literal

from pydantic import Field

from nextcloud_mcp_server.apps.files import paths
from nextcloud_mcp_server.apps.files.client import Files
from nextcloud_mcp_server.apps.files.models import FileInfo, ReadFile
from nextcloud_mcp_server.apps.files.reading import Mode, Reading
from nextcloud_mcp_server.apps.files.remarks import Remarks
from nextcloud_mcp_server.apps.files.sorting import ordered
from nextcloud_mcp_server.apps.files.tools.box import TOOLS, AnyCase
from nextcloud_mcp_server.apps.files.wire import Entry, Query
from nextcloud_mcp_server.core.arguments import Cursor, Limit, Offset
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, cursor_for, offset_of, paginate
from nextcloud_mcp_server.core.tools import Progress
from nextcloud_mcp_server.text import Readers


@TOOLS.read(items="files", total="total_count", untrusted=True)
async def nc_webdav_list_directory(
    files: Files,
    path: str = "",
    sort: Annotated[Literal["name", "modified", "size"], AnyCase] = "name",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[FileInfo]:
    """List a folder: folders first, then files by name, newest or largest first. Totals count the whole folder."""
    entries = ordered(await files.children(paths.normal(path)), sort)
    folders = sum(entry.is_folder for entry in entries)
    counts = {"directories_count": folders, "files_count": len(entries) - folders, "total_size": sum(entry.size or 0 for entry in entries)}
    return paginate(entries, limit, cursor, path=path, **counts).map(files.info)


@TOOLS.read(untrusted=True)
async def nc_webdav_read_file(
    files: Files,
    readers: Readers,
    progress: Progress,
    path: str,
    parse_document: Annotated[Mode, AnyCase, Field(description="Of PDF and office files: their text, Markdown, or the bytes.")] = "auto",
    offset: Offset = 0,
) -> ReadFile:
    """Read a file: text, the text of documents, else base64 up to 5 MiB."""
    read = await Reading(files, readers, parse_document, offset, progress).read(paths.named(path))
    return read.model_copy(update={"path": path})


@TOOLS.read(total="total_found", untrusted=True)
async def nc_webdav_search_files(
    files: Files,
    remarks: Remarks,
    scope: str = "",
    name_pattern: str | None = None,
    mime_type: str | None = None,
    only_favorites: bool = False,
    tag: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[FileInfo]:
    """Find files and folders below the folder scope that meet every condition, newest first. % is any characters: %.pdf, image/%."""
    query = Query(_pattern(name_pattern), _mime(mime_type), only_favorites)
    applied = {"name_pattern": name_pattern, "mime_type": mime_type, "only_favorites": only_favorites, "tag": tag}
    if not tag:
        return await _search(files, query, scope, applied, limit, cursor)
    below = paths.normal(scope)
    found = [entry for entry in await files.tagged(await remarks.tag_id(tag)) if paths.below(entry.path, below) and _matches(entry, query)]
    page = paginate(ordered(found, "modified"), limit, cursor, scope=scope, filters_applied=_given(applied))
    return page.map(lambda entry: files.info(entry, favorite=True))


@TOOLS.read(total="total_found", untrusted=True)
async def nc_webdav_find_by_name(
    files: Files, pattern: str, scope: str = "", limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[FileInfo]:
    """Find files and folders by name, below scope. % stands for any characters: %report%."""
    if not pattern:
        raise InvalidValue("pattern is empty.", hint="% finds every name.")
    return await _search(files, Query(_pattern(pattern)), scope, {"name_pattern": pattern}, limit, cursor)


@TOOLS.read(total="total_found", untrusted=True)
async def nc_webdav_find_by_type(
    files: Files, mime_type: str, scope: str = "", limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[FileInfo]:
    """Find files by media type, below scope: application/pdf, or image/% for all of a kind."""
    if not mime_type:
        raise InvalidValue("mime_type is empty.", hint="Such as application/pdf or image/%.")
    return await _search(files, Query(mime_like=_mime(mime_type)), scope, {"mime_type": mime_type}, limit, cursor)


@TOOLS.read(total="total_found", untrusted=True)
async def nc_webdav_list_favorites(files: Files, scope: str = "", limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[FileInfo]:
    """List the person's favourite files and folders, newest first, below scope."""
    return await _search(files, Query(favorites=True), scope, {"only_favorites": True}, limit, cursor)


async def _search(files: Files, query: Query, scope: str, applied: dict[str, Any], limit: int, cursor: str | None) -> Page[FileInfo]:
    start = offset_of(cursor)
    found, following = await files.find(query, paths.normal(scope), limit, start)
    also = {"scope": scope, "filters_applied": _given(applied)}
    page = Page(found, cursor_for(following) if following is not None else None, start + len(found), also)
    return page.map(lambda entry: files.info(entry, favorite=True))


def _given(applied: dict[str, Any]) -> dict[str, Any] | None:
    return {name: value for name, value in applied.items() if value} or None


def _pattern(text: str | None) -> str | None:
    """Assistants write `*` where SQL has `%`; no name on most systems holds one."""
    return text.replace("*", "%") if text else None


def _mime(text: str | None) -> str | None:
    """Nextcloud knows whole media types and `type/%`."""
    if not text:
        return None
    kind = text.strip().lower().replace("*", "%")
    kind = kind if "/" in kind else f"{kind.rstrip('%')}/%"
    if "%" in kind and not (kind.endswith("/%") and kind.count("%") == 1 and len(kind) > 2):
        raise InvalidValue(f"mime_type {text!r} cannot be searched.", hint="Give a whole type, application/pdf, or all of a kind, image/%.")
    return kind


def _matches(entry: Entry, query: Query) -> bool:
    name = not query.name_like or paths.like(query.name_like).fullmatch(paths.name(entry.path))
    mime = not query.mime_like or paths.like(query.mime_like).fullmatch(entry.content_type or "")
    return bool(name and mime) and (entry.favorite or not query.favorites)
