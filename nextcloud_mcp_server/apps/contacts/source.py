"""Contacts for background sync. Generated address books (all accounts, recently contacted) are left out: they repeat what others hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nextcloud_mcp_server.apps.contacts.models import Contact, ContactField
from nextcloud_mcp_server.apps.contacts.reading import contact_of
from nextcloud_mcp_server.core.documents import Document
from nextcloud_mcp_server.core.errors import BadAnswer
from nextcloud_mcp_server.nextcloud.collections import BOOKS, Found
from nextcloud_mcp_server.nextcloud.content_lines import Component, parse
from nextcloud_mcp_server.nextcloud.followed import ObjectsSource
from nextcloud_mcp_server.nextcloud.session import segment

MIME = "text/vcard"


@dataclass(frozen=True)
class ContactsSource(ObjectsSource):
    doc_type: str = "contact"
    scope: str = "contacts:read"
    kind = BOOKS

    def link(self, id: str, extra: Mapping[str, Any]) -> str | None:
        names, uid = self.names(id), extra.get("uid")
        return self.session.link(f"/apps/contacts/direct/contact/{segment(f'{uid}~{names[0]}')}") if names and uid else None

    def document(self, found: Found, me: str) -> Document:
        """A card that cannot be read is indexed by the name of its object."""
        name = found.id.rpartition("/")[2].removesuffix(".vcf")
        try:
            card = parse(found.text, f"Contact {name!r}")
        except BadAnswer:
            card = None
        contact = contact_of(card, name) if card else Contact(uid=name, fn=name)
        return Document(
            id=found.id,
            version=found.etag,
            title=contact.fn or contact.organization or name,
            text=text_of(contact),
            mime_type=MIME,
            size=len(found.text),
            modified=_revised(card),
            tags=tuple(contact.categories or ()),
            readers=found.readers | {found.owner},
            owner=found.owner,
            extra={"uid": contact.card_uid or contact.uid},
        )


def text_of(contact: Contact) -> str:
    """What people look for in a contact, a line for each."""
    nicknames = (contact.custom_fields or {}).get("nickname", [])
    lines = [
        ("", [contact.fn]),
        ("Also called", nicknames),
        ("Organization", [contact.organization]),
        ("Position", [contact.title, contact.role]),
        ("E-mail", _values(contact.emails)),
        ("Telephone", _values(contact.phones)),
        ("Address", _values(contact.addresses)),
        ("Web", _values(contact.urls)),
        ("Birthday", [contact.birthday]),
        ("Groups", contact.categories or []),
    ]
    made = [(label, ", ".join(value for value in values if value)) for label, values in lines]
    text = "\n".join(f"{label}: {value}" if label else value for label, value in made if value)
    return f"{text}\n\n{contact.note}" if contact.note else text


def _values(fields: Sequence[ContactField] | None) -> list[str]:
    return [_one(field) for field in fields or ()]


def _one(field: ContactField) -> str:
    value = " ".join(part.strip() for part in (field.components or {}).values()) if field.components else field.value
    return f"{value} ({field.label})" if field.label else value


def _revised(card: Component | None) -> datetime | None:
    """REV in either of its forms (RFC 6350 6.7.4)."""
    text = (card.text("REV") or "").strip() if card else ""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
