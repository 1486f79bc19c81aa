"""This server's authorization server on a port of its own, in front of a sandboxed Nextcloud or a real provider."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from nextcloud_mcp_server.auth.people import AccessStore, People
from nextcloud_mcp_server.auth.server.authorize import Authorize
from nextcloud_mcp_server.auth.server.clients import Clients, static_clients
from nextcloud_mcp_server.auth.server.consents import Consents
from nextcloud_mcp_server.auth.server.gate import Gate
from nextcloud_mcp_server.auth.server.rates import Rates
from nextcloud_mcp_server.auth.server.routes import routes
from nextcloud_mcp_server.auth.server.sign_ins import SignIns
from nextcloud_mcp_server.auth.server.token_endpoints import TokenEndpoints
from nextcloud_mcp_server.auth.server.tokens import Tokens
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.credentials import Credential
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.nextcloud.transport import Address, Transport
from nextcloud_mcp_server.storage import Audit, Database, Events, Vault, new_key
from tests.providers.person import Person, forms
from tests.providers.shared import free_port

SCOPES = frozenset({"openid", "notes:read", "notes:write", "files:read"})
KEY = new_key()


@dataclass
class State:
    """What one replica has; several of them may share a database."""

    issuer: str
    database: Database
    vault: Vault
    audit: Audit
    events: Events
    people: People
    store: AccessStore
    tokens: Tokens

    @property
    def resource(self) -> str:
        return f"{self.issuer}/mcp"


def state(database: Database, port: int | None = None) -> State:
    audit, events = Audit(database), Events(database)
    vault = Vault(database, audit, [KEY])
    store = AccessStore(database, vault, events)
    issuer = f"http://127.0.0.1:{port or free_port()}"
    return State(issuer, database, vault, audit, events, People(database), store, Tokens(database, events, audit))


def application(known: State, gate: Gate, static: tuple[str, ...] = ("desk",)) -> Starlette:
    clients = Clients(known.database, static_clients(static, "http://127.0.0.1/cb"), None)
    rates = Rates(known.database)
    authorize = Authorize(
        known.issuer, known.resource, lambda: SCOPES, clients, SignIns(known.vault), Consents(known.database), known.tokens, gate, rates
    )
    return Starlette(routes=routes(authorize, TokenEndpoints(clients, known.tokens, rates), lambda: SCOPES))


@asynccontextmanager
async def serving(app: Starlette, issuer: str) -> AsyncGenerator[None]:
    """Serves an application in this process at the port of `issuer`."""
    port = int(issuer.rpartition(":")[2])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    task = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield
    server.should_exit = True
    await task


def sessions(transport: Transport) -> Callable[[Credential], Session]:
    cache = Cache()
    return lambda credential: Session(transport, credential, cache)


def nextcloud_at(url: str) -> Transport:
    return Transport(Address(url, url), "nextcloud-mcp-server/test")


def grant_at_nextcloud(url: str, login: str, password: str) -> None:
    """A person opens Nextcloud's sign-in page in a browser, signs in and grants access."""
    person = Person(login, password)
    page = person.submit(person.open(url))
    page = person.submit(page, user=login, password=password)
    assert "Grant access" in page.text, page.text
    granted = person.submit(page)
    assert granted.status_code == 200, granted.text


def login_link(page: str) -> str:
    """The link to Nextcloud on the waiting page."""
    from html import unescape

    return unescape(page.partition('class="button main" href="')[2].partition('"')[0])


__all__ = ["SCOPES", "State", "application", "forms", "grant_at_nextcloud", "login_link", "nextcloud_at", "serving", "sessions", "state"]
