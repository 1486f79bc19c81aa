"""What every queue does.

A queue's test class inherits it and gives `queue`, `open_queue` (another process) and `silence` (its lease ran out).
"""

from collections.abc import Awaitable, Callable

import pytest

from nextcloud_mcp_server.index.queue.port import Counts, Job, Queue, Task

OpenQueue = Callable[[], Awaitable[Queue]]
Silence = Callable[[Queue], Awaitable[None]]


def task(doc: str, user: str = "alice", version: str = "1", *, backfill: bool = False, drop: bool = False, doc_type: str = "note") -> Task:
    return Task(user, doc_type, doc, "drop" if drop else "fetch", version, backfill=backfill)


def ids(jobs: list[Job]) -> list[str]:
    return [job.task.doc_id for job in jobs]


class QueueContract:
    async def test_what_was_put_is_claimed_once_as_it_was_put(self, queue: Queue) -> None:
        asked = Task("alice", "file", "a/b c.txt", "drop", "v\x01", settled=False, backfill=True)
        assert await queue.put([asked]) == 1
        (job,) = await queue.claim(5)
        assert (job.task, job.attempts) == (asked, 1)
        assert await queue.claim(5) == []
        await queue.done(job)
        assert await queue.counts() == {}

    async def test_a_newer_task_replaces_the_one_that_waits(self, queue: Queue) -> None:
        await queue.put([task("a")])
        assert await queue.put([task("a", version="2", drop=True)]) == 0
        (job,) = await queue.claim(5)
        assert (job.task.version, job.task.op) == ("2", "drop")

    async def test_the_same_document_of_another_user_or_type_is_another_task(self, queue: Queue) -> None:
        assert await queue.put([task("a"), task("a", "bob"), task("a", doc_type="file")]) == 3
        assert len(await queue.claim(5)) == 3

    async def test_a_change_during_the_run_is_run_after_it_and_never_beside_it(self, queue: Queue) -> None:
        await queue.put([task("a")])
        (job,) = await queue.claim(1)
        await queue.put([task("a", version="2")])
        assert await queue.claim(1) == []
        await queue.done(job)
        (again,) = await queue.claim(1)
        assert again.task.version == "2"
        await queue.done(again)
        assert await queue.claim(1) == []

    @pytest.mark.parametrize("end", ["retry", "bury", "uncounted"])
    async def test_a_change_during_a_run_that_fails_is_run_at_once(self, end: str, queue: Queue) -> None:
        await queue.put([task("a")])
        (job,) = await queue.claim(1)
        await queue.put([task("a", version="2")])
        if end == "retry":
            await queue.retry(job, 3600)
        elif end == "bury":
            await queue.bury(job, "broken")
        else:
            await queue.retry(job, 3600, counted=False)
        assert [job.task.version for job in await queue.claim(1)] == ["2"]
        assert await queue.failures("alice") == []

    async def test_no_user_waits_behind_the_many_documents_of_another(self, queue: Queue) -> None:
        await queue.put([task(f"a{at}") for at in range(200)])
        for user in ("bob", "carol", "dave"):
            await queue.put([task(f"{user}{at}", user) for at in range(3)])
        first: list[str] = []
        for _ in range(20):
            (job,) = await queue.claim(1)
            first.append(job.task.user)
            await queue.done(job)
        assert {user: first.count(user) for user in ("bob", "carol", "dave")} == {"bob": 3, "carol": 3, "dave": 3}

    async def test_a_change_comes_before_the_backfill_of_the_same_user(self, queue: Queue) -> None:
        await queue.put([task(f"old{at}", backfill=True) for at in range(20)])
        await queue.put([task("fresh")])
        assert ids(await queue.claim(1)) == ["fresh"]

    async def test_a_backfill_that_changes_is_a_change(self, queue: Queue) -> None:
        await queue.put([task(f"old{at}", backfill=True) for at in range(20)])
        await queue.put([task("old15", version="2")])
        assert ids(await queue.claim(1)) == ["old15"]

    async def test_a_retried_job_comes_back_when_its_time_has_come(self, queue: Queue) -> None:
        await queue.put([task("now"), task("later")])
        jobs = await queue.claim(2)
        for job in jobs:
            await queue.retry(job, 0 if job.task.doc_id == "now" else 3600)
        (again,) = await queue.claim(2)
        assert (again.task.doc_id, again.attempts) == ("now", 2)
        assert await queue.counts() == {("alice", "note"): Counts(waiting=1, running=1)}

    async def test_a_retry_that_does_not_count_has_not_been_tried(self, queue: Queue) -> None:
        await queue.put([task("a")])
        (job,) = await queue.claim(1)
        await queue.retry(job, 0, counted=False)
        assert [job.attempts for job in await queue.claim(1)] == [1]

    async def test_a_buried_document_stays_buried_until_it_changes(self, queue: Queue) -> None:
        await queue.put([task("a"), task("b", "bob")])
        for job in await queue.claim(2):
            await queue.bury(job, f"{job.task.doc_id} is broken")
        assert [(failure.doc_id, failure.version, failure.reason) for failure in await queue.failures("alice")] == [
            ("a", "1", "a is broken")
        ]
        assert await queue.counts("alice") == {("alice", "note"): Counts(failed=1)}
        assert await queue.put([task("a")]) == 0
        assert await queue.claim(1) == []
        assert await queue.put([task("a", version="2")]) == 1
        assert [(job.task.version, job.attempts) for job in await queue.claim(1)] == [("2", 1)]
        assert await queue.failures("alice") == []

    async def test_a_buried_document_that_is_deleted_is_dropped(self, queue: Queue) -> None:
        await queue.put([task("a")])
        await queue.bury((await queue.claim(1))[0], "broken")
        await queue.put([task("a", drop=True)])
        assert [job.task.op for job in await queue.claim(1)] == ["drop"]
        assert await queue.failures("alice") == []

    async def test_what_a_dead_process_had_claimed_is_claimed_by_another(
        self, queue: Queue, open_queue: OpenQueue, silence: Silence
    ) -> None:
        dead = await open_queue()
        await queue.put([task("a")])
        (lost,) = await dead.claim(1)
        await silence(dead)
        (job,) = await queue.claim(1)
        assert job.task == lost.task
        await dead.done(lost)
        assert await dead.claim(1) == []
        assert (await queue.counts())["alice", "note"] == Counts(running=1)
        await dead.close()

    async def test_a_lease_that_is_kept_is_not_taken(self, queue: Queue, open_queue: OpenQueue) -> None:
        await queue.put([task("a")])
        (job,) = await queue.claim(1)
        await queue.keep()
        other = await open_queue()
        assert await other.claim(1) == []
        await queue.done(job)
        await other.close()

    async def test_a_process_that_closes_gives_its_jobs_back(self, queue: Queue, open_queue: OpenQueue) -> None:
        await queue.put([task("a"), task("b")])
        other = await open_queue()
        assert len(await other.claim(2)) == 2
        await other.close()
        assert sorted(ids(await queue.claim(2))) == ["a", "b"]

    async def test_two_processes_never_claim_the_same(self, queue: Queue, open_queue: OpenQueue) -> None:
        await queue.put([task(f"{at}") for at in range(40)])
        other = await open_queue()
        mine, others = await queue.claim(15), await other.claim(100)
        assert sorted(ids(mine) + ids(others)) == sorted(str(at) for at in range(40))
        await other.close()

    async def test_counts_are_by_user_and_type(self, queue: Queue) -> None:
        await queue.put([task("a"), task("b"), task("c", doc_type="file"), task("d", "bob")])
        await queue.claim(1)
        counts = await queue.counts()
        assert sum(count.running for count in counts.values()) == 1
        assert {key: count.waiting + count.running for key, count in counts.items()} == {
            ("alice", "note"): 2,
            ("alice", "file"): 1,
            ("bob", "note"): 1,
        }
        assert set(await queue.counts("bob")) == {("bob", "note")}

    async def test_a_forgotten_user_has_nothing_left_and_the_others_everything(self, queue: Queue) -> None:
        await queue.put([task("a"), task("b"), task("c", "bob"), task("f", doc_type="file")])
        await queue.bury(next(job for job in await queue.claim(4) if job.task.doc_id == "a"), "broken")
        await queue.put([task("new"), task("g", doc_type="file")])
        await queue.forget("alice", "note")
        counts = await queue.counts()
        assert counts["alice", "file"].waiting == 1
        assert counts.get(("alice", "note"), Counts()).failed == 0
        assert ("bob", "note") in counts
        await queue.forget("alice")
        assert all(count.waiting == 0 for key, count in (await queue.counts("alice")).items())

    async def test_waiting_ends_when_something_is_put(self, queue: Queue) -> None:
        await queue.put([task("a")])
        await queue.wait(60)

    async def test_many_tasks_are_put_at_once(self, queue: Queue) -> None:
        assert await queue.put([task(f"{at}") for at in range(1500)]) == 1500
        assert await queue.put([task(f"{at}", version="2") for at in range(1600)]) == 100
        assert (await queue.counts())["alice", "note"].waiting == 1600

    async def test_putting_nothing_is_nothing(self, queue: Queue) -> None:
        assert await queue.put([]) == 0
