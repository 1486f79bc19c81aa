"""Tools that write, make, delete, move and copy files."""

from typing import Annotated, Literal

from pydantic import Field

from nextcloud_mcp_server.apps.files import paths
from nextcloud_mcp_server.apps.files.client import Files
from nextcloud_mcp_server.apps.files.models import Done, Favorite, Transferred, Written
from nextcloud_mcp_server.apps.files.tools.box import TOOLS, AnyCase
from nextcloud_mcp_server.apps.files.upload import upload
from nextcloud_mcp_server.core.arguments import Etag
from nextcloud_mcp_server.core.errors import InvalidValue

DestinationEtag = Annotated[str | None, Field(description="Etag of the file to overwrite.")]


@TOOLS.update()
async def nc_webdav_write_file(
    files: Files,
    path: str,
    content: str,
    content_type: str | None = None,
    if_match: Annotated[str | None, Field(description="Etag as read, or * for any; without it only creates.")] = None,
    encoding: Annotated[Literal["utf-8", "base64"], AnyCase] = "utf-8",
) -> Written:
    """Create a file or replace its whole content. Its folder must exist."""
    place = paths.named(path)
    media, is_base64 = _media(content_type, encoding)
    sent = upload(content, is_base64=is_base64, most=files.session.policy.write_max_bytes)
    answer = await files.write(place, sent, media, (if_match or "").strip() or None)
    created = answer.status == 201
    return Written(path=path, status_code=answer.status, size=sent.size, created=created, etag=answer.etag)


@TOOLS.create()
async def nc_webdav_create_directory(files: Files, path: str) -> Done:
    """Create a folder. The one above it must exist."""
    status = await files.make_folder(paths.named(path))
    return Done(path=path, status_code=status, message="It exists already; nothing was changed." if status == 405 else None)


@TOOLS.delete()
async def nc_webdav_delete_resource(files: Files, path: str, etag: Etag = None) -> Done:
    """Move a file, or a folder with all in it, to the trash."""
    status = await files.delete(paths.named(path), etag)
    if status == 404:
        return Done(path=path, status_code=status, message=f"Not found: {path}; nothing was deleted.")
    capabilities = await files.session.capabilities()
    kept = capabilities.get("capabilities", {}).get("files", {}).get("undelete", True)
    return Done(
        path=path,
        status_code=status,
        message="In the trash: nc_webdav_list_trash and nc_webdav_restore_trash bring it back." if kept else "Deleted for good: no trash.",
    )


@TOOLS.update()
async def nc_webdav_move_resource(
    files: Files, source_path: str, destination_path: str, overwrite: bool = False, if_destination_match: DestinationEtag = None
) -> Transferred:
    """Move or rename a file or folder. destination_path is its whole new path."""
    return await _transfer(files, "MOVE", source_path, destination_path, overwrite, if_destination_match)


@TOOLS.update()
async def nc_webdav_copy_resource(
    files: Files, source_path: str, destination_path: str, overwrite: bool = False, if_destination_match: DestinationEtag = None
) -> Transferred:
    """Copy a file or folder. destination_path is the whole path of the copy."""
    return await _transfer(files, "COPY", source_path, destination_path, overwrite, if_destination_match)


@TOOLS.update()
async def nc_webdav_set_favorite(files: Files, path: str, favorite: bool = True) -> Favorite:
    """Mark a file or folder as the person's favourite, or no longer."""
    await files.set_favorite(paths.named(path), favorite)
    return Favorite(path=path, is_favorite=favorite)


async def _transfer(files: Files, method: str, source: str, destination: str, overwrite: bool, etag: str | None) -> Transferred:
    start, end = paths.named(source), paths.named(destination)
    if start == end or paths.below(end, start):
        raise InvalidValue(f"{destination} is {source} itself or lies in it.")
    if etag and (not overwrite or etag.strip() == "*"):
        raise InvalidValue("if_destination_match takes an etag, and only with overwrite=true.")
    answer = await files.transfer(method, start, end, overwrite, etag)
    replaced = "What was there before is in the trash: nc_webdav_list_trash." if answer.status == 204 else None
    return Transferred(
        source_path=source,
        destination_path=destination,
        overwrite=overwrite,
        status_code=answer.status,
        message=replaced,
        etag=answer.etag,
    )


def _media(content_type: str | None, encoding: str) -> tuple[str, bool]:
    """The media type, and whether the content is base64; `;base64` at its end says so too."""
    media = (content_type or "").strip()
    suffix = media.lower().replace(" ", "").endswith(";base64")
    return (media.rpartition(";")[0].strip() if suffix else media) or "application/octet-stream", suffix or encoding == "base64"
