"""What people attach to files: comments and system tags (Nextcloud developer manual, "Comments"; systemtags by WebDAV)."""

import asyncio
from collections.abc import Sequence

from nextcloud_mcp_server.apps.files import paths, wire
from nextcloud_mcp_server.apps.files.client import DAV, Files
from nextcloud_mcp_server.apps.files.models import FileComment
from nextcloud_mcp_server.core.errors import InvalidValue, NotFound, NotPermitted
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.dav import Resource
from nextcloud_mcp_server.nextcloud.session import segment
from nextcloud_mcp_server.nextcloud.streaming import multistatus

COMMENT_MAX = 1000
PHP_SPACE = " \t\n\r\0\x0b"


class Remarks(Client):
    """Comments and tags on one person's files."""

    async def file_id(self, path: str) -> int:
        try:
            return await Files(self.session).file_id(path)
        except NotFound as error:
            raise NotFound(f"File not found: {path}", hint=error.hint, candidates=error.candidates) from None

    async def comments(self, file_id: int, limit: int, offset: int) -> list[FileComment]:
        """Newest first."""
        body, address = wire.comments(limit, offset), f"{DAV}/comments/files/{file_id}"
        return await multistatus(self.session, "REPORT", address, body, comment, what="the comments")

    async def comment(self, file_id: int, message: str) -> int | None:
        """Adds a comment and answers its id; Nextcloud counts 1000 characters after trimming."""
        fields = {"actorType": "users", "verb": "comment", "message": message}
        answer = await self.session.request("POST", f"{DAV}/comments/files/{file_id}", what="the comment", json=fields)
        return wire.number(paths.name(answer.headers.get("Content-Location", "").rstrip("/")))

    async def tag_ids(self) -> dict[str, str]:
        """The ids of the system tags that this person may see, by name."""

        def named(resource: Resource) -> tuple[str, str] | None:
            name, tag_id = resource.text("oc:display-name"), resource.text("oc:id")
            return (name, tag_id) if name and tag_id else None

        return dict(await multistatus(self.session, "PROPFIND", f"{DAV}/systemtags/", wire.TAGS, named, what="the tags", depth="1"))

    async def tag_id(self, name: str) -> str:
        """The id of one tag. Raises NotFound with the names there are."""
        known = await self.tag_ids()
        if name not in known:
            raise NotFound(f"There is no tag {name!r}.", candidates=sorted(known), hint="Tag names are exact.")
        return known[name]

    async def retag(self, path: str, add: Sequence[str], remove: Sequence[str]) -> list[str]:
        """Adds tags (new names are made) and removes others; answers those the file carries then."""
        hiding = {tag.casefold() for tag in self.session.policy.excluded_tags}
        if refused := [name for name in (*add, *remove) if name.casefold() in hiding]:
            raise NotPermitted(f"The tag {refused[0]!r} hides files from tools and is set by people only.", hint="Do it in Nextcloud.")
        if blank := [name for name in (*add, *remove) if not name.strip()]:
            raise InvalidValue(f"A tag needs a name (got {blank[0]!r}).")
        files = Files(self.session)
        file_id, known = await asyncio.gather(files.file_id(path), self.tag_ids())
        base = f"{DAV}/systemtags-relations/files/{file_id}"
        for name in dict.fromkeys(add):
            tag_id = known.get(name) or await self._new_tag(name)
            await self.session.request("PUT", f"{base}/{tag_id}", what=f"tag {name!r} on {path}", accept=frozenset({409}))
        for name in remove:
            if name in known:
                await self.session.request("DELETE", f"{base}/{known[name]}", what=f"tag {name!r} on {path}", accept=frozenset({404}))
        return list((await files.stat(path)).tags)

    async def _new_tag(self, name: str) -> str:
        fields = {"name": name, "userVisible": True, "userAssignable": True}
        answer = await self.session.request("POST", f"{DAV}/systemtags/", what=f"tag {name!r}", json=fields)
        return segment(paths.name(answer.headers.get("Content-Location", "").rstrip("/")))


def comment(resource: Resource) -> FileComment | None:
    """A comment; None for what has no id."""
    found = wire.number(resource.text("oc:id"))
    if found is None:
        return None
    return FileComment(
        id=found,
        message=resource.text("oc:message") or "",
        actor_id=resource.text("oc:actorId") or "",
        actor_type=resource.text("oc:actorType") or "",
        actor_display_name=resource.text("oc:actorDisplayName"),
        creation_datetime=resource.text("oc:creationDateTime"),
        verb=resource.text("oc:verb") or "comment",
        is_unread=resource.text("oc:isUnread") == "true",
    )
