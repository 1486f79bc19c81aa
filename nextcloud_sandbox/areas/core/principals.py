"""The DAV root and the principals. Areas add their properties to a user's principal with `Area.principal`."""

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.calls import Call, html
from nextcloud_sandbox.routing import Routes

routes = Routes("core")
ALLPROP = (f"{dav.DAV}resourcetype",)


@routes.raw("*", "/.well-known/{kind:caldav|carddav}")
async def well_known(call: Call) -> web.StreamResponse:
    body = (
        "<html>\n<head><title>301 Moved Permanently</title></head>\n<body><center><h1>301 Moved Permanently</h1></center></body>\n</html>\n"
    )
    return html(301, body, {"Location": call.href("/remote.php/dav/"), "Content-Type": "text/html"})


@routes.dav("PROPFIND", "/remote.php/dav{slash:/?}")
async def root(call: Call) -> web.StreamResponse:
    asked = dav.parse_propfind(await call.body())
    found, missing = dav.select(asked, {**common(call), f"{dav.DAV}resourcetype": "<d:collection/>"}, ALLPROP)
    return dav.multistatus([dav.Entry(call.href("/remote.php/dav/"), found, missing)])


@routes.dav("PROPFIND", "/remote.php/dav/principals/users/{user}{slash:/?}")
async def principal(call: Call) -> web.StreamResponse:
    asked = dav.parse_propfind(await call.body())
    user = call.sandbox.users.get(call.args["user"])
    if user is None:
        raise dav.DavError(404, f"Principal with name {call.args['user']} not found")
    properties = common(call) | {
        f"{dav.DAV}displayname": dav.text(user.display_name),
        f"{dav.DAV}resourcetype": "<d:principal/>",
        f"{dav.DAV}principal-URL": f"<d:href>{principal_href(call, user.id)}</d:href>",
    }
    for area in call.sandbox.areas:
        if area.principal is not None:
            properties.update(area.principal(call, user.id))
    found, missing = dav.select(asked, properties, (*ALLPROP, f"{dav.DAV}displayname"))
    return dav.multistatus([dav.Entry(principal_href(call, user.id), found, missing)], headers={"DAV": dav.CALENDAR_COMPLIANCE})


def principal_href(call: Call, user_id: str) -> str:
    return call.href(dav.href(f"/remote.php/dav/principals/users/{user_id}/"))


def common(call: Call) -> dict[str, str]:
    return {
        f"{dav.DAV}current-user-principal": f"<d:href>{principal_href(call, call.uid)}</d:href>",
        f"{dav.DAV}principal-collection-set": f"<d:href>{call.href('/remote.php/dav/principals/users/')}</d:href>",
    }
