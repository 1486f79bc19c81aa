"""Recordings of CardDAV."""

from nextcloud_sandbox.groupware import recent
from tests.sandbox.exchanges import exchanges
from tests.sandbox.replay import Plan, Replay

CARD = "/remote.php/dav/addressbooks/users/alice/ab38197a/9cc64f1ed4784c88a52e12f77c1f928d.vcf"


async def update(run: Replay) -> None:
    body = next(exchange.request.body for exchange in exchanges("carddav") if exchange.name.startswith("08"))
    await run.call("PUT", CARD, body=body.replace(b"Carl Updated", b"Carl 3"))


async def meet_people(run: Replay) -> None:
    for address in ("bob@example.org", "carol@example.test", "dora@example.net"):
        recent.note(run.sandbox, "alice", address)


PLAN = Plan(
    "carddav",
    before={"30-delete-if-match-stale.txt": update, "36-recent-contacts.txt": meet_people},
    loose={"34-system-addressbook.txt": frozenset({"address-data"})},
)
