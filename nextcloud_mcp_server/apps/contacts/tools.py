"""The tools of address books and contacts."""

import uuid
from typing import Annotated, Any

from pydantic import Field

from nextcloud_mcp_server.apps.contacts.client import Condition, Contacts, card_of, card_or_none, in_all, uid_of
from nextcloud_mcp_server.apps.contacts.matching import has_digits, has_words, phone_digits
from nextcloud_mcp_server.apps.contacts.models import AddressBook, Contact, Named, SavedContact
from nextcloud_mcp_server.apps.contacts.reading import contact_of, quick_name
from nextcloud_mcp_server.apps.contacts.writing import apply, new_card
from nextcloud_mcp_server.core.arguments import Cursor, Etag, Limit
from nextcloud_mcp_server.core.errors import Changed, InvalidValue
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, paginate
from nextcloud_mcp_server.core.tools import Toolbox
from nextcloud_mcp_server.nextcloud.answers import bare_etag
from nextcloud_mcp_server.nextcloud.content_lines import Component
from nextcloud_mcp_server.nextcloud.objects import Stored, checked

TOOLS = Toolbox("contacts")
TRIES = 3
NOTE_SHOWN = 300
EVERYWHERE = "*"

Book = Annotated[str, Field(description="Its uri.")]
Data = dict[str, Any]


@TOOLS.read(items="addressbooks", total="total_count", untrusted=True)
async def nc_contacts_list_addressbooks(contacts: Contacts, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[AddressBook]:
    """List address books, also shared ones and those that Nextcloud fills (generated, read-only)."""
    return paginate(await contacts.books(), limit, cursor)


@TOOLS.read(items="contacts", total="total_count", untrusted=True)
async def nc_contacts_list_contacts(
    contacts: Contacts, addressbook: Book, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Contact]:
    """List the contacts of an address book by name; nc_contacts_get_contact reads all of one."""
    return paginate(_by_name(await contacts.query(addressbook)), limit, cursor, addressbook=addressbook).map(_listed)


@TOOLS.read(items="contacts", total="total_count", untrusted=True)
async def nc_contacts_search_contacts(
    contacts: Contacts,
    query: Annotated[str, Field(description="Parts of name, nickname or e-mail, or a telephone number.")],
    addressbook: Annotated[str | None, Field(description="Default: all of the person's own.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Contact]:
    """Find contacts; accounts of this Nextcloud: nc_users_find_people."""
    where = addressbook or EVERYWHERE
    digits, words = phone_digits(query), query.casefold().split()
    if not words:
        return paginate(list[Contact](), limit, cursor, addressbook=where, query=query)
    longest = max(words, key=len)
    conditions = [Condition("TEL")] if digits else [Condition(name, longest) for name in ("FN", "N", "NICKNAME", "EMAIL")]
    books = [book.uri for book in await contacts.books() if not book.generated] if where == EVERYWHERE else [where]
    cards = [(one, card_or_none(one)) for one in await in_all(contacts, books, conditions)]
    hits = [one for one, card in cards if card and (has_digits(card, digits) if digits else has_words(card, words))]
    return paginate(_by_name(hits), limit, cursor, addressbook=where, query=query).map(_listed)


@TOOLS.read(untrusted=True)
async def nc_contacts_get_contact(contacts: Contacts, addressbook: Book, uid: str) -> Contact:
    """Read one contact with all fields and its etag; photos are only mentioned."""
    stored = await contacts.find(addressbook, uid)
    return _shown(stored, card_of(stored))


@TOOLS.create()
async def nc_contacts_create_contact(
    contacts: Contacts,
    addressbook: Book,
    contact_data: Data,
    uid: str | None = None,
) -> Named:
    """Create a contact. contact_data keys: fn (required full name), n {family, given, additional, prefix, suffix}, email, tel, url,
    adr {street, locality, region, code, country}, org (text or list of units), title, role, note, nickname, bday (YYYY-MM-DD),
    categories (its groups), X-…. email, tel, url, adr, X-… take a text, {value, type} or a list of them."""
    uid = uid or str(uuid.uuid4())
    saved = await contacts.save(Stored(addressbook, f"{checked(uid)}.vcf", "", ""), new_card(uid, contact_data))
    return Named(addressbook=addressbook, uid=uid, etag=saved.etag)


@TOOLS.update(untrusted=True)
async def nc_contacts_update_contact(
    contacts: Contacts, addressbook: Book, uid: str, contact_data: Data, etag: Etag = None
) -> SavedContact:
    """Change the named properties of a contact; keys as in nc_contacts_create_contact. A text or object changes the first of several,
    a list replaces all of them, "" or [] clears; all else stays, photos included."""
    for attempt in range(1, TRIES + 1):
        stored = await contacts.find(addressbook, uid)
        if etag and bare_etag(etag) not in ("*", stored.etag):
            raise Changed(f"Contact {uid!r} was modified by someone else.", etag=stored.etag)
        card = card_of(stored)
        apply(card, contact_data)
        try:
            saved = await contacts.save(stored, card) if str(card) != str(card_of(stored)) else stored
            return SavedContact(contact=_shown(saved, card), addressbook=addressbook)
        except Changed:
            if etag or attempt == TRIES:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


@TOOLS.delete()
async def nc_contacts_delete_contact(contacts: Contacts, addressbook: Book, uid: str, etag: Etag = None) -> Named:
    """Delete a contact for good: contacts have no trash."""
    gone = await contacts.delete(addressbook, uid, etag)
    return Named(addressbook=addressbook, uid=gone, etag=bare_etag(etag), message="Deleted for good: Nextcloud has no trash for contacts.")


@TOOLS.create()
async def nc_contacts_create_addressbook(
    contacts: Contacts,
    name: Annotated[str, Field(description="Its uri: short, without slashes.")],
    display_name: str,
    description: str | None = None,
) -> Named:
    """Create an address book."""
    if not display_name.strip():
        raise InvalidValue("display_name is empty.")
    await contacts.create_book(name, display_name, description)
    return Named(addressbook=name, display_name=display_name)


@TOOLS.delete()
async def nc_contacts_delete_addressbook(contacts: Contacts, name: Book) -> Named:
    """Delete an address book and every contact in it for good."""
    await contacts.delete_book(name)
    return Named(addressbook=name, message="Deleted for good with all its contacts: Nextcloud has no trash for them.")


def _by_name(cards: list[Stored]) -> list[Stored]:
    return sorted(cards, key=lambda one: (quick_name(one.text).casefold(), one.collection, one.name))


def _listed(stored: Stored) -> Contact:
    card, uid = card_or_none(stored), uid_of(stored)
    broken = Contact(uid=uid, fn=quick_name(stored.text) or uid, note="This card is broken and cannot be read.")
    shown = contact_of(card, uid, _short) if card else broken
    return shown.model_copy(update={"addressbook": stored.collection, "etag": stored.etag})


def _short(note: str) -> str:
    return note if len(note) <= NOTE_SHOWN else f"{note[:NOTE_SHOWN]}… cut at {NOTE_SHOWN} characters; read nc_contacts_get_contact for all"


def _shown(stored: Stored, card: Component) -> Contact:
    also = {"addressbook": stored.collection, "etag": stored.etag, "resource_path": f"{stored.collection}/{stored.name}"}
    return contact_of(card, uid_of(stored)).model_copy(update=also)
