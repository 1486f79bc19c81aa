"""Applications made of several tables and views, which Tables calls contexts (OCS API, version 2)."""

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.areas.tables.checks import tables_of
from nextcloud_sandbox.areas.tables.state import Tables
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.routing import Routes

routes = Routes("tables")
API = "/apps/tables/api/2/contexts"
READ = 1
TABLE, VIEW = 0, 1


@dataclass
class Node:
    """A table (`type` 0) or view (1) in an application."""

    id: int
    node: int
    type: int
    permissions: int


@dataclass
class Context:
    """An application with one page, whose id is the same, and its nodes in their order."""

    id: int
    owner: str
    name: str
    icon: str
    description: str
    nodes: list[Node] = field(default_factory=list[Node])


def kept(sandbox: Sandbox) -> dict[int, Context]:
    return sandbox.slot("tables.contexts", dict[int, Context])


def add_context(tables: Tables, name: str, icon: str, description: str = "") -> Context:
    number = tables.store.next("context")
    made = kept(tables.sandbox)[number] = Context(number, tables.user, name, icon, description)
    return made


@routes.ocs("GET", API)
async def listing(call: Call) -> web.StreamResponse:
    return ocs.ok(call, [read(one) for one in kept(call.sandbox).values() if one.owner == call.uid])


@routes.ocs("POST", API)
async def create(call: Call) -> web.StreamResponse:
    """What the owner may not manage is left out."""
    tables, values = tables_of(call), await call.params()
    made = add_context(tables, values.text("name").strip(), values.text("iconName").strip(), values.text("description").strip())
    for one in values.items_of("nodes"):
        number, type = int(one["id"]), int(one["type"])
        view = tables.store.views.get(number)
        if tables.may(number if type == TABLE else view.table if view else 0, "manage"):
            made.nodes.append(Node(tables.store.next("node"), number, type, int(one.get("permissions", READ))))
    return ocs.ok(call, fresh(made))


def head(context: Context) -> dict[str, Any]:
    named = {"id": context.id, "name": context.name, "iconName": context.icon, "description": context.description}
    return {**named, "owner": context.owner, "ownerType": 0}


def fresh(context: Context) -> dict[str, Any]:
    """As creating answers: nodes as a list, in other words than when they are read."""
    nodes = [
        {"id": one.id, "contextId": context.id, "nodeId": one.node, "nodeType": one.type, "permissions": one.permissions}
        for one in context.nodes
    ]
    content = {str(one.id): {"id": one.id, "nodeRelId": one.id, "order": 10 * n} for n, one in enumerate(context.nodes, 1)}
    page = {"id": context.id, "contextId": context.id, "pageType": "startpage", "content": content or []}
    return {**head(context), "sharing": None, "nodes": nodes or None, "pages": {str(context.id): page}}


def read(context: Context) -> dict[str, Any]:
    nodes = {
        str(one.id): {"id": one.id, "node_id": one.node, "node_type": one.type, "permissions": one.permissions} for one in context.nodes
    }
    content = {str(one.id): {"order": 10 * n, "node_rel_id": one.id} for n, one in enumerate(context.nodes, 1)}
    page = {"content": content or [], "id": context.id, "page_type": "startpage"}
    return {**head(context), "sharing": [], "nodes": nodes or [], "pages": {str(context.id): page}}
