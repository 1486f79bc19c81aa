"""Nextcloud contacts: vCards in address books (CardDAV, RFC 6352), with or without the Contacts app."""

from nextcloud_mcp_server.apps.contacts.source import ContactsSource
from nextcloud_mcp_server.apps.contacts.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp

APP = NextcloudApp(
    name="contacts",
    title="Contacts",
    tools=TOOLS,
    instructions="Address books are named by their uri, contacts by uid. Contacts have no trash: what is deleted is gone.",
    sources=(ContactsSource,),
)
