"""Shares of files: with people and groups, whose trees then hold them, and by public link (files_sharing)."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from nextcloud_sandbox.areas.sharing import api, public, seed, sharees
from nextcloud_sandbox.areas.sharing.properties import share_types, sharees_of
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Area
from nextcloud_sandbox.dav import NC, OC
from nextcloud_sandbox.routing import join


@cache
def announced() -> Any:
    """As recorded."""
    return json.loads((Path(__file__).parent / "capabilities.json").read_text(encoding="utf-8"))


def capabilities(call: Call) -> dict[str, Any]:
    return {} if call.user_or_none is None else {"files_sharing": announced()}


AREA = Area(
    "files_sharing",
    join(sharees.routes, api.routes, public.routes),
    seed=seed.seed,
    capabilities=capabilities,
    file_properties={f"{OC}share-types": share_types, f"{NC}sharees": sharees_of},
    order=60,
)
