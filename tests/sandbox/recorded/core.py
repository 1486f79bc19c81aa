"""Recordings of status, capabilities, accounts and app passwords."""

import json
from xml.etree import ElementTree

from nextcloud_sandbox.core import Sandbox
from tests.sandbox.exchanges import Exchange
from tests.sandbox.replay import Plan, Replay

APPS = ("cookbook", "deck", "tables", "news", "collectives")
FIRST = "6Adia9BR5u0piXzG9hbAI8keUFQSeuiI0hcGiCRdxMKNfmXo16nxDXRnGzrNepl7W3OCEksx"
ROTATED = "kIGBL3W6keKSwPcb6U9MSLrSLhQlHaIRm6puc7PvcHbvgfPXu9YDNjpaRNJNsV8E21c6ao56"


def setup(sandbox: Sandbox) -> None:
    sandbox.groups["team"] = sandbox.groups.pop("project")
    sandbox.users["alice"].password = "alice-Passw0rd!"


def only_our_apps(sandbox: Sandbox, exchange: Exchange) -> None:
    """Capabilities, providers and navigation entries of apps that have no area here were recorded too."""
    here = {area.name for area in sandbox.areas}
    gone = {app for app in APPS if app not in here}
    body = exchange.response.body
    if body.startswith(b"<"):
        root = ElementTree.fromstring(body)
        capabilities = root.find("data/capabilities")
        for app in gone if capabilities is not None else ():
            found = capabilities.find(app)
            if found is not None:
                capabilities.remove(found)
        exchange.response.body = ElementTree.tostring(root)
        return
    data = json.loads(body)
    for app in gone:
        data["ocs"]["data"]["capabilities"].pop(app, None)
    exchange.response.body = json.dumps(data).encode()


def only_our_entries(sandbox: Sandbox, exchange: Exchange) -> None:
    """Leave out search providers that no area here has, and navigation entries of apps without an area."""
    apps = {area.name for area in sandbox.areas} | {"dashboard"}
    providers = {provider.id for area in sandbox.areas for provider in area.providers}
    data = json.loads(exchange.response.body)
    data["ocs"]["data"] = [entry for entry in data["ocs"]["data"] if entry["id"] in (providers if "appId" in entry else apps)]
    exchange.response.body = json.dumps(data).encode()


def use(recorded: str):
    async def step(replay: Replay) -> None:
        replay.passwords["alice"] = replay.tokens[recorded]

    return step


async def another(replay: Replay) -> None:
    replay.passwords["alice"] = replay.sandbox.new_app_password("alice").token


PLAN = Plan(
    "core",
    setup=setup,
    who={"1[23]-user-self-badpw*": "wrong", "17-*": "alice:account"},
    before={
        "18-getapppassword-again-with-apppw.txt": use(FIRST),
        "25-apppassword-delete.txt": use(ROTATED),
        "27-wellknown-caldav.txt": another,
    },
    adjust={
        "0[23567]-capabilities-*": only_our_apps,
        "28-unified-search-providers.txt": only_our_entries,
        "30-navigation-apps.txt": only_our_entries,
    },
)
