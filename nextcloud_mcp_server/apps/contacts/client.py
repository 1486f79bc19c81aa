"""CardDAV (RFC 6352) as Nextcloud speaks it."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from nextcloud_mcp_server.apps.contacts.models import GENERATED, AddressBook
from nextcloud_mcp_server.apps.contacts.reading import SHOWN
from nextcloud_mcp_server.core.errors import AlreadyExists, BadAnswer, Changed, InvalidValue, NextcloudError, NotFound, NotPermitted
from nextcloud_mcp_server.nextcloud.answers import bare_etag, quoted_etag
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.content_lines import Component, parse
from nextcloud_mcp_server.nextcloud.dav import (
    MultistatusParser,
    Resource,
    document,
    element,
    parse_multistatus,
    propfind,
    stream_multistatus,
)
from nextcloud_mcp_server.nextcloud.session import segment

XML = {"Content-Type": "application/xml; charset=utf-8"}
BOOK_PROPERTIES = (
    "d:displayname",
    "d:resourcetype",
    "cs:getctag",
    "card:addressbook-description",
    "oc:read-only",
    "oc:owner-principal",
    "d:current-user-privilege-set",
)
NAME_BYTES = 200


@dataclass(frozen=True)
class Stored:
    """A card as it lies in an address book: the object's name, its ETag without quotes, its text."""

    book: str
    name: str
    etag: str
    text: str

    @property
    def uid(self) -> str:
        return self.name.removesuffix(".vcf")

    @property
    def what(self) -> str:
        return f"Contact {self.uid!r}"

    def card(self) -> Component:
        """The parsed text. Raises BadAnswer for a card that is not whole."""
        return parse(self.text, self.what)

    def card_or_none(self) -> Component | None:
        """For listings, which one broken card must not spoil."""
        try:
            return self.card()
        except BadAnswer:
            return None


@dataclass(frozen=True)
class Condition:
    """One property filter: `text` None asks whether the property exists."""

    name: str
    text: str | None = None
    match: str = "contains"

    def xml(self) -> Element:
        inner = (
            [] if self.text is None else [element("card:text-match", text=self.text, collation="i;unicode-casemap", match_type=self.match)]
        )
        return element("card:prop-filter", *inner, name=self.name)


class Contacts(Client):
    """The address books of one person, shared ones included."""

    async def books(self) -> list[AddressBook]:
        """All address books in one request, generated ones last and marked."""
        home = await self._path()
        answer = await self.session.request(
            "PROPFIND", home, what="the address books", headers={**XML, "Depth": "1"}, data=propfind(BOOK_PROPERTIES)
        )
        found = parse_multistatus(answer.body, "the address books").resources
        uid = await self.session.uid()
        return sorted(
            (_book(one, uid) for one in found if one.has("d:resourcetype", "card:addressbook")), key=lambda book: bool(book.generated)
        )

    async def create_book(self, name: str, display_name: str, description: str | None) -> None:
        """Raises AlreadyExists, and InvalidValue for a name that no address book can have."""
        checked(name, "address book")
        if name.startswith(GENERATED):
            raise InvalidValue(
                f"Address book {name!r}: names that begin with z-server-generated-- or z-app-generated-- are Nextcloud's own."
            )
        properties = [
            element("d:resourcetype", element("d:collection"), element("card:addressbook")),
            element("d:displayname", text=display_name),
        ]
        if description:
            properties.append(element("card:addressbook-description", text=description))
        body = document(element("d:mkcol", element("d:set", element("d:prop", *properties))))
        what = f"address book {name!r}"
        try:
            await self.session.request("MKCOL", await self._path(name), what=what, headers=XML, data=body)
        except InvalidValue as error:
            if "already exists" in error.message:
                raise AlreadyExists(f"Address book {name!r} exists already.") from None
            raise

    async def delete_book(self, name: str) -> None:
        """Deletes an address book with all its contacts; one that somebody else shares only leaves this person's list."""
        try:
            await self.session.request("DELETE", await self._path(name), what=f"Address book {name!r}")
        except NotFound:
            raise await self._no_book(name) from None

    async def query(self, book: str, conditions: Iterable[Condition] = (), properties: Sequence[str] = SHOWN) -> list[Stored]:
        """The cards of which any condition holds (none: all), in one request, without photos and what else nobody lists."""
        data = element("card:address-data", *(element("card:prop", name=name) for name in properties))
        body = element(
            "card:addressbook-query",
            element("d:prop", element("d:getetag"), data),
            element("card:filter", *(condition.xml() for condition in conditions), test="anyof"),
        )
        return await self._report(book, body)

    async def find(self, book: str, uid: str) -> Stored:
        """The card whose object, or else whose UID, is named `uid`: one request where they agree. Raises NotFound."""
        checked(uid, "contact")
        if found := await self._object(book, uid if uid.endswith(".vcf") else f"{uid}.vcf"):
            return found
        for other in await self.query(book, [Condition("UID", uid, "equals")], ("UID",)):
            if (card := other.card_or_none()) and card.text("UID") == uid and (found := await self._object(book, other.name)):
                return found
        if found := await self._object(book, uid):
            return found
        raise NotFound(
            f"Contact {uid!r} not found in address book {book!r}.", hint="nc_contacts_search_contacts finds contacts and their uid."
        )

    async def _object(self, book: str, name: str) -> Stored | None:
        """A card in its very bytes, which only PROPFIND gives: GET and reports turn a vCard 4.0 into a 3.0 or the other way round."""
        what = f"Contact {name.removesuffix('.vcf')!r}"
        body = propfind(("d:getetag", "card:address-data"))
        try:
            answer = await self.session.request(
                "PROPFIND", await self._path(book, name), what=what, headers={**XML, "Depth": "0"}, data=body
            )
        except NotFound:
            return None
        found = parse_multistatus(answer.body, what).resources
        return _stored(book, found[0]) if found and _is_card(found[0]) else None

    async def create(self, book: str, uid: str, card: Component) -> str:
        """The ETag of the new card. Raises AlreadyExists where the uid is taken."""
        what = f"Contact {uid!r}"
        try:
            return await self._put(book, f"{uid}.vcf", card, {"If-None-Match": "*"}, what)
        except Changed:
            raise AlreadyExists(f"{what} exists already in address book {book!r}.") from None
        except InvalidValue as error:
            if "already exists" in error.message:
                raise AlreadyExists(f"{what} exists already in address book {book!r}, under another object name.") from None
            raise

    async def replace(self, stored: Stored, card: Component) -> str:
        """The new ETag. Raises Changed where somebody wrote in between."""
        return await self._put(stored.book, stored.name, card, {"If-Match": quoted_etag(stored.etag)}, stored.what)

    async def delete(self, book: str, uid: str, etag: str | None) -> str:
        """The uid of the object that is gone."""
        checked(uid, "contact")
        headers = {"If-Match": quoted_etag(etag)} if etag else {}
        name = uid if uid.endswith(".vcf") else f"{uid}.vcf"
        try:
            await self.session.request("DELETE", await self._path(book, name), what=f"Contact {uid!r}", headers=headers)
        except (NotFound, Changed):
            found = await self.find(book, uid)
            if found.name == name:
                raise
            await self.session.request("DELETE", await self._path(book, found.name), what=f"Contact {uid!r}", headers=headers)
            return found.uid
        return name.removesuffix(".vcf")

    async def _put(self, book: str, name: str, card: Component, headers: dict[str, str], what: str) -> str:
        path = await self._path(book, name)
        sent = {"Content-Type": "text/vcard; charset=utf-8", **headers}
        try:
            answer = await self.session.request("PUT", path, what=what, headers=sent, data=str(card).encode())
        except NotFound:
            raise await self._no_book(book) from None
        return answer.etag or (await self.find(book, name)).etag

    async def _report(self, book: str, body: Element) -> list[Stored]:
        what = f"address book {book!r}"
        parser = MultistatusParser(what)
        try:
            async with self.session.stream(
                "REPORT", await self._path(book), what=what, headers={**XML, "Depth": "1"}, data=document(body)
            ) as response:
                return [_stored(book, one) async for one in stream_multistatus(response.content.iter_any(), parser) if _is_card(one)]
        except NotFound:
            raise await self._no_book(book) from None

    async def _no_book(self, name: str) -> NextcloudError:
        """Which error a 404 stands for: an address book that nobody may write to, or none at all."""
        books = await self.books()
        if any(book.uri == name for book in books):
            return NotPermitted(
                f"Address book {name!r} cannot be changed.", hint="Nextcloud fills it by itself, or it is shared read-only."
            )
        return NotFound(f"Address book {name!r} not found.", candidates=[book.uri for book in books], hint="Names are the uri.")

    async def _path(self, *parts: str) -> str:
        """The path of the home, of an address book (with a slash at the end) or of a card."""
        home = f"/remote.php/dav/addressbooks/users/{segment(await self.session.uid())}/"
        if parts:
            checked(parts[0], "address book")
        return home + "/".join(segment(part) for part in parts) + ("/" if len(parts) == 1 else "")


def checked(name: str, what: str) -> None:
    """Raises InvalidValue for what cannot be one segment of a path."""
    if not name or name in (".", "..") or any(character in "/\\" or character < " " for character in name):
        raise InvalidValue(f"{name[:80]!r} cannot name a{'n' if what[0] in 'aeiou' else ''} {what}.", hint="No slashes; it is not empty.")
    if len(name.encode()) > NAME_BYTES:
        raise InvalidValue(f"{name[:80]!r}… is too long to name a contact or address book: at most {NAME_BYTES} bytes.")


async def in_all(contacts: Contacts, books: Iterable[str], conditions: Sequence[Condition]) -> list[Stored]:
    """The cards of several address books, asked for at once."""
    found = await asyncio.gather(*(contacts.query(book, conditions) for book in books))
    return [one for some in found for one in some]


def _book(one: Resource, uid: str) -> AddressBook:
    uri = one.href.rstrip("/").rsplit("/", 1)[-1]
    owner = _owner(one)
    generated = uri.startswith(GENERATED)
    return AddressBook(
        uri=uri,
        displayname=one.text("d:displayname") or uri,
        description=one.text("card:addressbook-description"),
        ctag=one.text("cs:getctag"),
        read_only=True if generated or one.text("oc:read-only") == "1" else None,
        generated=generated or None,
        owner=owner if owner not in (None, uid, "system") else None,
    )


def _owner(one: Resource) -> str | None:
    """The last part of `principals/users/bob`, which Nextcloud gives as a text or as an address."""
    node = one.props.get("oc:owner-principal")
    text = "".join(node.itertext()).strip() if node is not None else ""
    return text.rstrip("/").rsplit("/", 1)[-1] or None


def _is_card(one: Resource) -> bool:
    return one.status == 200 and "card:address-data" in one.props


def _stored(book: str, one: Resource) -> Stored:
    text = one.props["card:address-data"].text or ""
    etag = bare_etag(one.text("d:getetag"))
    if not text or not etag:
        raise BadAnswer(f"Nextcloud's answer about address book {book!r} has a contact without text or etag.")
    return Stored(book, one.href.rsplit("/", 1)[-1], etag, text)
