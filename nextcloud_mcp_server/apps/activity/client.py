"""The Activity API v2 (https://github.com/nextcloud/activity/blob/master/docs/endpoint-v2.md)."""

from nextcloud_mcp_server.apps.activity.models import EVENTS, FILTERS, Event
from nextcloud_mcp_server.core.errors import InvalidValue, NotFound, NotPermitted
from nextcloud_mcp_server.nextcloud.answers import shape
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.hidden import hidden
from nextcloud_mcp_server.nextcloud.ocs import as_list, unwrap
from nextcloud_mcp_server.nextcloud.session import segment

API = "/apps/activity/api/v2/activity"
WHAT = "the activity"


class Activity(Client):
    """What happened around one person."""

    async def events(self, name: str, since: int, limit: int) -> tuple[list[Event], int | None]:
        """Entries before the one with id `since` (0: the newest), newest first, and the id to go on from."""
        params = {"since": str(since), "limit": str(limit)}
        path, headers = f"/ocs/v2.php{API}/{segment(name)}", {"Accept": "application/json"}
        try:
            answer = await self.session.request("GET", path, what=WHAT, headers=headers, params=params)
        except NotFound:
            filters = shape(FILTERS, as_list(await self.session.ocs("GET", f"{API}/filters", what=WHAT)), WHAT)
            raise NotFound(f"There is no part {name!r} of the activity.", candidates=[one.id for one in filters]) from None
        except NotPermitted:
            raise InvalidValue("The entry that the cursor stands for is gone.", hint="Begin again without a cursor.") from None
        if not answer.body:  # 304 or 204: there is nothing (more)
            return [], None
        found = shape(EVENTS, as_list(unwrap(answer)), WHAT)
        last = answer.headers.get("X-Activity-Last-Given", "")
        following = int(last) if last.isdecimal() and 'rel="next"' in answer.headers.get("Link", "") else None
        unseen = await hidden(self.session)
        return [event for event in found if not any(unseen.hides(path, number) for number, path in _files(event))], following


def _files(event: Event) -> list[tuple[int, str]]:
    """Id and path of every file that an entry speaks of."""
    if event.object_type != "files":
        return []
    named = [(int(key), path) for key, path in event.objects.items() if key.isdecimal()]
    return [*named, (event.object_id, event.object_name)]
