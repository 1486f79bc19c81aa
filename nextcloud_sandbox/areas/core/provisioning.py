"""Accounts, groups and apps as administrators see them, and the completion of names for everybody."""

import re

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.areas.core.account import FIELDS, record
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.model import User
from nextcloud_sandbox.routing import Access, Routes

routes = Routes("core")
NAME = re.compile(r"[A-Za-z0-9 _.@'-]+\Z")
PHONE = re.compile(r"\+\d{10,15}\Z")
BAD_NAME = 'Only the following characters are allowed in an Login: "a-z", "A-Z", "0-9", spaces and "_.@-\'"'
APPS = (
    *(
        "files",
        "activity",
        "circles",
        "cloud_federation_api",
        "comments",
        "contactsinteraction",
        "dashboard",
        "dav",
        "federatedfilesharing",
    ),
    *("federation", "files_downloadlimit", "files_pdfviewer", "files_reminders", "files_trashbin", "files_versions", "logreader"),
    *("lookup_server_connector", "notifications", "oauth2", "photos", "privacy", "profile", "provisioning_api", "recommendations"),
    *("related_resources", "serverinfo", "settings", "sharebymail", "systemtags", "text", "theming", "twofactor_backupcodes"),
    *("user_status", "viewer", "workflowengine"),
)
"""What every instance has enabled beside the apps that are areas here."""


def need_admin(call: Call) -> None:
    if not call.is_admin:
        raise ocs.refuse(call, 403, "Logged in account must be at least a sub admin")


def find(call: Call) -> User:
    """The account in the path, for an administrator or for itself."""
    user = call.sandbox.users.get(call.args["user"])
    if call.is_admin and user is None:
        raise ocs.refuse(call, 404, "User does not exist")
    if user is None or not (call.is_admin or user.id == call.uid):
        raise ocs.refuse(call, 998)
    return user


async def page(call: Call, names: list[str]) -> list[str]:
    """Those that contain `search`, from `offset`, at most `limit`."""
    values = await call.params()
    wanted = values.text("search").lower()
    found = sorted(name for name in names if wanted in name.lower())
    start = values.integer("offset")
    limit = values.integer("limit")
    return found[start : start + limit if limit else None]


def details(call: Call, user: User, *, own: bool = False) -> dict[str, object]:
    out = record(call.sandbox, user, scopes=own)
    if not call.is_admin:
        return out
    return {"enabled": out.pop("enabled"), "storageLocation": f"/var/www/html/data/{user.id}", **out}


@routes.ocs("GET", "/cloud/users")
async def users(call: Call) -> web.StreamResponse:
    need_admin(call)
    return ocs.ok(call, {"users": await page(call, list(call.sandbox.users))})


@routes.ocs("GET", "/cloud/users/details")
async def users_details(call: Call) -> web.StreamResponse:
    need_admin(call)
    names = await page(call, list(call.sandbox.users))
    return ocs.ok(call, {"users": {name: details(call, call.sandbox.users[name]) for name in names}})


@routes.ocs("POST", "/cloud/users")
async def create_user(call: Call) -> web.StreamResponse:
    need_admin(call)
    values = await call.params()
    name, password, email = values.text("userid"), values.text("password"), values.text("email")
    groups = [str(group) for group in values.items_of("groups")]
    if name in call.sandbox.users:
        return ocs.fail(call, 102, "User already exists")
    unknown = [group for group in groups if group not in call.sandbox.groups]
    if unknown:
        return ocs.fail(call, 104, f"Group {unknown[0]} does not exist")
    if not password and not email:
        return ocs.fail(call, 108, "An email address is required, to send a password link to the user.")
    if not NAME.match(name):
        return ocs.fail(call, 101, BAD_NAME)
    call.sandbox.add_user(name, password or call.sandbox.random(20), values.text("displayName"), email=email, groups=tuple(groups))
    return ocs.ok(call, {"id": name})


@routes.ocs("GET", "/cloud/users/{user}")
async def user(call: Call) -> web.StreamResponse:
    found = find(call)
    return ocs.ok(call, details(call, found, own=found.id == call.uid))


@routes.ocs("PUT", "/cloud/users/{user}")
async def edit_user(call: Call) -> web.StreamResponse:
    found, values = find(call), await call.params()
    key, value = values.text("key"), values.text("value")
    if key in ("displayname", "display"):
        found.display_name = value
    elif key in ("email", "password", "language"):
        setattr(found, key, value)
    elif key == "phone" and value and not PHONE.match(value):
        return ocs.fail(call, 101, "Invalid phone")
    elif key in (*FIELDS, "locale", "timezone", "pronouns", "manager", "quota"):
        found.profile[key] = value
    else:
        return ocs.fail(call, 113)
    return ocs.ok(call)


@routes.ocs("PUT", "/cloud/users/{user}/{action:enable|disable}")
async def switch_user(call: Call) -> web.StreamResponse:
    need_admin(call)
    find(call).enabled = call.args["action"] == "enable"
    return ocs.ok(call)


@routes.ocs("DELETE", "/cloud/users/{user}")
async def delete_user(call: Call) -> web.StreamResponse:
    need_admin(call)
    if call.args["user"] not in call.sandbox.users:
        return ocs.fail(call, 998)
    if call.args["user"] == call.uid:
        return ocs.fail(call, 101)
    call.sandbox.remove_user(call.args["user"])
    return ocs.ok(call)


@routes.ocs("GET", "/cloud/users/{user}/groups")
async def user_groups(call: Call) -> web.StreamResponse:
    return ocs.ok(call, {"groups": call.sandbox.groups_of(find(call).id)})


@routes.ocs("POST DELETE", "/cloud/users/{user}/groups")
async def change_membership(call: Call) -> web.StreamResponse:
    need_admin(call)
    found, name = find(call), (await call.params()).text("groupid")
    members = call.sandbox.groups.get(name)
    if members is None:
        return ocs.fail(call, 102)
    if found.id in members:
        members.remove(found.id)
    if call.request.method == "POST":
        members.append(found.id)
    return ocs.ok(call)


@routes.ocs("GET", "/cloud/groups")
async def groups(call: Call) -> web.StreamResponse:
    need_admin(call)
    return ocs.ok(call, {"groups": await page(call, list(call.sandbox.groups))})


@routes.ocs("POST", "/cloud/groups")
async def create_group(call: Call) -> web.StreamResponse:
    need_admin(call)
    name = (await call.params()).text("groupid")
    if not name:
        return ocs.fail(call, 101, "Invalid group name")
    if name in call.sandbox.groups:
        return ocs.fail(call, 102, "group exists")
    call.sandbox.groups[name] = []
    return ocs.ok(call)


def members(call: Call) -> list[str]:
    need_admin(call)
    found = call.sandbox.groups.get(call.args["group"])
    if found is None:
        raise ocs.refuse(call, 404, "The requested group could not be found")
    return found


@routes.ocs("GET", "/cloud/groups/{group}")
@routes.ocs("GET", "/cloud/groups/{group}/users")
async def group_members(call: Call) -> web.StreamResponse:
    return ocs.ok(call, {"users": sorted(members(call))})


@routes.ocs("GET", "/cloud/groups/{group}/users/details")
async def group_members_details(call: Call) -> web.StreamResponse:
    names = await page(call, members(call))
    return ocs.ok(call, {"users": {name: details(call, call.sandbox.users[name]) for name in names}})


@routes.ocs("DELETE", "/cloud/groups/{group}")
async def delete_group(call: Call) -> web.StreamResponse:
    need_admin(call)
    if call.args["group"] not in call.sandbox.groups:
        return ocs.fail(call, 101)
    if call.args["group"] == "admin":
        return ocs.fail(call, 102)
    del call.sandbox.groups[call.args["group"]]
    return ocs.ok(call)


@routes.ocs("GET", "/cloud/apps", Access.ADMIN)
async def apps(call: Call) -> web.StreamResponse:
    optional = [area.name for area in call.sandbox.areas if area.optional]
    on = [name for name in optional if name in call.sandbox.enabled]
    off = [name for name in optional if name not in call.sandbox.enabled]
    chosen = {"enabled": [*APPS, *on], "disabled": off}.get((await call.params()).text("filter"), [*APPS, *optional])
    return ocs.ok(call, {"apps": chosen})


@routes.ocs("POST DELETE", "/cloud/apps/{app}", Access.ADMIN)
async def switch_app(call: Call) -> web.StreamResponse:
    name = call.args["app"]
    if not any(area.name == name and area.optional for area in call.sandbox.areas):
        return ocs.fail(call, 998)
    (call.sandbox.enabled.add if call.request.method == "POST" else call.sandbox.enabled.discard)(name)
    return ocs.ok(call)


@routes.ocs("GET", "/core/autocomplete/get")
async def autocomplete(call: Call) -> web.StreamResponse:
    values = await call.params()
    wanted, kinds = values.text("search").lower(), [str(kind) for kind in values.items_of("shareTypes")] or ["0"]
    found: list[dict[str, str]] = []
    for user in call.sandbox.users.values() if "0" in kinds else ():
        texts = (user.id, user.display_name, user.email)
        if user.id != call.uid and user.enabled and any(wanted in text.lower() for text in texts):
            found.append(completion(user.id, user.display_name, "icon-user", "users", user.email or user.id))
    if "1" in kinds:
        found.extend(completion(group, group, "icon-group", "groups", "") for group in call.sandbox.groups if wanted in group.lower())
    return ocs.ok(call, found[: values.integer("limit", 10)])


def completion(name: str, label: str, icon: str, source: str, unique: str) -> dict[str, str]:
    return {"id": name, "label": label, "icon": icon, "source": source, "status": "", "subline": "", "shareWithDisplayNameUnique": unique}
