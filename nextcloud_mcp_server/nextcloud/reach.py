"""Which files a person reaches, asked by their ids: one SEARCH (RFC 5323) for up to `AT_ONCE` of them.

Notes and recipes are files too, so their ids are asked the same way.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from nextcloud_mcp_server.core.errors import NotFound, NotPermitted
from nextcloud_mcp_server.nextcloud.dav import Resource, document, element
from nextcloud_mcp_server.nextcloud.hidden import hidden, path_in
from nextcloud_mcp_server.nextcloud.ocs import as_list
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.nextcloud.streaming import multistatus

AT_ONCE = 90
"""Nextcloud takes 100 operators in one search."""
ASKED = ("oc:fileid", "oc:owner-id", "nc:mount-type", "nc:sharees")
USER, GROUP = 0, 1


@dataclass(frozen=True, slots=True)
class Reached:
    """A file or folder where this person sees it; `readers` are whom it is shared with by name. `resource` has what was asked for."""

    path: str
    owner: str
    readers: frozenset[str]
    resource: Resource


async def reach(session: Session, ids: Iterable[int], names: Iterable[str] = ASKED) -> dict[int, Reached]:
    """Those of the ids that the person reaches and that no tag hides."""
    me, unseen = await session.uid(), await hidden(session)
    found: dict[int, Reached] = {}
    wanted = tuple(dict.fromkeys((*ASKED, *names)))
    asked = list(dict.fromkeys(ids))
    for start in range(0, len(asked), AT_ONCE):
        body = _search(asked[start : start + AT_ONCE], f"/files/{me}", wanted)
        for resource in await multistatus(session, "SEARCH", "/remote.php/dav/", body, lambda one: one, what="the files"):
            id, path = resource.text("oc:fileid") or "", path_in(resource.href)
            if id.isdecimal() and not unseen.hides(path, int(id)):
                found[int(id)] = Reached(path, resource.text("oc:owner-id") or me, sharees(resource), resource)
    return found


async def readable(session: Session, ids: Iterable[str]) -> frozenset[str]:
    """Those ids that are files which the person reaches now."""
    found = await reach(session, (int(id) for id in ids if id.isdecimal()))
    return frozenset(str(id) for id in found)


def sharees(resource: Resource) -> frozenset[str]:
    """The people and `group:`s in `nc:sharees`."""
    listed = resource.props.get("nc:sharees")
    found = (listed if listed is not None else Element("none")).iterfind("{*}sharee")
    named = (_reader(one.findtext("{*}type"), one.findtext("{*}id")) for one in found)
    return frozenset(reader for reader in named if reader)


async def shared_by(session: Session) -> dict[str, frozenset[str]]:
    """The paths that this person shares, with the people and `group:`s; empty where there is no sharing."""
    try:
        listed: Any = await session.ocs("GET", "/apps/files_sharing/api/v1/shares", what="the shares")
    except (NotFound, NotPermitted):
        return {}
    found: dict[str, frozenset[str]] = {}
    for share in as_list(listed):
        reader = _reader(share.get("share_type"), share.get("share_with")) if isinstance(share, dict) else None  # type: ignore[reportUnknownMemberType,reportUnknownArgumentType]
        path = str(share.get("path", "")).strip("/") if reader else ""  # type: ignore[reportUnknownMemberType,reportUnknownArgumentType]
        if reader and path:
            found[path] = found.get(path, frozenset()) | {reader}
    return found


def readers_of(path: str, shared: dict[str, frozenset[str]]) -> frozenset[str]:
    """Whom a file is shared with by itself or with a folder above it."""
    return frozenset(reader for above in _above(path) for reader in shared.get(above, ()))


def _above(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def _reader(kind: Any, name: Any) -> str | None:
    """A user id, `group:<name>`, or None for links, mails, teams and other servers."""
    if not name or str(kind) not in (str(USER), str(GROUP)):
        return None
    return f"group:{name}" if str(kind) == str(GROUP) else str(name)


def _search(ids: Sequence[int], scope: str, names: Iterable[str]) -> bytes:
    tests = [element("d:eq", element("d:prop", element("oc:fileid")), element("d:literal", text=str(id))) for id in ids]
    basic = element(
        "d:basicsearch",
        element("d:select", element("d:prop", *(element(name) for name in names))),
        element("d:from", element("d:scope", element("d:href", text=scope), element("d:depth", text="infinity"))),
        element("d:where", tests[0] if len(tests) == 1 else element("d:or", *tests)),
        element("d:orderby"),
    )
    return document(element("d:searchrequest", basic))
