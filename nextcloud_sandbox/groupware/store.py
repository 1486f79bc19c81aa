"""Collections of calendar objects or cards: the bytes as they were put, a change counter, a log of changes."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from nextcloud_sandbox.groupware.vobject import Component, parse

TOKEN = "http://sabre.io/ns/sync/"  # noqa: S105 - a sync token is no secret


class InvalidSyncToken(ValueError):
    """The token was not given by this server."""


@lru_cache(maxsize=40_000)
def parsed(data: bytes) -> Component:
    """The component in `data`, shared between callers: parse again to change one."""
    return parse(data.decode("utf-8", "replace"))


@dataclass
class Item:
    """One object. `etag` is the quoted md5 of `data`; `modified` and `deleted_at` are unix seconds."""

    id: int
    uri: str
    data: bytes
    modified: int
    uid: str
    kind: str
    etag: str = ""
    deleted_at: int | None = None

    def __post_init__(self) -> None:
        self.etag = self.etag or etag(self.data)

    @property
    def component(self) -> Component:
        return parsed(self.data)


def etag(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'  # noqa: S324 - Nextcloud's choice


@dataclass
class Changes:
    """What happened since a token. `truncated` asks the caller to come back with `token`."""

    changed: list[str]
    deleted: list[str]
    token: str
    truncated: bool = False


@dataclass
class Collection:
    """A calendar or address book. `props` maps Clark names to inner XML; `shares` maps users to "may only read"."""

    id: int
    owner: str
    uri: str
    props: dict[str, str] = field(default_factory=dict[str, str])
    components: list[str] = field(default_factory=lambda: ["VEVENT", "VTODO"])
    role: str = "calendar"
    token: int = 1
    items: dict[str, Item] = field(default_factory=dict[str, Item])
    uids: dict[str, str] = field(default_factory=dict[str, str])
    trash: dict[int, Item] = field(default_factory=dict[int, Item])
    log: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    shares: dict[str, bool] = field(default_factory=dict[str, bool])
    views: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    deleted_at: int | None = None

    @property
    def sync_token(self) -> str:
        return f"{TOKEN}{self.token}"

    def changed(self, uri: str = "") -> None:
        """Count a change of the member `uri`, "" for the collection's own properties."""
        self.log.append((self.token, uri))
        self.token += 1

    def put(self, item: Item) -> None:
        old = self.items.get(item.uri)
        if old:
            self.uids.pop(old.uid, None)
        self.items[item.uri] = item
        self.uids[item.uid] = item.uri
        self.changed(item.uri)

    def remove(self, uri: str) -> Item:
        item = self.items.pop(uri)
        self.uids.pop(item.uid, None)
        self.changed(uri)
        return item

    def since(self, token: str, limit: int | None = None) -> Changes:
        """The members changed since `token` ("" = all). Raises InvalidSyncToken."""
        if token.startswith(f"{TOKEN}init_"):
            return self._page(token, limit)
        if not token:
            return self._page(f"{TOKEN}init_0_{self.token}", limit) if limit else Changes(list(self.items), [], self.sync_token)
        number = token.removeprefix(TOKEN)
        if not token.startswith(TOKEN) or not number.isdecimal():
            raise InvalidSyncToken(token)
        entries = [(at, uri) for at, uri in self.log if at >= int(number)]
        kept = entries[:limit] if limit else entries
        uris = list(dict.fromkeys(uri for _, uri in kept if uri))
        next_token = f"{TOKEN}{kept[-1][0] + 1}" if kept else self.sync_token
        changed = [uri for uri in uris if uri in self.items]
        return Changes(changed, [uri for uri in uris if uri not in self.items], next_token, len(kept) < len(entries))

    def _page(self, token: str, limit: int | None) -> Changes:
        """One page of an initial synchronisation, by ascending id: the token names the last id and the state at the start."""
        last, _, start = token.removeprefix(f"{TOKEN}init_").partition("_")
        if not (last.isdecimal() and start.isdecimal()):
            raise InvalidSyncToken(token)
        left = sorted((item for item in self.items.values() if item.id > int(last)), key=lambda item: item.id)
        page = left[:limit] if limit else left
        truncated = len(page) < len(left)
        return Changes([item.uri for item in page], [], f"{TOKEN}init_{page[-1].id}_{start}" if truncated else f"{TOKEN}{start}", truncated)


@dataclass(frozen=True)
class View:
    """A collection as one user sees it: under its own name, or shared by somebody else."""

    collection: Collection
    user: str
    uri: str

    @property
    def shared(self) -> bool:
        return self.collection.owner != self.user

    @property
    def read_only(self) -> bool:
        return self.collection.shares.get(self.user, False) if self.shared else False

    @property
    def props(self) -> dict[str, str]:
        """The stored properties; a recipient of a share may have set own ones."""
        return {**self.collection.props, **self.collection.views.get(self.user, {})}


@dataclass
class Collections:
    """All collections of one kind (calendars, address books) of all users, by id."""

    by_id: dict[int, Collection] = field(default_factory=dict[int, Collection])

    def add(self, collection: Collection) -> Collection:
        self.by_id[collection.id] = collection
        return collection

    def of(self, user: str) -> list[View]:
        """Own collections, then those shared with `user`."""
        own = [View(found, user, found.uri) for found in self.by_id.values() if found.owner == user]
        return own + [
            View(found, user, shared_uri(found)) for found in self.by_id.values() if user in found.shares and not found.deleted_at
        ]

    def find(self, user: str, uri: str) -> View | None:
        return next((view for view in self.of(user) if view.uri == uri), None)

    def forget(self, user: str) -> None:
        """Drop what a deleted account owned and was given."""
        self.by_id = {key: found for key, found in self.by_id.items() if found.owner != user}
        for found in self.by_id.values():
            found.shares.pop(user, None)


def shared_uri(collection: Collection) -> str:
    return f"{collection.uri}_shared_by_{collection.owner}"


def members(collection: Collection, uris: Iterable[str]) -> list[Item]:
    """The items under `uris`; those that do not exist are left out."""
    return [collection.items[uri] for uri in uris if uri in collection.items]
