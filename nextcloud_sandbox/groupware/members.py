"""What calendars and address books do alike with requests and their members."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from aiohttp import web

from nextcloud_sandbox import dav, preconditions
from nextcloud_sandbox.calls import Call, reply
from nextcloud_sandbox.dav import DAV, DavError, Propfind
from nextcloud_sandbox.groupware.davxml import Getter, announced, answer, etag_headers, member, names_in
from nextcloud_sandbox.groupware.store import Item


class Located(Protocol):
    """What a path names, as far as all kinds of paths agree."""

    @property
    def item(self) -> Item | None: ...


L = TypeVar("L", bound=Located)
Handlers = Mapping[str, Callable[[Call, L], Awaitable[web.Response]]]


@dataclass
class Put:
    """A stored member. `exact` tells whether the bytes are those that were sent, which is when Nextcloud answers an ETag."""

    item: Item
    created: bool
    exact: bool
    warning: str

    def response(self, noun: str) -> web.Response:
        headers = etag_headers(self.item) if self.exact else {}
        if self.warning:
            headers["X-Sabre-Ew-Gross"] = f"{noun} validation warning: {self.warning}"
        return reply(201 if self.created else 204, headers=headers)


async def dispatch(call: Call, side: str, handlers: Handlers[L], locate: Callable[[Call], L]) -> web.StreamResponse:
    """One handler per method."""
    handler = handlers.get(call.request.method)
    if handler is None:
        raise DavError(501, f"There was no plugin in the system that was willing to handle this {call.request.method} method.")
    return await announced(call, side, lambda: handler(call, locate(call)))


def check_conditions(call: Call, item: Item | None) -> None:
    preconditions.check(call, item.etag if item else None, exists=item is not None)


def refuse_to_overwrite(call: Call, item: Item | None) -> None:
    """Of a MOVE or COPY that must not replace what is there."""
    if item and call.header("Overwrite", "T").upper() == "F":
        raise preconditions.failed("The destination node already exists, and the overwrite header is set to false", "Overwrite")


def multiget(
    call: Call, root: Element, base: str, locate: Callable[[Call, str], Located], getters: Callable[[str], Mapping[str, Getter]]
) -> web.Response:
    """The members at the given addresses; what does not exist is left out without a word."""
    asked, entries = Propfind(names_in(root)), list[dav.Entry]()
    for address in root.findall(f"{DAV}href"):
        path = urlsplit((address.text or "").strip()).path.removeprefix(call.sandbox.prefix)
        if item := _item_at(call, path, base, locate):
            plain = unquote(path)
            entries.append(member(call.href(dav.href(plain)), item, getters(plain), asked))
    return answer(call, entries)


def _item_at(call: Call, path: str, base: str, locate: Callable[[Call, str], Located]) -> Item | None:
    try:
        return locate(call, path).item if path.startswith(base) else None
    except DavError:
        return None
