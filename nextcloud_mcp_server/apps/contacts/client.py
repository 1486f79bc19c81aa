"""CardDAV (RFC 6352) as Nextcloud speaks it."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from nextcloud_mcp_server.apps.contacts.models import GENERATED, AddressBook
from nextcloud_mcp_server.apps.contacts.reading import SHOWN
from nextcloud_mcp_server.core.errors import AlreadyExists, BadAnswer, Changed, InvalidValue, NextcloudError, NotFound, NotPermitted
from nextcloud_mcp_server.nextcloud.answers import quoted_etag
from nextcloud_mcp_server.nextcloud.collections import BOOKS
from nextcloud_mcp_server.nextcloud.content_lines import Component, parse
from nextcloud_mcp_server.nextcloud.dav import Resource, document, element, propfind
from nextcloud_mcp_server.nextcloud.objects import XML, Collections, Stored, checked, name_of, owner_of
from nextcloud_mcp_server.nextcloud.streaming import multistatus

LISTED = propfind(("d:displayname", "d:resourcetype", "cs:getctag", "card:addressbook-description", "oc:read-only", "oc:owner-principal"))
BYTES = propfind(("d:getetag", "card:address-data"))
NAME_BYTES = 200


@dataclass(frozen=True)
class Condition:
    """One property filter: `text` None asks whether the property exists."""

    name: str
    text: str | None = None
    match: str = "contains"

    def xml(self) -> Element:
        made = element("card:prop-filter", name=self.name)
        if self.text is not None:
            made.append(element("card:text-match", text=self.text, collation="i;unicode-casemap", match_type=self.match))
        return made


def uid_of(stored: Stored) -> str:
    """How tools name a contact."""
    return stored.name.removesuffix(".vcf")


def card_of(stored: Stored) -> Component:
    """The parsed text. Raises BadAnswer for a card that is not whole."""
    return parse(stored.text, f"Contact {uid_of(stored)!r}")


def card_or_none(stored: Stored) -> Component | None:
    """For listings, which one broken card must not spoil."""
    try:
        return card_of(stored)
    except BadAnswer:
        return None


class Contacts(Collections):
    """The address books of one person, shared ones included."""

    kind = BOOKS
    media = "text/vcard"

    async def books(self) -> list[AddressBook]:
        """All address books in one request, generated ones last and marked."""
        uid = await self.session.uid()
        return sorted(await self.home(LISTED, lambda one: _book(one, uid)), key=lambda book: bool(book.generated))

    async def create_book(self, name: str, display_name: str, description: str | None) -> None:
        """Raises AlreadyExists, and InvalidValue for a name that no address book can have."""
        if checked(name).startswith(GENERATED):
            raise InvalidValue(f"Address book {name!r}: names that begin with {' or '.join(GENERATED)} are Nextcloud's own.")
        kind = element("d:resourcetype", element("d:collection"), element("card:addressbook"))
        properties = [kind, element("d:displayname", text=display_name)]
        if description:
            properties.append(element("card:addressbook-description", text=description))
        body = document(element("d:mkcol", element("d:set", element("d:prop", *properties))))
        try:
            await self.session.request("MKCOL", await self.path(name), what=f"address book {name!r}", headers=XML, data=body)
        except InvalidValue as error:
            raise AlreadyExists(f"Address book {name!r} exists already.") if "already exists" in error.message else error from None

    async def delete_book(self, name: str) -> None:
        """Deletes an address book with all its contacts; one that somebody else shares only leaves this person's list."""
        try:
            await self.session.request("DELETE", await self.path(checked(name)), what=f"Address book {name!r}")
        except NotFound:
            raise await self._no_book(name) from None

    async def query(self, book: str, conditions: Iterable[Condition] = (), properties: Sequence[str] = SHOWN) -> list[Stored]:
        """The cards of which any condition holds (none: all), in one request, without photos and what else nobody lists."""
        data = element("card:address-data", *(element("card:prop", name=one) for one in properties))
        filters = element("card:filter", *(condition.xml() for condition in conditions), test="anyof")
        body = document(element("card:addressbook-query", element("d:prop", element("d:getetag"), data), filters))
        try:
            return await self.report(await self.path(checked(book)), body, lambda one: self.stored(book, one), f"address book {book!r}")
        except NotFound:
            raise await self._no_book(book) from None

    async def find(self, book: str, uid: str) -> Stored:
        """The card whose object, or else whose UID, is named `uid`: one request where they agree. Raises NotFound."""
        checked(uid)
        if found := await self._object(book, uid if uid.endswith(".vcf") else f"{uid}.vcf"):
            return found
        for other in await self.query(book, [Condition("UID", uid, "equals")], ("UID",)):
            if (card := card_or_none(other)) and card.text("UID") == uid and (found := await self._object(book, other.name)):
                return found
        if found := await self._object(book, uid):
            return found
        raise NotFound(
            f"Contact {uid!r} not found in address book {book!r}.", hint="nc_contacts_search_contacts finds contacts and their uid."
        )

    async def _object(self, book: str, name: str) -> Stored | None:
        """A card in its very bytes, which only PROPFIND gives: GET and reports turn a vCard 4.0 into a 3.0 or the other way round."""
        path, what = await self.path(book, name), f"Contact {name.removesuffix('.vcf')!r}"
        try:
            found = await multistatus(self.session, "PROPFIND", path, BYTES, lambda one: self.stored(book, one), what=what, depth="0")
        except NotFound:
            return None
        return found[0] if found else None

    async def save(self, stored: Stored, card: Component) -> Stored:
        """What is stored now. Raises Changed where somebody wrote in between, AlreadyExists where a new one's uid is taken."""
        what = f"Contact {uid_of(stored)!r}"
        try:
            etag = (await self.put(stored, str(card), what)).etag or (await self.find(stored.collection, stored.name)).etag
        except NotFound:
            raise await self._no_book(stored.collection) from None
        except (Changed, InvalidValue) as error:
            if stored.etag or not (isinstance(error, Changed) or "already exists" in error.message):
                raise
            where = "" if isinstance(error, Changed) else ", under another object name"
            raise AlreadyExists(f"{what} exists already in address book {stored.collection!r}{where}.") from None
        return replace(stored, etag=etag)

    async def delete(self, book: str, uid: str, etag: str | None) -> str:
        """The uid of the object that is gone. Raises Changed where it is not at `etag` (by default what is read now) any more."""
        stored = await self.find(book, uid)
        headers = {"If-Match": quoted_etag(etag or stored.etag)}
        await self.session.request("DELETE", await self.path(book, stored.name), what=f"Contact {uid!r}", headers=headers)
        return uid_of(stored)

    async def _no_book(self, name: str) -> NextcloudError:
        """Which error a 404 stands for: an address book that nobody may write to, or none at all."""
        books = await self.books()
        if any(book.uri == name for book in books):
            return NotPermitted(
                f"Address book {name!r} cannot be changed.", hint="Nextcloud fills it by itself, or it is shared read-only."
            )
        return NotFound(f"Address book {name!r} not found.", candidates=[book.uri for book in books], hint="Names are the uri.")

    async def path(self, collection: str = "", name: str = "") -> str:
        if long := next((one for one in (collection, name) if len(one.encode()) > NAME_BYTES), None):
            raise InvalidValue(f"{long[:80]!r}… is too long to name a contact or address book: at most {NAME_BYTES} bytes.")
        return await super().path(collection, name)


async def in_all(contacts: Contacts, books: Iterable[str], conditions: Sequence[Condition]) -> list[Stored]:
    """The cards of several address books, asked for at once."""
    found = await asyncio.gather(*(contacts.query(book, conditions) for book in books))
    return [one for some in found for one in some]


def _book(one: Resource, uid: str) -> AddressBook | None:
    if not one.has("d:resourcetype", "card:addressbook"):
        return None
    uri, owner = name_of(one), owner_of(one)
    generated = uri.startswith(GENERATED)
    return AddressBook(
        uri=uri,
        displayname=one.text("d:displayname") or uri,
        description=one.text("card:addressbook-description"),
        ctag=one.text("cs:getctag"),
        read_only=True if generated or one.text("oc:read-only") == "1" else None,
        generated=generated or None,
        owner=owner if owner not in ("", uid, "system") else None,
    )
