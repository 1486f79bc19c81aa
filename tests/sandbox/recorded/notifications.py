"""Recordings of the Notifications API; Deck had notified bob too."""

import json

from nextcloud_sandbox.core import Sandbox
from tests.sandbox.exchanges import Exchange
from tests.sandbox.replay import Plan


def only_tests(_: Sandbox, exchange: Exchange) -> None:
    data = json.loads(exchange.response.body)
    data["ocs"]["data"] = [one for one in data["ocs"]["data"] if one["app"] == "admin_notifications"]
    exchange.response.body = json.dumps(data).encode()


PLAN = Plan(
    "notifications",
    user="bob",
    adjust={"02-list.txt": only_tests, "08-list-after.txt": only_tests},
    loose={"0[23]-*": frozenset({"object_id"})},
)
