"""The Tables app 1.0: tables with typed columns, views, shares."""

from nextcloud_sandbox.areas.tables import contexts, making, rows, second, seed
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Area
from nextcloud_sandbox.routing import join

TYPES = ("text-line", "text-rich", "text-link", "number", "number-stars", "number-progress", "selection", "selection-multi")
MORE_TYPES = ("selection-check", "datetime", "datetime-date", "datetime-time", "usergroup")


def capabilities(call: Call) -> dict[str, object]:
    if call.user_or_none is None:
        return {}
    told = {"enabled": True, "version": "1.0.9", "apiVersions": ["1.0", "2.0", "2.1"], "features": ["favorite", "archive"]}
    return {"tables": {**told, "isCirclesEnabled": True, "column_types": [*TYPES, *MORE_TYPES]}}


AREA = Area("tables", join(making.routes, rows.routes, second.routes, contexts.routes), seed=seed.seed, capabilities=capabilities, order=80)
