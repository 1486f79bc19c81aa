"""The people somebody was last in touch with: Nextcloud keeps them in an address book of its own."""

from dataclasses import dataclass

from nextcloud_sandbox.core import Sandbox


@dataclass
class Contact:
    """`seen` is in unix seconds. Entries are named by number."""

    id: int
    email: str
    seen: int
    user: str | None = None


def book(sandbox: Sandbox, user: str) -> dict[str, Contact]:
    """The recent contacts of one user, by address."""
    return sandbox.slot("contactsinteraction", dict[str, dict[str, Contact]]).setdefault(user, {})


def note(sandbox: Sandbox, user: str, email: str) -> None:
    contacts = book(sandbox, user)
    known = contacts.get(email)
    other = next((found.id for found in sandbox.users.values() if found.email.lower() == email.lower()), None)
    contacts[email] = Contact(known.id if known else sandbox.next_id(), email, int(sandbox.now()), other)
