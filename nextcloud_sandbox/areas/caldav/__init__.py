"""Calendars and tasks: CalDAV with sync tokens, trash bin, sharing, scheduling and free-busy."""

from collections.abc import Mapping

from nextcloud_sandbox.areas.caldav.routes import routes
from nextcloud_sandbox.areas.caldav.seed import seed
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Area
from nextcloud_sandbox.dav import CAL, CS
from nextcloud_sandbox.groupware.davxml import href, text


def principal(call: Call, user: str) -> Mapping[str, str]:
    """What a client needs to find a user's calendars and to invite."""
    email = call.sandbox.users[user].email
    own = f"<d:href>{href(call, 'principals', 'users', user, '')}</d:href>"
    home = href(call, "calendars", user, "")
    return {
        f"{CAL}calendar-home-set": f"<d:href>{home}</d:href>",
        f"{CAL}calendar-user-address-set": (f"<d:href>mailto:{text(email)}</d:href>" if email else "") + own,
        f"{CAL}schedule-inbox-URL": f"<d:href>{home}inbox/</d:href>",
        f"{CAL}schedule-outbox-URL": f"<d:href>{home}outbox/</d:href>",
        f"{CAL}schedule-default-calendar-URL": f"<d:href>{home}personal/</d:href>",
        f"{CAL}calendar-user-type": "INDIVIDUAL",
        "{http://sabredav.org/ns}email-address": text(email),
        f"{CS}email-address-set": f"<cs:email-address>{text(email)}</cs:email-address>" if email else "",
    }


AREA = Area("caldav", routes, seed=seed, principal=principal, optional=False, order=40)
