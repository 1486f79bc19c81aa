"""Webhooks as the app webhook_listeners has them: registration by administrators, and a request for every event.

Nextcloud delivers from a background job, minutes later or at once depending on its cron; this one delivers at once.
"""

from nextcloud_sandbox.areas.webhooks import api, delivery
from nextcloud_sandbox.core import Area

AREA = Area("webhook_listeners", api.routes, hear=delivery.hear)
