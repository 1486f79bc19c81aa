"""Address books and contacts as the tools answer them."""

from typing import Literal

from pydantic import BaseModel

GENERATED = ("z-server-generated--", "z-app-generated--")
"""Beginnings of address books that Nextcloud fills by itself and nobody may write to."""

FieldType = Literal["email", "phone", "address", "url"]


class AddressBook(BaseModel):
    """An address book; `uri` is what the tools take, `owner` is set on one that somebody else shares."""

    uri: str
    displayname: str
    description: str | None = None
    ctag: str | None = None
    read_only: bool | None = None
    generated: bool | None = None
    owner: str | None = None


class ContactField(BaseModel):
    """An e-mail address, telephone number, postal address or web address; `label` holds its types in lower case."""

    type: FieldType
    value: str
    label: str | None = None
    preferred: bool | None = None
    components: dict[str, str] | None = None


class Contact(BaseModel):
    """A vCard. `uid` is the name of its object without `.vcf`, which is not always the card's own UID (`card_uid`)."""

    uid: str
    card_uid: str | None = None
    addressbook: str | None = None
    resource_path: str | None = None
    fn: str
    given_name: str | None = None
    family_name: str | None = None
    organization: str | None = None
    title: str | None = None
    role: str | None = None
    emails: list[ContactField] | None = None
    phones: list[ContactField] | None = None
    addresses: list[ContactField] | None = None
    urls: list[ContactField] | None = None
    note: str | None = None
    has_photo: bool | None = None
    birthday: str | None = None
    categories: list[str] | None = None
    custom_fields: dict[str, list[str]] | None = None
    etag: str | None = None


class SavedContact(BaseModel):
    """A contact after a change."""

    contact: Contact
    addressbook: str


class Named(BaseModel):
    """What was created or deleted, by its names."""

    addressbook: str
    uid: str | None = None
    etag: str | None = None
    display_name: str | None = None
    message: str | None = None
