"""System tags by WebDAV (Nextcloud developer manual, "System tags")."""

from nextcloud_mcp_server.apps.systemtags.models import Tag, TaggedFile
from nextcloud_mcp_server.core.errors import NotFound
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.dav import Resource, document, element, propfind
from nextcloud_mcp_server.nextcloud.hidden import hidden, path_in
from nextcloud_mcp_server.nextcloud.session import segment
from nextcloud_mcp_server.nextcloud.streaming import multistatus

DAV = "/remote.php/dav"
TAG = propfind(("oc:id", "oc:display-name", "oc:can-assign", "nc:color"))
FILE = ("oc:fileid", "oc:size", "d:resourcetype")


class SystemTags(Client):
    """The tags that one person may see."""

    async def tags(self) -> list[Tag]:
        """By name; tags that hide files from tools are left out."""
        hiding = {tag.casefold() for tag in self.session.policy.excluded_tags}
        found = await multistatus(self.session, "PROPFIND", f"{DAV}/systemtags/", TAG, _tag, what="the tags", depth="1")
        return sorted((tag for tag in found if tag.name.casefold() not in hiding), key=lambda tag: tag.name.casefold())

    async def files(self, name: str) -> list[TaggedFile]:
        """What carries the tag with this name (in any case) or id. Raises NotFound with the names there are."""
        tags = await self.tags()
        wanted = next((tag for test in (_exact, _alike, _by_id) for tag in tags if test(tag, name)), None)
        if wanted is None:
            raise NotFound(f"There is no tag {name!r}.", candidates=[tag.name for tag in tags])
        rules = element("oc:filter-rules", element("oc:systemtag", text=wanted.id))
        body = document(element("oc:filter-files", element("d:prop", *(element(prop) for prop in FILE)), rules))
        address = f"{DAV}/files/{segment(await self.session.uid())}/"
        found = await multistatus(self.session, "REPORT", address, body, self._file, what=f"files with tag {name!r}")
        unseen = await hidden(self.session)
        return sorted((file for file in found if not unseen.hides(file.path, file.file_id)), key=lambda file: file.path.casefold())

    def _file(self, resource: Resource) -> TaggedFile | None:
        number = resource.text("oc:fileid") or ""
        if not number.isdecimal():
            return None
        folder, size = resource.has("d:resourcetype", "d:collection"), resource.text("oc:size") or ""
        return TaggedFile(
            path=f"/{path_in(resource.href)}",
            file_id=int(number),
            is_directory=folder,
            size=int(size) if size.isdecimal() and not folder else None,
            url=self.session.link(f"/f/{number}"),
        )


def _tag(resource: Resource) -> Tag | None:
    number, name = resource.text("oc:id"), resource.text("oc:display-name")
    if not number or not name:
        return None
    return Tag(id=number, name=name, assignable=resource.text("oc:can-assign") == "true", color=resource.text("nc:color"))


def _exact(tag: Tag, name: str) -> bool:
    return tag.name == name


def _alike(tag: Tag, name: str) -> bool:
    return tag.name.casefold() == name.strip().casefold()


def _by_id(tag: Tag, name: str) -> bool:
    return tag.id == name.strip()
