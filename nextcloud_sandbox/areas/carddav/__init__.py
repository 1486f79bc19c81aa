"""Contacts: CardDAV with sync tokens, vCard 3, vCard 4 and jCard, the address book of accounts and the recent contacts."""

from collections.abc import Mapping

from nextcloud_sandbox.areas.carddav.routes import routes
from nextcloud_sandbox.areas.carddav.seed import seed
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Area
from nextcloud_sandbox.dav import CARD
from nextcloud_sandbox.groupware.davxml import href


def principal(call: Call, user: str) -> Mapping[str, str]:
    return {f"{CARD}addressbook-home-set": f"<d:href>{href(call, 'addressbooks', 'users', user, '')}</d:href>"}


AREA = Area("carddav", routes, seed=seed, principal=principal, optional=False, order=45)
