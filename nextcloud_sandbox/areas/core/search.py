"""The unified search, whose providers the areas give, and the list of apps in the navigation."""

import hashlib

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.calls import Call, dumps
from nextcloud_sandbox.core import Provider
from nextcloud_sandbox.routing import Routes

routes = Routes("core")
BUILT_IN = (
    ("dashboard", "Dashboard", -10, "/apps/dashboard/img/dashboard.svg"),
    ("files", "Files", 0, "/apps/files/img/app.svg"),
)
NAVIGATION = {
    "activity": ("Activity", 1, "/apps/activity/img/activity.svg"),
    "notes": ("Notes", 10, "/custom_apps/notes/img/notes.svg"),
    "deck": ("Deck", 10, "/custom_apps/deck/img/deck.svg"),
    "collectives": ("Collectives", 12, "/custom_apps/collectives/img/collectives.svg"),
    "tables": ("Tables", 100, "/custom_apps/tables/img/app.svg"),
    "news": ("News", 100, "/custom_apps/news/img/app.svg"),
    "cookbook": ("Cookbook", 100, "/custom_apps/cookbook/img/app.svg"),
}


def providers_of(call: Call) -> list[tuple[str, Provider]]:
    areas = [area for area in call.sandbox.areas if area.name in call.sandbox.enabled]
    found = [(area.name, provider) for area in areas for provider in area.providers]
    return sorted(found, key=lambda pair: pair[1].order)


@routes.ocs("GET", "/search/providers")
async def providers(call: Call) -> web.StreamResponse:
    data = [
        {
            "id": provider.id,
            "appId": app,
            "name": provider.name,
            "icon": provider.icon,
            "order": provider.order,
            "isExternalProvider": False,
            "triggers": [provider.id],
            "filters": dict(provider.filters),
            "inAppSearch": False,
        }
        for app, provider in providers_of(call)
    ]
    return ocs.ok(call, data, {"ETag": etag(data)})


def etag(data: object) -> str:
    return '"' + hashlib.md5(dumps(data), usedforsecurity=False).hexdigest() + '"'


@routes.ocs("GET", "/search/providers/{id}/search")
async def search(call: Call) -> web.StreamResponse:
    values = await call.params()
    provider = next((provider for _, provider in providers_of(call) if provider.id == call.args["id"]), None)
    if provider is None:
        return ocs.fail(call, 400, f"Unknown provider {call.args['id']}")
    if not values.text("term").strip():
        return ocs.fail(call, 400, "No valid filters provided")
    found = provider.find(call, values.text("term"))
    limit, start = min(values.integer("limit", 5), 25), values.integer("cursor")
    page = found[start : start + limit] if provider.paginated else found
    cursor = start + limit if provider.paginated else None
    return ocs.ok(call, {"name": provider.name, "isPaginated": provider.paginated, "entries": page, "cursor": cursor})


@routes.ocs("GET", "/core/navigation/apps")
async def navigation(call: Call) -> web.StreamResponse:
    shown = [*BUILT_IN, *((name, *NAVIGATION[name]) for name in call.sandbox.enabled if name in NAVIGATION)]
    data = [
        {
            "id": app,
            "order": order,
            "href": f"{call.sandbox.prefix}/apps/{app}/",
            "icon": call.sandbox.prefix + icon,
            "type": "link",
            "name": name,
            "app": app,
            "active": False,
            "unread": 0,
            "classes": "",
            "default": app == "dashboard",
        }
        for app, name, order, icon in sorted(shown, key=lambda item: item[2])
    ]
    return ocs.ok(call, data, {"ETag": etag(data)})
