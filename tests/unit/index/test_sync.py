"""From a change in Nextcloud to what two people find: nothing stale, nothing of the other's, nothing embedded twice."""

from collections.abc import AsyncIterator
from pathlib import Path

from nextcloud_mcp_server.core.errors import BadAnswer, CredentialRefused, Maintenance, NextcloudError, Unreachable
from nextcloud_mcp_server.index.plan import MOST_DOUBTED
from nextcloud_mcp_server.index.processor import Current
from nextcloud_mcp_server.index.queue.port import Counts, Task
from nextcloud_mcp_server.index.status import status_of
from nextcloud_mcp_server.index.under_way import UnderWay
from tests.unit.index.world import Shelf, WordsEmbedder, World


async def test_a_new_document_is_found_by_its_owner_alone_with_a_link(world: World) -> None:
    world.cloud.put("note", "1", "the zeppelin landed in the garden")
    world.cloud.put("note", "2", "bread and butter", "bob")
    await world.sync()
    (hit,) = (await world.search("alice", "zeppelin garden", limit=1)).hits
    assert (hit.key.owner, hit.key.doc_id, hit.link) == ("alice", "1", "https://cloud/note/1")
    assert hit.body.text == "the zeppelin landed in the garden"
    assert set(hit.retrievers) == {"dense", "sparse"}
    assert "1" not in await world.found("bob", "zeppelin garden")


async def test_an_unchanged_cloud_is_listed_and_nothing_else(world: World) -> None:
    for number in range(20):
        world.cloud.put("note", str(number), f"note number {number}")
    await world.sync()
    world.cloud.calls.clear()
    world.embedder.calls.clear()
    await world.sync()
    assert sorted(world.cloud.calls) == ["list note alice", "list note bob"]
    assert world.embedder.calls == []


async def test_ten_changes_are_ten_fetches(world: World) -> None:
    for number in range(40):
        world.cloud.put("note", str(number), f"note number {number}")
    await world.sync("alice")
    world.cloud.calls.clear()
    for number in range(10):
        world.cloud.change("note", str(number), text=f"changed {number}")
    await world.sync("alice")
    assert world.cloud.calls.count("fetch note alice") == 10


async def test_a_document_that_shrank_keeps_none_of_its_old_passages(world: World) -> None:
    world.cloud.put("note", "1", " ".join(f"word{at}." for at in range(200)))
    await world.sync()
    assert len(await world.contents()) > 4
    world.cloud.change("note", "1", text="short")
    await world.sync()
    assert len(await world.contents()) == 1
    assert (await world.search("alice", "word150")).hits[0].body.text == "short"


async def test_a_moved_file_changes_its_path_and_embeds_nothing(world: World) -> None:
    world.cloud.put("file", "1", "zeppelin plans", path="/Work/plans.md", title="plans.md")
    await world.sync()
    world.embedder.calls.clear()
    world.cloud.change("file", "1", path="/Private/plans.md")
    await world.sync()
    assert world.embedder.calls == []
    assert await world.found("alice", "zeppelin", path_prefixes=frozenset({"/Work"})) == []
    (hit,) = (await world.search("alice", "zeppelin", path_prefixes=frozenset({"/Private"}))).hits
    assert hit.body.path == "/Private/plans.md"


async def test_a_deleted_document_goes_and_a_restored_one_comes_back(world: World) -> None:
    world.cloud.put("note", "1", "zeppelin")
    world.cloud.put("note", "2", "other")
    await world.sync()
    kept = world.cloud.shelves["note"].documents["1"]
    world.cloud.remove("note", "1")
    await world.sync()
    assert {key[2] for key in await world.contents()} == {"2"}
    world.cloud.put("note", "1", kept.text)
    await world.sync()
    assert (await world.found("alice", "zeppelin"))[0] == "1"


async def test_a_shared_document_is_stored_and_embedded_once_and_found_by_both(world: World) -> None:
    world.cloud.put("file", "1", "zeppelin plans", readers=["bob"])
    await world.sync()
    assert world.embedder.texts == ["1\nzeppelin plans"]
    assert [(key, readers) for key, (_, readers) in (await world.contents()).items()] == [
        (("alice", "file", "1", 0), frozenset({"alice", "bob"}))
    ]
    assert await world.found("alice", "zeppelin") == await world.found("bob", "zeppelin") == ["1"]


async def test_sharing_and_unsharing_embed_nothing_and_take_effect_at_once(world: World) -> None:
    world.cloud.put("file", "1", "zeppelin plans")
    world.cloud.put("file", "b", "bob's own", "bob")
    await world.sync()
    world.embedder.calls.clear()
    world.cloud.share("file", "1", "bob")
    await world.sync()
    assert (await world.found("bob", "zeppelin"))[0] == "1"
    world.cloud.share("file", "1")
    withheld = await world.search("bob", "zeppelin")
    assert "1" not in [hit.key.doc_id for hit in withheld.hits]
    assert withheld.withheld == 1
    await world.sync()
    after = await world.search("bob", "zeppelin")
    assert after.withheld == 0
    assert (await world.found("alice", "zeppelin"))[0] == "1"
    world.cloud.share("file", "1", "bob")
    await world.sync()
    assert (await world.found("bob", "zeppelin"))[0] == "1"
    assert world.embedder.calls == []


async def test_a_shared_document_whose_owner_left_stays_for_its_reader(world: World) -> None:
    world.cloud.put("file", "1", "zeppelin plans", readers=["bob"])
    await world.sync()
    await world.indexer.forget("alice")
    assert [readers for _, readers in (await world.contents()).values()] == [frozenset({"bob"})]
    assert await world.found("bob", "zeppelin") == ["1"]
    await world.indexer.forget("bob")
    assert await world.contents() == {}


async def test_a_document_that_changes_hands_lies_with_its_new_owner_only(world: World) -> None:
    world.cloud.put("file", "1", "zeppelin", readers=["bob"])
    await world.sync()
    world.cloud.change("file", "1", owner="bob")
    await world.sync()
    assert [key[0] for key in await world.contents()] == ["bob"]


async def test_a_listing_that_is_empty_by_mistake_drops_and_embeds_nothing(world: World) -> None:
    world.cloud.put("note", "1", "zeppelin")
    world.cloud.put("note", "2", "bread", "bob")
    await world.sync()
    before = await world.contents()
    world.embedder.calls.clear()
    world.cloud.empty.add("note")
    await world.sync()
    await world.sync()
    assert await world.contents() == before
    assert world.embedder.calls == []
    world.cloud.empty.clear()
    world.cloud.calls.clear()
    await world.sync()
    assert not [call for call in world.cloud.calls if call.startswith("fetch")]
    assert await world.found("alice", "zeppelin") == ["1"]


async def test_what_was_gone_for_a_moment_and_is_back_as_it_was_is_found_again(world: World) -> None:
    world.cloud.incremental = True
    world.cloud.put("note", "1", "zeppelin")
    await world.sync("alice")
    shelf = world.cloud.shelves["note"]
    kept = Shelf(dict(shelf.documents), dict(shelf.readers))
    world.cloud.remove("note", "1")
    await world.sync("alice")
    assert await world.contents() == {}
    world.cloud.shelves["note"] = kept
    await world.sync("alice")
    assert await world.found("alice", "zeppelin") == ["1"]


async def test_the_last_document_goes_with_the_scan_after_its_deletion_and_the_others_stay(world: World) -> None:
    world.cloud.put("note", "1", "zeppelin", readers=["bob"])
    world.cloud.put("card", "1", "bread")
    await world.sync()
    world.cloud.remove("note", "1")
    world.cloud.calls.clear()
    await world.sync("alice")
    assert world.cloud.calls.count("fetch note alice") == 1
    assert {key[1]: readers for key, (_, readers) in (await world.contents()).items()} == {"note": {"bob"}, "card": {"alice"}}
    await world.sync("bob")
    assert {key[1] for key in await world.contents()} == {"card"}
    world.cloud.calls.clear()
    await world.sync()
    assert not [call for call in world.cloud.calls if call.startswith("fetch")]


async def test_an_empty_listing_while_nothing_can_be_asked_for_drops_nothing(world: World) -> None:
    world.cloud.put("note", "1", "zeppelin")
    await world.sync("alice")
    world.cloud.empty.add("note")
    await world.scanner("alice").scan()
    world.cloud.error = Maintenance("updating", retry_after=0)
    (job,) = await world.queue.claim(1)
    await world.processors.process(job)
    assert len(await world.contents()) == 1
    world.cloud.error = None
    await world.processors.drain()
    assert len(await world.contents()) == 1


async def test_thousands_of_documents_that_are_gone_are_asked_for_some_at_a_time(world: World) -> None:
    stamps = [("alice", "note", str(number), "v1", 1, "alice") for number in range(MOST_DOUBTED + 5)]
    sql = "insert into index_stamp (user_id, doc_type, doc_id, version, settled, owner) values (?, ?, ?, ?, ?, ?)"
    await world.database.many(sql, stamps)
    world.cloud.shelves["note"] = Shelf()
    left: list[int] = []
    for _ in range(3):
        await world.sync("alice")
        left.append(len(await world.state.stamps("alice", "note")))
    assert left == [5, 0, 0]


async def test_an_app_that_is_missing_for_a_while_keeps_its_documents(world: World) -> None:
    world.cloud.put("note", "1", "zeppelin")
    await world.sync("alice")
    world.cloud.change("note", "1", text="zeppelin anew")
    await world.scanner("alice").scan()
    world.cloud.disabled.add("note")
    await world.processors.drain()
    await world.sync("alice")
    assert len(await world.contents()) == 1
    world.cloud.disabled.clear()
    await world.sync("alice")
    assert (await world.search("alice", "zeppelin")).hits[0].body.text == "zeppelin anew"


async def test_a_type_that_is_no_longer_allowed_goes_for_its_person_alone_and_comes_back_with_the_grant(world: World) -> None:
    world.cloud.put("note", "1", "zeppelin")
    world.cloud.put("card", "1", "zeppelin card", readers=["bob"])
    world.cloud.put("card", "2", "mine alone")
    await world.sync()
    world.cloud.put("card", "3", "never read")
    await world.scanner("alice").scan()
    world.cloud.forbidden["alice"] = {"card"}
    await world.sync("alice")
    assert {key[1:3]: readers for key, (_, readers) in (await world.contents()).items()} == {
        ("note", "1"): {"alice"},
        ("card", "1"): {"bob"},
    }
    await world.sync("alice")
    assert [one.doc_type for one in (await status_of("alice", world.state, world.queue, world.collections)).types] == ["note"]
    world.cloud.forbidden.clear()
    await world.sync("alice")
    assert sorted(await world.found("alice", "zeppelin never alone", doc_types=frozenset({"card"}))) == ["1", "2", "3"]


async def test_one_broken_app_does_not_keep_the_others_from_being_scanned(world: World) -> None:
    world.cloud.put("note", "1", "zeppelin")
    world.cloud.put("card", "1", "zeppelin")
    world.cloud.down["card"] = NextcloudError("card is broken")
    await world.sync("alice")
    assert [hit.key.doc_type for hit in (await world.search("alice", "zeppelin", doc_types=frozenset({"note"}))).hits] == ["note"]
    status = await status_of("alice", world.state, world.queue, world.collections)
    assert {item.doc_type: item.error is None for item in status.types} == {"note": True, "card": False}


async def test_a_hit_that_cannot_be_verified_is_withheld_and_counted(world: World) -> None:
    world.cloud.put("note", "1", "zeppelin")
    world.cloud.put("card", "1", "zeppelin")
    await world.sync()
    world.cloud.down["card"] = NextcloudError("card is broken")
    results = await world.search("alice", "zeppelin")
    assert [hit.key.doc_type for hit in results.hits] == ["note"]
    assert results.withheld == 1
    assert results.notes == ("Hits of type card are withheld: card is broken",)


async def test_a_document_that_vanishes_before_it_is_fetched_is_dropped(world: World) -> None:
    world.cloud.put("note", "1", "zeppelin")
    world.cloud.put("note", "2", "other")
    await world.sync()
    world.cloud.change("note", "1", text="changed")
    await world.scanner("alice").scan()
    world.cloud.remove("note", "1")
    await world.processors.drain()
    assert {key[2] for key in await world.contents()} == {"2"}


async def test_troubles_that_pass_do_not_count_as_failures(world: World) -> None:
    world.cloud.put("note", "1", "zeppelin")
    await world.scanner("alice").scan()
    for error in (Unreachable("x", retry_after=0), Maintenance("x", retry_after=0), CredentialRefused("x")):
        world.cloud.error = error
        (job,) = await world.queue.claim(1)
        assert job.attempts == 1
        await world.processors.process(job)
        if isinstance(error, CredentialRefused):
            break
    assert await world.queue.counts("alice") == {("alice", "note"): Counts(waiting=1)}
    assert await world.queue.failures("alice") == []


async def test_a_document_that_fails_again_and_again_is_given_up_with_its_reason_until_it_changes(world: World) -> None:
    world.cloud.put("note", "1", "zeppelin")
    world.cloud.put("note", "2", "bread")
    world.cloud.error = BadAnswer("half an answer")
    job = Task("alice", "note", "1", "fetch", "v1")
    await world.queue.put([job])
    for _ in range(3):
        (claimed,) = await world.queue.claim(1)
        await world.processors.process(claimed)
        await world.database.run("update index_job set run_at = 0")
    assert [(failure.doc_id, failure.reason[:14]) for failure in await world.queue.failures("alice")] == [("1", "half an answer")]
    world.cloud.error = None
    await world.sync("alice")
    assert "1" not in {key[2] for key in await world.contents()}
    world.cloud.change("note", "1", text="zeppelin again")
    await world.sync("alice")
    assert (await world.found("alice", "zeppelin"))[0] == "1"
    assert await world.queue.failures("alice") == []


async def test_a_damaged_file_is_found_by_its_name_and_its_reason_is_told(world: World) -> None:
    async def content() -> AsyncIterator[bytes]:
        yield b"not a pdf"

    world.cloud.put("file", "1", "", title="zeppelin.pdf", mime_type="application/pdf", content=content())
    world.cloud.put("file", "2", "bread")
    await world.sync("alice")
    assert (await world.found("alice", "zeppelin.pdf"))[0] == "1"
    assert [failure.doc_id for failure in await world.queue.failures("alice")] == ["1"]
    world.cloud.calls.clear()
    await world.sync("alice")
    assert "fetch file alice" not in world.cloud.calls


async def test_a_job_of_a_user_who_is_not_provisioned_is_skipped_and_planned_again_later(world: World) -> None:
    world.cloud.put("note", "1", "zeppelin")
    await world.scanner("alice").scan()
    world.cloud.users.remove("alice")
    await world.processors.drain()
    assert await world.queue.counts() == {}
    assert await world.contents() == {}
    world.cloud.users.add("alice")
    await world.sync("alice")
    assert await world.found("alice", "zeppelin") == ["1"]


async def test_a_note_is_a_file_too_and_shown_once(world: World) -> None:
    world.cloud.put("note", "5", "zeppelin note")
    world.cloud.put("file", "5", "zeppelin file")
    world.cloud.put("file", "6", "zeppelin elsewhere")
    await world.sync()
    found = {(hit.key.doc_type, hit.key.doc_id) for hit in (await world.search("alice", "zeppelin")).hits}
    assert found == {("note", "5"), ("file", "6")}
    assert sorted(await world.found("alice", "zeppelin", doc_types=frozenset({"file"}))) == ["5", "6"]


async def test_search_runs_by_words_and_says_so_while_the_provider_does_not_answer(tmp_path: Path) -> None:
    embedder = WordsEmbedder()
    embedder.error = Unreachable("The embedding provider does not answer.")
    world = await World.make(tmp_path, embedder)
    world.cloud.put("note", "1", "zeppelin")
    await world.sync()
    results = await world.search("alice", "zeppelin")
    assert [hit.key.doc_id for hit in results.hits] == ["1"]
    assert results.notes == ("Searched by words alone: The embedding provider does not answer.",)
    embedder.error = None
    await world.collections.start()
    assert await world.collections.switch() is False
    assert (await world.search("alice", "zeppelin")).hits[0].retrievers == ("sparse",)
    await world.processors.drain()
    assert await world.collections.switch() is True
    assert (await world.search("alice", "zeppelin")).hits[0].retrievers == ("dense", "sparse")
    assert len(await world.store.collections()) == 1
    await world.close()


async def test_a_new_model_is_searched_when_all_is_embedded_and_meanwhile_everything_is_found(tmp_path: Path) -> None:
    world = await World.make(tmp_path)
    for number in range(5):
        world.cloud.put("note", str(number), f"zeppelin {number}")
    await world.sync()
    await world.close()
    changed = await World.make(tmp_path, WordsEmbedder("other"), world.cloud)
    assert len(await changed.found("alice", "zeppelin")) == 5
    assert (await changed.search("alice", "zeppelin")).notes == (
        "Searched by words alone: the index is being rebuilt for a new embedding model.",
    )
    await changed.collections.switch()
    changed.cloud.put("note", "new", "zeppelin new")
    changed.cloud.remove("note", "0")
    await changed.sync()
    assert sorted(await changed.found("alice", "zeppelin")) == ["1", "2", "3", "4", "new"]
    assert await changed.collections.switch() is True
    results = await changed.search("alice", "zeppelin")
    assert (results.notes, sorted(hit.key.doc_id for hit in results.hits)) == ((), ["1", "2", "3", "4", "new"])
    assert len(await changed.store.collections()) == 1
    await changed.close()


async def test_status_counts_what_is_known_indexed_pending_and_failed(world: World) -> None:
    for number in range(3):
        world.cloud.put("note", str(number), "text")
    await world.scanner("alice").scan()
    before = await status_of("alice", world.state, world.queue, world.collections)
    assert [(item.doc_type, item.known, item.indexed, item.pending) for item in before.types] == [("note", 3, 0, 3)]
    assert before.syncing
    await world.processors.drain()
    after = await status_of("alice", world.state, world.queue, world.collections, list(world.processors.current.values()))
    assert [(item.known, item.indexed, item.pending, item.failed) for item in after.types] == [(3, 3, 0, 0)]
    assert not after.syncing
    assert after.current == ()


async def test_status_knows_of_documents_that_wait_since_an_earlier_scan(world: World) -> None:
    world.cloud.incremental = True
    for number in range(5):
        world.cloud.put("note", str(number), "text")
    known: list[tuple[int, int, int]] = []

    async def look() -> None:
        await world.scanner("alice").scan()
        (one,) = (await status_of("alice", world.state, world.queue, world.collections)).types
        known.append((one.known, one.indexed, one.pending))

    await look()
    (job,) = await world.queue.claim(1)
    await world.processors.process(job)
    await look()
    world.cloud.put("note", "new", "text")
    await look()
    await world.processors.drain()
    await look()
    world.cloud.remove("note", "new")
    await look()
    assert known == [(5, 0, 5), (5, 1, 4), (6, 1, 5), (6, 6, 0), (6, 6, 1)]
    await world.processors.drain()
    await look()
    assert known[-1] == (5, 5, 0)


async def test_what_another_process_works_on_is_told_while_it_lives(world: World) -> None:
    worker: dict[int, Current] = {}
    there, here = UnderWay(world.database, worker), UnderWay(world.database, {7: Current("alice", "note", "Mine")})
    await there.tell()
    assert await here.of("bob") == ()
    worker[1] = Current("alice", "file", "big.pdf", 3, 200)
    worker[2] = Current("bob", "file", "other.pdf")
    await there.tell()
    assert await here.of("alice") == (Current("alice", "note", "Mine"), Current("alice", "file", "big.pdf", 3, 200))
    worker[1].page = 4
    del worker[2]
    await there.tell()
    assert (await here.of("alice"))[1].page == 4
    assert await here.of("bob") == ()
    await world.database.run("update index_current set told_at = told_at - 3600")
    assert await here.of("alice") == (Current("alice", "note", "Mine"),)
    worker.clear()
    await there.tell()
    assert await world.database.all("select * from index_current") == []
