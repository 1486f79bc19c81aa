"""The Cookbook app 0.11: recipes as JSON files in the user's tree."""

from nextcloud_sandbox.areas.cookbook import api, finding, seed
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Area
from nextcloud_sandbox.routing import join


def capabilities(call: Call) -> dict[str, object]:
    told: dict[str, object] = {"api-version": {"epoch": 0, "major": 1, "minor": 2}}
    return {"cookbook": told if call.user_or_none is None else {**told, "version": [0, 11, 9]}}


AREA = Area("cookbook", join(api.routes, finding.routes), seed=seed.seed, capabilities=capabilities, order=80)
