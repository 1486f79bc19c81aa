"""What a listing means for the index: fetch, drop or keep each document. Pure; whoever acts on it comes elsewhere."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from nextcloud_mcp_server.core.documents import Listing, Stamp

SETTLING = timedelta(seconds=2)
"""Nextcloud's versions count whole seconds: a second write within one keeps the version of the first."""
MOST_DOUBTED = 500
"""Documents that one scan asks for by their ids because their listing came back empty."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The version that is indexed. Not `settled`: it was listed so soon after its change that a later write may hide behind it."""

    version: str
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Fetch:
    """New, changed, or not settled."""

    stamp: Stamp
    settled: bool


@dataclass(frozen=True, slots=True)
class Drop:
    id: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`kept` counts the documents that stay as they are. `withheld` says why nothing is dropped although documents are missing.

    `doubted` are some of the missing ones: to be asked for by their ids, for only whoever is asked for and gone is deleted.

    `settled` False: the next scan starts again from the state before this one, so that what just changed is listed again.
    """

    fetch: tuple[Fetch, ...] = ()
    drop: tuple[Drop, ...] = ()
    kept: int = 0
    settled: bool = True
    withheld: str | None = None
    doubted: tuple[Fetch, ...] = ()


def plan(stored: Mapping[str, Stored], listing: Listing, listed_at: datetime) -> Plan:
    """Compares what is indexed with what is there. `listed_at` is when the listing began.

    A listing that is cut short, or is empty where documents were, drops nothing. The empty one may be true, if the last
    document was deleted: then its documents are doubted.
    """
    fetch: list[Fetch] = []
    listed: set[str] = set()
    for stamp in listing.stamps:
        listed.add(stamp.id)
        known = stored.get(stamp.id)
        if known is None or known.version != stamp.version or not known.settled:
            fetch.append(Fetch(stamp, is_settled(stamp, listed_at)))
    missing = [id for id in stored if id not in listed and (id in listing.gone or not _is_under(id, listing.unchanged))]
    withheld = _withheld(listing, missing)
    drop = () if withheld else tuple(Drop(id) for id in missing)
    doubtful = missing[:MOST_DOUBTED] if withheld and listing.complete else []
    touched = len(drop) + sum(1 for item in fetch if item.stamp.id in stored)
    # Without a version, for whatever was known of this one it is asked for.
    doubted = tuple(Fetch(Stamp(id, ""), stored[id].settled) for id in doubtful)
    return Plan(tuple(fetch), drop, len(stored) - touched, all(item.settled for item in fetch), withheld, doubted)


def is_settled(stamp: Stamp, listed_at: datetime) -> bool:
    """Whether a version was old enough when it was listed to be the last of its second."""
    return stamp.modified is None or listed_at - stamp.modified >= SETTLING


def _withheld(listing: Listing, missing: list[str]) -> str | None:
    if not missing:
        return None
    if not listing.complete:
        return "the listing was cut short"
    if not (listing.stamps or listing.unchanged or listing.gone):
        return "the listing was empty where documents were"
    return None


def _is_under(id: str, unchanged: Set[str]) -> bool:
    """Whether `unchanged` names this id, or a prefix of it that ends in `/`."""
    return id in unchanged or any(prefix in unchanged for prefix in _prefixes(id))


def _prefixes(id: str) -> Iterator[str]:
    end = id.find("/")
    while end >= 0:
        yield id[: end + 1]
        end = id.find("/", end + 1)
