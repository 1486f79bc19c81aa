"""How many requests to Nextcloud one call of each tool costs, once the account and its capabilities are known.

`ACCEPT_SURFACE=1` writes the counts anew: more of them is a decision that shows in a review.
"""

import itertools
import json
import os
import time
from collections import Counter
from pathlib import Path

from nextcloud_sandbox.server import running
from tests.conftest import NOTES
from tests.support.assistant import Assistant, ToolFailed, session
from tests.surface.hostile import SCRIPT, made, recipe_page

COUNTS = Path(__file__).parent / "round_trips.json"


async def counted() -> dict[str, int]:
    """The requests of each call of the script."""
    ticks = itertools.count(int(time.time()))
    async with running(seed=False, clock=lambda: float(next(ticks))) as sandbox:
        alice, bob = (session(sandbox.url, name, name) for name in ("alice", "bob"))
        world = await made(Assistant(alice), Assistant(bob), sandbox)
        await alice.person()
        await alice.capabilities()
        found: dict[str, int] = {}
        async with recipe_page() as world.it["page"]:
            for name, arguments in SCRIPT:
                before = alice.transport.sent
                try:
                    await world.alice.call(name, **arguments(world))
                except ToolFailed:
                    continue
                found[name] = alice.transport.sent - before
        for person in (alice, bob):
            await person.transport.aclose()
    return found


async def test_no_call_costs_more_requests_than_it_did() -> None:
    found = await counted()
    if os.environ.get("ACCEPT_SURFACE") == "1":
        COUNTS.write_text(json.dumps(dict(sorted(found.items())), indent=1) + "\n")
    known = json.loads(COUNTS.read_text())
    grouped = ", ".join(f"{count} for {tools}" for count, tools in sorted(Counter(found.values()).items()))
    NOTES.append(f"requests to Nextcloud a call, for so many tools: {grouped}")
    assert found == known
