"""Files and folders that an administrator hides from all tools by system tags (`Policy.excluded_tags`).

It fails closed: where Nextcloud cannot tell what carries the tags, the call fails.
"""

import asyncio
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from nextcloud_mcp_server.core.errors import NotFound
from nextcloud_mcp_server.nextcloud.dav import Resource, document, element, propfind
from nextcloud_mcp_server.nextcloud.session import Session, segment
from nextcloud_mcp_server.nextcloud.streaming import multistatus

KEPT_FOR = 30.0
ENTRIES = 10_000
WHAT = "the tags that hide files"


@dataclass(frozen=True)
class Hidden:
    """What carries a hiding tag: file ids (those in the trash too), and paths as `folded` makes them."""

    ids: frozenset[int] = frozenset()
    paths: frozenset[str] = frozenset()

    def hides(self, path: str, file_id: int | None = None) -> bool:
        """Whether the thing itself or a folder above it carries a hiding tag."""
        return bool(self.paths or self.ids) and (file_id in self.ids or any(one in self.paths for one in _with_parents(folded(path))))

    def within(self, path: str) -> bool:
        """Whether something below this folder is hidden."""
        above = f"{folded(path)}/".lstrip("/")
        return any(one.startswith(above) for one in self.paths)


NOTHING = Hidden()


@dataclass
class _Shelf:
    """Answers by credential, each with the time it was asked at."""

    answers: dict[str, tuple[float, Hidden]] = field(default_factory=dict[str, tuple[float, Hidden]])


def folded(path: str) -> str:
    """A path as it is compared: Nextcloud composes characters (NFC), and some storages ignore case."""
    return unicodedata.normalize("NFC", path).casefold().strip("/")


def path_in(href: str) -> str:
    """The path from the user's root in a decoded `/remote.php/dav/files/<user>/<path>`, without slashes around it."""
    return href.partition("/remote.php/dav/files/")[2].partition("/")[2].strip("/")


def forget(session: Session) -> None:
    """Asks again at the next call: something was tagged, moved or restored."""
    session.cache.shelf(_Shelf).answers.pop(session.credential.key, None)


async def hidden(session: Session) -> Hidden:
    """What this person's tools must not see, at most 30 s old. Without hiding tags it costs nothing."""
    if not session.policy.excluded_tags:
        return NOTHING
    answers = session.cache.shelf(_Shelf).answers
    asked, known = answers.get(session.credential.key, (float("-inf"), NOTHING))
    now = time.monotonic()
    if now - asked < KEPT_FOR:
        return known
    found = await _ask(session)
    while len(answers) >= ENTRIES:
        del answers[next(iter(answers))]
    answers[session.credential.key] = (now, found)
    return found


async def refuse_hidden(session: Session, path: str) -> None:
    """Raises NotFound, in the words of a missing file, where `path` is hidden."""
    if (await hidden(session)).hides(path):
        raise NotFound(f"Not found: {path}")


async def _ask(session: Session) -> Hidden:
    wanted = {tag.casefold() for tag in session.policy.excluded_tags}

    def tag_id(resource: Resource) -> str | None:
        named = (resource.text("oc:display-name") or "").casefold()
        return resource.text("oc:id") if named in wanted else None

    body = propfind(("oc:id", "oc:display-name"))
    tags = await multistatus(session, "PROPFIND", "/remote.php/dav/systemtags/", body, tag_id, what=WHAT, depth="1")
    asked = [request for tag in tags for request in (_files(session, tag), _ids(session, tag))]
    answers = await asyncio.gather(*asked)
    return Hidden(frozenset(found for one in answers for found in one.ids), frozenset(found for one in answers for found in one.paths))


async def _files(session: Session, tag: str) -> Hidden:
    """Ids and paths of the files that this person can reach and that carry the tag."""
    rules = element("oc:filter-rules", element("oc:systemtag", text=tag))
    body = document(element("oc:filter-files", element("d:prop", element("oc:fileid")), rules))
    path = f"/remote.php/dav/files/{segment(await session.uid())}/"
    found = await multistatus(session, "REPORT", path, body, lambda one: (one.text("oc:fileid") or "", path_in(one.href)), what=WHAT)
    return Hidden(frozenset(int(one) for one, _ in found if one.isdecimal()), frozenset(folded(name) for _, name in found))


async def _ids(session: Session, tag: str) -> Hidden:
    """Ids of everything that carries the tag, which includes what lies in the trash."""

    def ids(resource: Resource) -> list[int]:
        listed = resource.props.get("nc:object-ids")
        texts = (node.text or "" for node in listed.iter("{http://nextcloud.org/ns}id")) if listed is not None else ()
        return [int(text) for text in texts if text.isdecimal()]

    path = f"/remote.php/dav/systemtags/{segment(tag)}/files"
    try:
        found = await multistatus(session, "PROPFIND", path, propfind(("nc:object-ids",)), ids, what=WHAT, depth="0")
    except NotFound:  # there is no such list until a first file has a tag
        return NOTHING
    return Hidden(frozenset(one for some in found for one in some))


def _with_parents(path: str) -> Iterator[str]:
    """`a/b/c`, `a/b`, `a` and the root."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield ""
