"""The plan against a model of Nextcloud: nothing is lost, and nothing is dropped on doubtful evidence."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nextcloud_mcp_server.core.documents import Listing, Stamp
from nextcloud_mcp_server.index.plan import Drop, Plan, Stored, plan

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)

ids = st.text("ab/", min_size=1, max_size=4)
versions = st.sampled_from("123")
stored_maps = st.dictionaries(ids, st.builds(Stored, versions, st.booleans()), max_size=6)
ages = st.none() | st.timedeltas(timedelta(seconds=-5), timedelta(seconds=10)).map(lambda age: NOW - age)
stamps = st.dictionaries(ids, st.tuples(versions, ages), max_size=6).map(lambda found: [Stamp(id, *rest) for id, rest in found.items()])


def apply(stored: dict[str, Stored], made: Plan) -> dict[str, Stored]:
    after = dict(stored)
    for item in made.fetch:
        after[item.stamp.id] = Stored(item.stamp.version, item.settled)
    for item in made.drop:
        del after[item.id]
    return after


@given(stored_maps, stamps)
def test_after_a_complete_listing_the_index_equals_what_is_there(stored: dict[str, Stored], found: list[Stamp]) -> None:
    made = plan(stored, Listing(found, {}), NOW)
    after = apply(stored, made)
    if stored and not found:
        assert (after, made.withheld) == (stored, "the listing was empty where documents were")
        assert {item.stamp.id for item in made.doubted} == set(stored)
    else:
        assert {id: item.version for id, item in after.items()} == {stamp.id: stamp.version for stamp in found}
        assert made.kept == len(stored) - len(made.drop) - len({item.stamp.id for item in made.fetch} & set(stored))


@given(stored_maps, stamps)
def test_planning_again_finds_only_what_is_not_settled(stored: dict[str, Stored], found: list[Stamp]) -> None:
    listing = Listing(found, {})
    again = plan(apply(stored, plan(stored, listing, NOW)), listing, NOW)
    assert [item.stamp.id for item in again.fetch if item.settled] == []
    assert again.drop == ()
    assert again.settled == (not again.fetch)


@given(stored_maps, stamps, st.frozensets(ids), st.frozensets(ids))
def test_a_listing_that_is_cut_short_drops_nothing(
    stored: dict[str, Stored], found: list[Stamp], unchanged: frozenset[str], gone: frozenset[str]
) -> None:
    made = plan(stored, Listing(found, {}, unchanged, gone, complete=False), NOW)
    assert (made.drop, made.doubted) == ((), ())


@given(stored_maps, stamps, st.frozensets(ids), st.frozensets(ids))
def test_only_what_is_neither_listed_nor_unchanged_is_dropped(
    stored: dict[str, Stored], found: list[Stamp], unchanged: frozenset[str], gone: frozenset[str]
) -> None:
    made = plan(stored, Listing(found, {}, unchanged, gone), NOW)
    dropped = {item.id for item in made.drop}
    assert not made.doubted or not (found or unchanged or gone)
    listed = {stamp.id for stamp in found}
    assert dropped <= set(stored) - listed
    for id in set(stored) - listed - dropped:
        covered = id in unchanged or any(id.startswith(prefix) for prefix in unchanged if prefix.endswith("/"))
        assert (covered and id not in gone) or not (found or unchanged or gone)


@given(st.timedeltas(timedelta(0), timedelta(seconds=5)), st.timedeltas(timedelta(0), timedelta(milliseconds=999)))
def test_a_second_write_within_the_same_second_is_fetched_in_the_end(listing_after: timedelta, second_after: timedelta) -> None:
    """Versions are whole seconds, as Nextcloud's are: the write at `second_after` hides behind the first one's."""
    first = NOW.replace(microsecond=0)
    stamp = Stamp("n", str(int(first.timestamp())), first)
    made = plan({}, Listing([stamp], {}), first + listing_after)
    stored = apply({}, made)
    seen_last_write = listing_after >= second_after
    if not seen_last_write:
        assert made.fetch[0].settled is False
        assert made.settled is False
        again = plan(stored, Listing([stamp], {}), first + timedelta(seconds=300))
        assert [item.stamp.id for item in again.fetch] == ["n"]
        assert again.fetch[0].settled


def test_an_unchanged_id_is_no_prefix_of_a_longer_one() -> None:
    stored = {"1": Stored("a"), "12": Stored("a")}
    assert plan(stored, Listing([], {}, frozenset({"1"})), NOW).drop == (Drop("12"),)


def test_an_unchanged_folder_keeps_what_is_below_it() -> None:
    stored = {"a/b/c": Stored("1"), "a/x": Stored("1"), "ab/c": Stored("1")}
    made = plan(stored, Listing([Stamp("new", "1", LONG_AGO)], {}, frozenset({"a/"})), NOW)
    assert made.drop == (Drop("ab/c"),)
    assert made.kept == 2


def test_deleted_ids_go_though_their_folder_is_unchanged() -> None:
    stored = {"a/b": Stored("1"), "a/c": Stored("1")}
    assert plan(stored, Listing([], {}, frozenset({"a/"}), frozenset({"a/b"})), NOW).drop == (Drop("a/b"),)
