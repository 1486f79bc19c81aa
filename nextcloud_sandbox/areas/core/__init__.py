"""The server itself: status, capabilities, accounts, groups, app passwords, sign-in flow, DAV principals."""

from nextcloud_sandbox.areas.core import account, apppasswords, capabilities, loginflow, principals, provisioning, search
from nextcloud_sandbox.core import Area
from nextcloud_sandbox.routing import join

PARTS = (account, apppasswords, capabilities, loginflow, principals, provisioning, search)
AREA = Area("core", join(*(part.routes for part in PARTS)), optional=False, order=0)
