"""The pool that does what the queue holds: fetch, read, cut, embed, store - documents of any user."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from nextcloud_mcp_server.core.documents import Document, IndexSource
from nextcloud_mcp_server.core.ending import end
from nextcloud_mcp_server.core.errors import CredentialRefused, Delayed, NextcloudError, NotFound, NotProvisioned, TooLarge
from nextcloud_mcp_server.index.indexer import Indexer
from nextcloud_mcp_server.index.passages import Text, title_of
from nextcloud_mcp_server.index.people import People
from nextcloud_mcp_server.index.plan import SETTLING, Stored
from nextcloud_mcp_server.index.queue.port import Job, Queue
from nextcloud_mcp_server.index.state import State
from nextcloud_mcp_server.storage import StorageError
from nextcloud_mcp_server.text import Limits, Readers, Unreadable, readable_type

log = logging.getLogger(__name__)
RETRY, LONGEST_RETRY = 10.0, 3600.0
RENEW = 15.0
IDLE = 30.0
STOPPING = 10.0
"""Seconds that a document under way may still take when the server stops."""


@dataclass
class Current:
    """What a worker does now. `pages` is 0 while unknown."""

    user: str
    doc_type: str
    title: str
    page: int = 0
    pages: int = 0


class Unindexable(Exception):
    """The document is indexed by its title only; the reason is told."""


class Processors:
    """`workers` documents at once. `run` is a background task."""

    def __init__(
        self,
        queue: Queue,
        people: People,
        indexer: Indexer,
        state: State,
        readers: Readers,
        *,
        workers: int = 3,
        max_failures: int = 5,
        limits: Limits | None = None,
    ) -> None:
        self._queue, self._people, self._indexer, self._state, self._readers = queue, people, indexer, state, readers
        self._workers, self._max_failures, self._limits = workers, max_failures, limits
        self.current: dict[int, Current] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._free = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled; then documents under way are finished or given back."""
        renewing = asyncio.create_task(self._renew())
        try:
            while True:
                await self._fill()
                if len(self._running) >= self._workers:
                    await self._free.wait()
        finally:
            await end(renewing)
            await self._stop()

    async def drain(self) -> None:
        """Works until the queue has nothing due and nothing runs: for `index --once`."""
        renewing = asyncio.create_task(self._renew())
        try:
            while True:
                found = await self._claim()
                if not found and not self._running:
                    return
                if self._running:
                    await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(renewing)
            await self._stop()

    async def process(self, job: Job) -> None:
        """One job to its end: done, to be tried again, or given up."""
        try:
            await self._do(job)
        except (Delayed, StorageError, CredentialRefused) as error:
            # No fault of the document's: it waits, and does not count.
            await self._again(job, str(error), getattr(error, "retry_after", None), counted=False)
        except Unindexable as error:
            await self._queue.bury(job, str(error))
        except NextcloudError as error:
            await self._failed(job, error.explain())
        except Exception as error:  # supervisor: one document's fault ends no worker
            log.exception("Indexing %s %s of %s failed", job.task.doc_type, job.task.doc_id, job.task.user)
            await self._failed(job, f"A fault of the server: {type(error).__name__}.")
        else:
            await self._queue.done(job)

    async def _do(self, job: Job) -> None:
        task = job.task
        if task.op == "drop":
            await self._indexer.drop(task.user, task.doc_type, task.doc_id)
            return
        try:
            sources = await self._people.sources(task.user)
        except NotProvisioned:
            sources = None
        if sources is None:
            log.warning("%s is not provisioned: %s %s is skipped", task.user, task.doc_type, task.doc_id)
            await self._state.start_over(task.user)
            return
        source = sources.get(task.doc_type)
        if source is None:
            # Not allowed any more, which the next scan sees to; or the app is missing for now, and is listed again when it is back.
            await self._state.start_over(task.user, task.doc_type)
        elif document := await self._fetch(source, task.doc_id):
            await self._index(job, document)
        else:
            await self._indexer.drop(task.user, task.doc_type, task.doc_id)

    async def _fetch(self, source: IndexSource, doc_id: str) -> Document | None:
        """None where it is gone."""
        try:
            async for document in source.fetch([doc_id]):
                return document
        except NotFound:
            return None
        return None

    async def _index(self, job: Job, document: Document) -> None:
        task = job.task
        title = title_of(document)
        current = self.current[job.id] = Current(task.user, task.doc_type, title)
        fetched_at = datetime.now(UTC)
        problem: str | None = None
        try:
            text = await self._text(document, title, current)
        except (Unreadable, TooLarge) as error:
            problem, text = error.explain(), Text(title, "")
        settled = task.settled
        if document.version != task.version:
            settled = document.modified is None or fetched_at - document.modified >= SETTLING
        stored = Stored(document.version, settled)
        await self._indexer.index(task.user, task.doc_type, document, text, stored, await self._people.language(task.user))
        if problem:
            raise Unindexable(problem)

    async def _text(self, document: Document, title: str, current: Current) -> Text:
        # Photos and archives have no text to fail at: they are found by their names.
        if document.content is None or not readable_type(document.mime_type, self._readers.engines):
            return Text(title, document.text)

        async def progress(page: int, pages: int) -> None:
            current.page, current.pages = page, pages

        found = await self._readers.extract(document.content, document.mime_type, self._limits, progress)
        return Text(title, found.text, found.pages)

    async def _failed(self, job: Job, reason: str) -> None:
        if job.attempts >= self._max_failures:
            log.warning("Given up after %d tries: %s %s of %s: %s", job.attempts, job.task.doc_type, job.task.doc_id, job.task.user, reason)
            await self._queue.bury(job, reason)
        else:
            await self._again(job, reason, None, counted=True)

    async def _again(self, job: Job, reason: str, seconds: float | None, *, counted: bool) -> None:
        wait = seconds if seconds is not None else min(RETRY * 2 ** (job.attempts - 1), LONGEST_RETRY)
        log.info("%s %s of %s is tried again in %.0f s: %s", job.task.doc_type, job.task.doc_id, job.task.user, wait, reason)
        await self._queue.retry(job, wait, counted=counted)

    async def _fill(self) -> None:
        """Starts what is due while workers are free, else waits for something."""
        self._free.clear()
        try:
            if not await self._claim() and not self._free.is_set():
                await self._queue.wait(IDLE)
        except (StorageError, Delayed) as error:
            log.warning("The queue does not answer: %s", error)
            await asyncio.sleep(RETRY)

    async def _claim(self) -> int:
        free = self._workers - len(self._running)
        jobs = await self._queue.claim(free) if free else []
        for job in jobs:
            task = asyncio.create_task(self._work(job))
            self._running[job.id] = task
        return len(jobs)

    async def _work(self, job: Job) -> None:
        try:
            # Nobody else takes the job of a process that lives, so it is not left before its end is noted.
            while not await self._noted(job):  # noqa: ASYNC110 - what it waits for is outside this process
                await asyncio.sleep(RETRY)
        finally:
            self.current.pop(job.id, None)
            self._running.pop(job.id, None)
            self._free.set()

    async def _noted(self, job: Job) -> bool:
        """Processes a job; whether what became of it could be noted."""
        try:
            await self.process(job)
        except (StorageError, Delayed) as error:
            log.warning("What became of %s %s cannot be noted: %s", job.task.doc_type, job.task.doc_id, error)
            return False
        return True

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW)
            try:
                await self._queue.keep()
            except (StorageError, Delayed) as error:
                log.warning("Leases of jobs are not renewed: %s", error)

    async def _stop(self) -> None:
        if self._running:
            _, late = await asyncio.wait(self._running.values(), timeout=STOPPING)
            await end(*late)
