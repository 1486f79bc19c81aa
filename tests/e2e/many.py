"""Many people on one PostgreSQL: a process that serves, processes that index, and what is in the database."""

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from cryptography.fernet import Fernet
from mcp import Client

from nextcloud_mcp_server.index.bodies import Body, unseal
from nextcloud_mcp_server.storage import new_key
from nextcloud_sandbox.server import Running
from tests.e2e.conftest import COMMAND, server
from tests.e2e.leaks import Watch
from tests.e2e.modes import Browser, Memory, answered, called, connected, sign_in, without_account
from tests.providers.shared import free_port
from tests.unit.index.tiny_model import make_model

QUICK = {"VECTOR_SYNC_SCAN_INTERVAL": "1", "VECTOR_SYNC_MAX_REQUESTS_PER_SECOND": "1000"}
LOOK = 0.1
Passages = dict[tuple[str, str, str], list[Body]]


@dataclass
class Worker:
    """A process of `nextcloud-mcp-server worker`."""

    process: asyncio.subprocess.Process
    log: list[str] = field(default_factory=list[str])


@dataclass
class Many:
    """One server for many people: `people` are MCP clients by user."""

    nextcloud: str
    folder: Path
    address: str
    more: dict[str, str]
    port: int = field(default_factory=free_port)
    key: str = field(default_factory=new_key)
    people: dict[str, Client] = field(default_factory=dict[str, Client])
    watch: Watch = field(default_factory=Watch)
    first: Worker | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def mcp(self) -> str:
        return f"{self.url}/mcp"

    @property
    def env(self) -> dict[str, str]:
        model = str(make_model(self.folder / "model"))
        kept = {"MCP_DATA_DIR": str(self.folder), "EMBEDDING_MODEL_DIR": model, "XDG_CACHE_HOME": str(self.folder / "cache")}
        own = {"DATABASE_URL": self.address, "TOKEN_ENCRYPTION_KEY": self.key, "NEXTCLOUD_MCP_SERVER_URL": self.url}
        return without_account(self.nextcloud, **{**kept, **own, "ENABLE_SEMANTIC_SEARCH": "true", **QUICK, **self.more})

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        """The process that answers; it indexes nothing itself."""
        async with server({**self.env, "MCP_ROLE": "api"}, "--port", str(self.port)) as served:
            self.watch.said.append(("the log of the server", served.log))
            yield

    @asynccontextmanager
    async def worker(self) -> AsyncGenerator[Worker]:
        """One that indexes."""
        process = await asyncio.create_subprocess_exec(COMMAND, "worker", env=self.env, stderr=asyncio.subprocess.PIPE)
        one = Worker(process)
        self.watch.said.append(("the log of a worker", one.log))

        async def read() -> None:
            assert process.stderr
            async for line in process.stderr:
                one.log.append(line.decode())

        reading = asyncio.create_task(read())
        try:
            yield one
        finally:
            if process.returncode is None:
                process.terminate()
            await asyncio.wait_for(process.wait(), 30)
            await reading
        assert not [line for line in one.log if "Traceback" in line], "".join(one.log)

    async def signs_in(self, stack: AsyncExitStack, user: str, browser: Browser, scope: str | None = None) -> Client:
        """Somebody gives access by a client that stays connected as long as the stack."""
        auth = sign_in(self.mcp, Memory(self.watch), browser, scope)
        client = self.people[user] = await stack.enter_async_context(connected(self.mcp, auth))
        return client

    async def shows(self, stack: AsyncExitStack, user: str, password: str) -> Client:
        """Somebody shows their own app password with each request of a client that stays connected as long as the stack."""
        headers = {"Authorization": self.watch.basic(user, password)}
        client = self.people[user] = await stack.enter_async_context(connected(self.mcp, **headers))
        return client

    async def shares(self, path: str, user: str = "alice", other: str = "bob") -> int:
        """Somebody shares with somebody else; the share's id."""
        made = await called(self.people[user], "nc_share_create", path=path, share_with=other)
        return int(json.loads(made["result"])["id"])

    async def asked(self, user: str, tool: str, **arguments: Any) -> dict[str, Any]:
        """What a tool of search answers as soon as search has started."""
        async with asyncio.timeout(60):
            while "Search is starting" in str((result := await self.people[user].call_tool(tool, arguments)).content):
                await asyncio.sleep(LOOK)
        return answered(result)

    async def finds(self, user: str, word: str) -> set[str]:
        """The types of what a person finds that has the word in its passage."""
        found = await self.asked(user, "nc_semantic_search", query=word, limit=100, granularity="chunk")
        return {hit["doc_type"] for hit in found["results"] if word in hit["excerpt"].lower()}

    async def settles(self, wanted: dict[str, dict[str, set[str]]], seconds: float = 60) -> None:
        """Returns when everybody finds each word in what they should: word to user to types; fails with what they find."""
        seen: dict[str, dict[str, set[str]]] = {}
        try:
            async with asyncio.timeout(seconds):
                while seen != wanted or not await self.idle():
                    await asyncio.sleep(LOOK)
                    seen = {word: {user: await self.finds(user, word) for user in by} for word, by in wanted.items()}
        except TimeoutError:
            differing = {word: by for word, by in seen.items() if by != wanted[word]}
            waiting = await self.rows("select status, args, attempts from procrastinate_jobs")
            scans = await self.rows("select * from index_schedule")
            told = [line for line in self.first.log if "WARNING" in line or "ERROR" in line] if self.first else []
            raise AssertionError(f"found otherwise: {differing}; waiting: {waiting}; scans: {scans}; the worker said: {told}") from None

    async def idle(self) -> bool:
        return await self.count("select count(*) from procrastinate_jobs where status in ('todo', 'doing')") == 0

    async def count(self, sql: str, *values: Any) -> int:
        rows = await self.rows(sql, *values)
        return rows[0][0]

    async def until(self, sql: str, wanted: int, *values: Any) -> None:
        """Returns when the number that `sql` gives is this."""
        async with asyncio.timeout(60):
            while await self.count(sql, *values) != wanted:
                await asyncio.sleep(LOOK)

    async def rows(self, sql: str, *values: Any) -> list[Any]:
        async with await psycopg.AsyncConnection.connect(self.address, autocommit=True) as connection:
            answer = await connection.execute(sql, values)  # type: ignore[arg-type]
            return await answer.fetchall() if answer.description else []

    async def table(self) -> str:
        """The one that holds the passages."""
        sql = "select relname from pg_class where relkind = 'p' and relname like 'passages_%%'"
        [(name,)] = await self.rows(sql)
        return name

    async def passages(self) -> Passages:
        """What is stored, opened by the key: (owner, type, id) to the passages in order."""
        key, found = Fernet(self.key), Passages()
        for owner, doc_type, doc_id, body in await self.rows(
            f"select owner, doc_type, doc_id, body from {await self.table()} order by owner, doc_type, doc_id, idx"
        ):
            found.setdefault((owner, doc_type, doc_id), []).append(unseal(body, key))
        return found

    async def readers(self) -> dict[tuple[str, str, str], set[str]]:
        sql = f"select owner, doc_type, doc_id, readers from {await self.table()}"
        return {(owner, doc_type, doc_id): set(readers) for owner, doc_type, doc_id, readers in await self.rows(sql)}

    async def everything(self) -> str:
        """Every row of every table, as text."""
        names = await self.rows("select tablename from pg_tables where schemaname = 'public'")
        texts: list[str] = []
        for (name,) in names:
            texts += [row[0] for row in await self.rows(f'select t::text from "{name}" t')]
        return "\n".join(texts).lower()


def only(alice: set[str], bob: set[str] | None = None) -> dict[str, set[str]]:
    """In what these two find a word, and nobody else."""
    return {"alice": alice, "bob": bob or set()}


@asynccontextmanager
async def many(nextcloud: Running | str, folder: Path, postgres: str, **more: str) -> AsyncGenerator[Many]:
    """Serving and indexing in a database of their own; at the end no secret is in a log."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"create database {name}")  # type: ignore[arg-type]
        try:
            url = nextcloud if isinstance(nextcloud, str) else nextcloud.url
            one = Many(url, folder, postgres.replace("/postgres?", f"/{name}?"), more)
            one.watch.secret("the encryption key", one.key)
            async with one.serving(), one.worker() as one.first:
                yield one
            assert one.watch.found() == []
        finally:
            admin.execute(f"drop database {name} with (force)")  # type: ignore[arg-type]
