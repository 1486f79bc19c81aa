"""Search and background sync of one process: what runs, and what tools, routes and commands ask of it."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Literal

from nextcloud_mcp_server.auth.people import TOPIC_ACCESS, TOPIC_LOST
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.documents import IndexSource
from nextcloud_mcp_server.core.ending import end
from nextcloud_mcp_server.core.errors import InvalidValue, NextcloudError, Unreachable
from nextcloud_mcp_server.index.bodies import Body, unseal
from nextcloud_mcp_server.index.collections import Collections
from nextcloud_mcp_server.index.context import context
from nextcloud_mcp_server.index.indexer import Indexer
from nextcloud_mcp_server.index.leaving import Leavers
from nextcloud_mcp_server.index.pace import Intervals, Pace
from nextcloud_mcp_server.index.processor import STOPPING, Processors
from nextcloud_mcp_server.index.rekey import Rekeyed, rekey
from nextcloud_mcp_server.index.scanner import LEASE, LEASES, Load, Scanner
from nextcloud_mcp_server.index.search import Ask, Hit, Results, Search
from nextcloud_mcp_server.index.state import State
from nextcloud_mcp_server.index.status import UserStatus, behind, status_of
from nextcloud_mcp_server.index.store.port import Counts, Key
from nextcloud_mcp_server.index.under_way import UnderWay
from nextcloud_mcp_server.index.users import TIDYING, UserManager
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.server.indexing.parts import Parts
from nextcloud_mcp_server.server.indexing.people import Provisioned
from nextcloud_mcp_server.settings import Settings
from nextcloud_mcp_server.storage import DatabaseTooNew, Events, Leases, StorageError

log = logging.getLogger(__name__)
Role = Literal["all", "api", "worker"]
TOPIC_WAKE = "index-wake"
AGAIN_AFTER = 10.0
PATIENCE = 20.0
"""Seconds that the start waits for the embedding model before search begins with words alone."""
LONGEST_INTERVAL = 3600.0
OLDER_TYPES = {"deck_card": "card", "calendar": "event", "todo": "task"}
TIDY_EVERY = 3600.0
BEAT = 15.0
TELL = 2.0
LOOK = 0.25
WEBHOOKS = "webhooks"
TRUSTED_FOR = 86_400.0
"""Seconds after the last delivery in which webhooks are believed to be registered."""
HEARD_FOR = 60.0
"""Seconds in which further deliveries are not noted."""

Progress = Callable[["Pass"], None]


@dataclass(frozen=True, slots=True)
class Pass:
    """How far one pass over everything has come, in documents; `current` is the title of one under way."""

    total: int = 0
    done: int = 0
    failed: int = 0
    current: str = ""


def _quietly(_: Pass) -> None:
    return None


class Indexing:
    """`state`, `queue`, `store` and `collections` may be asked after `opened`."""

    def __init__(self, settings: Settings, parts: Parts, people: Provisioned) -> None:
        self.settings, self.people, self._parts = settings, people, parts
        self.queue, self.store, self.queue_name = parts.queue, parts.store, parts.queue_name
        self.state = State(parts.database)
        self.events = Events(parts.database)
        self.collections = Collections(
            parts.database, self.state, parts.store, parts.queue, parts.embedder, prefix=settings.search.collection
        )
        self.indexer = Indexer(self.state, parts.store, self.collections, shape=parts.shape, cipher=parts.cipher)
        sync = settings.sync
        self.processors = Processors(
            parts.queue, people, self.indexer, self.state, parts.readers,
            workers=sync.workers, max_failures=sync.max_failures,
        )  # fmt: skip
        self.leavers = Leavers(people, self.state, parts.queue, self.indexer)
        self.manager = UserManager(self.leavers.provisioned, self.scanner, poll=sync.user_poll)
        self._under_way = UnderWay(parts.database, self.processors.current)
        self._search = Search(parts.store, self.collections.ready, reranker=parts.reranker, cipher=parts.cipher)
        self._leases, self._load = Leases(parts.database), Load()
        self._pace = Pace(sync.requests_per_second)
        self._heard = 0.0
        self.opened = asyncio.Event()
        self._why = "Search is starting."

    @asynccontextmanager
    async def running(self, role: Role | None = None) -> AsyncGenerator[None]:
        """Works in the background inside the block, as soon as everything it needs answers. `role` as `MCP_ROLE`."""
        task = asyncio.create_task(self._run(role or self.settings.sync.role))
        try:
            yield
        finally:
            await end(task, again=STOPPING + TIDYING)
            await self.close()

    async def open(self, patience: float | None = None) -> None:
        """Opens database, queue and store, and waits up to `patience` seconds (None: for ever) for the model.

        Raises StorageError and NextcloudError; may be called again.
        """
        await self._parts.database.open()
        await self.events.start()
        await self.queue.open()
        await self.collections.start(patience)
        self.opened.set()

    async def close(self) -> None:
        """Gives back what this process has claimed and ends every connection."""
        parts = self._parts
        if self.opened.is_set():
            with suppress(StorageError, NextcloudError):
                await parts.queue.close()
        await parts.readers.close()
        for part in (parts.store, parts.embedder, parts.reranker, parts.engine, parts.database):
            if part is not None:
                await part.close()
        if parts.alone:
            parts.alone.give_back()
        self.opened.clear()

    async def search(self, caller: Caller, session: Session, ask: Ask) -> Results:
        """What `caller` may read now of what was asked; readers, language and deadline of `ask` are filled in here.

        Raises InvalidValue for a wrong query or type, Unreachable while search is starting.
        """
        self.check()
        sources = await self.people.readable_by(caller, session)
        doc_types = frozenset(_named(name, sources) for name in ask.doc_types)
        person = await session.person()
        readers = frozenset({person.id, *(f"group:{group}" for group in person.groups)})
        language = await self.people.language_of(session)
        seconds = self.settings.search.timeout_ms / 1000
        filled = replace(ask, readers=readers, doc_types=doc_types, language=language, seconds=seconds)
        found, behind = await self._search.search(filled, sources), await self.why_behind(person.id)
        return replace(found, notes=(*found.notes, behind)) if behind else found

    async def around(self, hit: Hit, characters: int) -> tuple[str, str]:
        """The text before and after a verified hit's passage, as far as the document's other passages have it."""
        return context(await self.bodies(hit.key), hit.body.start, hit.body.end, characters)

    async def bodies(self, key: Key) -> list[Body]:
        """The passages of a document in order, for whoever may read it."""
        entries = await self.store.passages((await self.collections.ready()).collection, key)
        return [unseal(entry.body, self._parts.cipher) for entry in entries]

    async def rekey(self, progress: Callable[[], None] = lambda: None) -> Rekeyed:
        """Encrypts all stored passages under the first key. Raises InvalidValue where nothing is encrypted."""
        from cryptography.fernet import Fernet

        keys, cipher = self.settings.storage.encryption_keys, self._parts.cipher
        if cipher is None or not keys:
            raise InvalidValue("Passages are not encrypted in this mode, or there is no TOKEN_ENCRYPTION_KEY.")
        alone = self._parts.alone
        if alone and not alone.held and not alone.take():
            raise Unreachable("Another process works on the index.", hint="Stop the server and its workers, and try again.")
        return await rekey(self.store, await self.store.collections(), cipher, Fernet(keys[0].get_secret_value()), progress)

    async def status(self, user: str) -> UserStatus:
        """Raises Unreachable while search is starting."""
        self.check()
        told = await status_of(user, self.state, self.queue, self.collections, await self._under_way.of(user))
        return replace(told, behind=await self.why_behind(user))

    async def why_behind(self, user: str) -> str | None:
        """Why a person's changes are not found at this time, for them to read; None where they are."""
        try:
            schedule = await self.state.schedule(user)
            return behind(schedule, time.time()) if schedule else await self.people.unfollowed(user)
        except (NextcloudError, StorageError) as error:
            log.warning("Whether the changes of %s are followed cannot be known now: %s", user, error)
            return None

    async def counts(self, user: str) -> Counts:
        """Documents and passages of which the user is the owner."""
        self.check()
        return await self.store.count((await self.collections.ready()).collection, user)

    async def wake(self, user: str) -> None:
        """Has the user scanned at once, by whichever process scans that user now or when a dead one's users are taken over."""
        self.check()
        await self.state.due(user)
        await self.events.publish(TOPIC_WAKE, user)

    @property
    def webhooks(self) -> bool:
        """Whether changes are pushed: a delivery came, to any process, not too long ago."""
        return time.time() - self._heard < TRUSTED_FOR

    async def heard(self) -> None:
        """A webhook was delivered here. Raises StorageError, and Unreachable while search is starting."""
        self.check()
        if time.time() - self._heard > HEARD_FOR:
            self._heard = time.time()
            await self.state.hear(WEBHOOKS, self._heard)

    async def purge(self, doc_type: str) -> int:
        """Takes everything of a type out of everybody's index; how many documents that were, each counted for everybody who sees it.

        What is allowed comes back by the next scan. Raises StorageError, and NextcloudError of the store.
        """
        self.check()
        count = 0
        for user in sorted(await self.state.seeing(doc_type)):
            await self.queue.forget(user, doc_type)
            count += await self.indexer.forget(user, doc_type)
            await self.state.start_over(user, doc_type)
        return count

    async def index_once(self, progress: Progress = _quietly) -> Pass:
        """One scan of everybody and all that it finds; beside a running server too. Call `open` before."""
        for user in sorted(await self.people.provisioned()):
            await self.scanner(user).scan()
        done = await self._drain(progress)
        if len(self.collections.targets()) > 1 and not await self.collections.switch():
            done = await self._drain(progress)
            await self.collections.switch()
        return done

    async def ready(self) -> str:
        """For readiness: `ok`, or what search has to do without."""
        return (await self.collections.ready()).note or "ok" if self.opened.is_set() else self._why

    def check(self) -> None:
        """Raises Unreachable while search is starting."""
        if not self.opened.is_set():
            raise Unreachable(self._why, retry_after=AGAIN_AFTER)

    def scanner(self, user: str) -> Scanner:
        """A user's scanner."""
        sync = self.settings.sync
        intervals = Intervals(sync.interval, sync.interval_max or LONGEST_INTERVAL, lambda: sync.interval_max is not None or self.webhooks)
        return Scanner(
            user, self.people, self.state, self.queue, self._leases, intervals=intervals, pace=self._pace, load=self._load
        )  # fmt: skip

    async def _run(self, role: Role) -> None:
        while not await self._opens():  # noqa: ASYNC110 - what it waits for is outside this process
            await asyncio.sleep(AGAIN_AFTER)
        if role != "api":
            self.events.subscribe(TOPIC_WAKE, self._woken)
            self.events.subscribe(TOPIC_ACCESS, self._access_changed)
            self.events.subscribe(TOPIC_LOST, lambda _: self._access_changed(None))
            await self._take_over()
        # A group, which unlike gather waits until all of them have ended: they still need the database then.
        async with asyncio.TaskGroup() as group:
            for name, work in self._works(role):
                group.create_task(_supervised(name, work), name=name)

    async def _opens(self) -> bool:
        try:
            await self.open(PATIENCE)
        except DatabaseTooNew as error:
            self._why = str(error)
            log.error("Search does not start: %s %s", error, error.hint)
        except (StorageError, NextcloudError) as error:
            self._why = str(error)
            log.warning("Search does not start yet: %s %s It is tried again in %.0f s.", error, error.hint, AGAIN_AFTER)
        return self.opened.is_set()

    def _works(self, role: Role) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
        yield "collections", self.collections.run
        yield "events", self.events.run
        if role != "api":
            yield "users", self.manager.run
            yield "leavers", self.leavers.run
            yield "processors", self.processors.run
            yield "leases", self._beat
            yield "progress", self._tell
            yield "housekeeping", self._tidy

    def _woken(self, user: str | None) -> None:
        """None: notices may have been lost, so everybody is looked after."""
        for one in [user] if user else self.manager.users:
            self.manager.wake(one)

    def _access_changed(self, user: str | None) -> None:
        """Somebody came, left, or allows other scopes now. None: whose access it was is not said."""
        self.leavers.told(user)
        self.manager.look()
        if user:
            self.manager.wake(user)

    async def _take_over(self) -> None:
        """Where no other process works on this database any more, what dead ones held is this one's at once."""
        alone = self._parts.alone
        if alone and not alone.held and alone.take():
            await self._leases.clear(LEASES)
            await self.queue.inherit()

    async def _beat(self) -> None:
        while True:
            await self._take_over()
            await self._leases.keep(LEASES, LEASE)
            self._heard = max(self._heard, await self.state.heard(WEBHOOKS) or 0.0)
            await asyncio.sleep(BEAT)

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(TELL)
            await self._under_way.tell()

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(TIDY_EVERY)
            await self.store.tidy()

    async def _drain(self, progress: Progress) -> Pass:
        """Works off the queue and tells how far it is."""
        working = asyncio.create_task(self.processors.drain())
        try:
            most = 0
            while True:
                ended, _ = await asyncio.wait({working}, timeout=LOOK)
                await self._under_way.tell()
                counts = (await self.queue.counts()).values()
                left = sum(count.waiting + count.running for count in counts)
                most = max(most, left)
                current = next(iter(self.processors.current.values()), None)
                at = Pass(most, most - left, sum(count.failed for count in counts), current.title if current else "")
                progress(at)
                if ended:
                    working.result()
                    return at
        finally:
            await end(working, again=STOPPING + TIDYING)


def _named(name: str, sources: Mapping[str, IndexSource]) -> str:
    """A document type as its source calls it. Raises InvalidValue for one that the caller cannot search."""
    plain = name.strip().lower()
    for candidate in (plain, OLDER_TYPES.get(plain, ""), plain.removesuffix("s")):
        if candidate in sources:
            return candidate
    raise InvalidValue(f"There is nothing of type {name[:40]!r} to search here.", candidates=sorted(sources))


async def _supervised(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Begins the work again where it ended by an error."""
    while True:
        try:
            await work()
        except (StorageError, NextcloudError) as error:
            log.warning("The %s of search wait: %s", name, error)
        except Exception:  # supervisor: one part's fault ends neither the others nor the server
            log.exception("The %s of search failed", name)
        await asyncio.sleep(AGAIN_AFTER)
