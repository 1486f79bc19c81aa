"""Whom one can share with."""

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.areas.sharing.state import GROUP, USER, Shares
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.routing import Routes

routes = Routes("files_sharing")
API = "/apps/files_sharing/api/v1"
KINDS = ("users", "groups", "remotes", "remote_groups", "emails", "circles", "rooms")
RECOMMENDED = KINDS[:5]
TYPES = ("0", "1", "4", "6", "7")


@routes.ocs("GET", API + "/sharees")
async def sharees(call: Call) -> web.StreamResponse:
    values = await call.params()
    if not values.text("itemType"):
        return ocs.fail(call, 400, "Missing itemType")
    wanted, kinds = values.text("search").lower(), [str(kind) for kind in values.items_of("shareType")] or list(TYPES)
    limit, page = max(1, values.integer("perPage", 200)), max(1, values.integer("page", 1))
    found = {"users": users(call, wanted) if "0" in kinds else [], "groups": groups(call, wanted) if "1" in kinds else []}
    exact: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    near: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for kind, people in found.items():
        exact[kind] = [one for one in people if wanted in (one["value"]["shareWith"].lower(), one["label"].lower())] if page == 1 else []
        near[kind] = [one for one in people if one not in exact[kind]][(page - 1) * limit : page * limit]
    data = {"exact": exact, **near, "lookup": [], "lookupEnabled": False}
    return ocs.ok(
        call, data, {"Link": f'<{following(call, values.text("search"), values.text("itemType"), kinds, limit, page)}>; rel="next"'}
    )


def following(call: Call, search: str, item_type: str, kinds: list[str], limit: int, page: int) -> str:
    asked = [("search", search), ("itemType", item_type), *((f"shareType[{n}]", kind) for n, kind in enumerate(kinds))]
    query = urlencode([*asked, ("perPage", limit), ("page", page + 1)])
    return call.url(f"/ocs/v{call.match.ocs_version}.php{API}/sharees?{query}")


@routes.ocs("GET", API + "/sharees_recommended")
async def recommended(call: Call) -> web.StreamResponse:
    """Those with whom the caller shares already."""
    times = Counter((share.kind, share.recipient or "") for share in Shares(call.sandbox).all() if share.sharer == call.uid)
    exact: dict[str, list[Any]] = {kind: [] for kind in RECOMMENDED}
    for (kind, recipient), count in sorted(times.items(), key=lambda item: -item[1]):
        if kind in (USER, GROUP):
            user = call.sandbox.users.get(recipient) if kind == USER else None
            label = user.display_name if user else recipient
            entry = {"count": count, "label": label, "value": {"shareType": kind, "shareWith": recipient}}
            exact["users" if kind == USER else "groups"].append(entry)
    return ocs.ok(call, {"exact": exact, **{kind: [] for kind in RECOMMENDED}})


def users(call: Call, wanted: str) -> list[dict[str, Any]]:
    return [
        {
            "label": user.display_name,
            "subline": "",
            "icon": "icon-user",
            "value": {"shareType": USER, "shareWith": user.id},
            "shareWithDisplayNameUnique": user.email or user.id,
            "status": [],
        }
        for user in call.sandbox.users.values()
        if user.id != call.uid and user.enabled and any(wanted in text.lower() for text in (user.id, user.display_name, user.email))
    ]


def groups(call: Call, wanted: str) -> list[dict[str, Any]]:
    names = [name for name in call.sandbox.groups if wanted in name.lower()]
    return [{"label": name, "value": {"shareType": GROUP, "shareWith": name}} for name in names]
