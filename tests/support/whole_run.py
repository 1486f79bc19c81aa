"""Everything that was said and stored in the tests of a package, searched at its end for every secret that came up in it.

A secret is what this process saw being made: app passwords at the sandbox, tokens of providers and of this server, what goes into
a vault, keys. Said is what servers, workers and commands wrote to standard error, what the product logged in this process at the
finest level, errors, and addresses that were called.
"""

import logging
import re
import sqlite3
from asyncio.subprocess import SubprocessStreamProtocol
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import psycopg
import pytest

from nextcloud_mcp_server.auth.oidc.http import OidcHttp
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenEndpoint
from nextcloud_mcp_server.auth.server.tokens import Tokens
from nextcloud_mcp_server.cli.logs import TRACE
from nextcloud_mcp_server.nextcloud.transport import Transport
from nextcloud_mcp_server.storage.sqlite import SQLite
from nextcloud_mcp_server.storage.vault import Vault
from nextcloud_sandbox.core import Sandbox
from tests.conftest import NOTES
from tests.providers import postgres
from tests.providers.keycloak import Keycloak
from tests.providers.node_provider import NodeProvider

SHORT = 16
"""Characters below which a text says nothing: it would be found by chance."""
_TOKENS = ("access_token", "refresh_token", "id_token", "token", "registration_access_token")
NAMES = frozenset({*_TOKENS, "password", "poll", "verifier", "nonce", "csrf", "client_secret", "granted"})
_PIECE = re.compile(r"""[^\s"'<>(){}\[\],;|\\]{16,}""")


@dataclass
class WholeRun:
    """`secrets` by value with what they are; `pieces` of what was said, each with the place where it came up first."""

    secrets: dict[str, str] = field(default_factory=dict[str, str])
    pieces: dict[str, str] = field(default_factory=dict[str, str])
    files: set[Path] = field(default_factory=set[Path])
    _begun: dict[tuple[int, int], bytes] = field(default_factory=dict[tuple[int, int], bytes])

    def secret(self, what: str, value: object) -> None:
        if isinstance(value, str) and len(value) >= SHORT and _PIECE.fullmatch(value):
            self.secrets[value] = what

    def inside(self, what: str, value: object, name: str = "") -> None:
        """The secrets of a JSON value, by the names of its members."""
        if isinstance(value, Mapping):
            for key, inner in cast("Mapping[str, object]", value).items():
                self.inside(what, inner, key if isinstance(inner, str | list) else name)
        elif isinstance(value, list):
            # Of what Login Flow granted, the last is the password; before it comes the login name.
            inner = cast("list[object]", value)
            self.inside(what, inner[-1] if inner else None, name)
        elif name in NAMES:
            self.secret(f"{name} of {what}", value)

    def say(self, place: str, text: str) -> None:
        for piece in _PIECE.findall(text):
            self.pieces.setdefault(piece, place)

    def hear(self, source: int, channel: int, data: bytes) -> None:
        """What a process wrote; a line may come in parts."""
        whole, _, rest = (self._begun.pop((source, channel), b"") + data).rpartition(b"\n")
        self._begun[source, channel] = rest
        self.say("what a process wrote", whole.decode("utf-8", "replace"))

    def found(self) -> list[str]:
        """Where which secret was found; empty is good."""
        for path in self.files:
            self._read_file(path)
        for rest in self._begun.values():
            self.say("what a process wrote", rest.decode("utf-8", "replace"))
        text = "\n".join(self.pieces)
        wanted = {form: what for value, what in self.secrets.items() for form in (value, quote(value, safe=""))}
        leaked = {form: what for form, what in wanted.items() if form in text}
        return sorted({f"{what} is in {place}" for form, what in leaked.items() for piece, place in self.pieces.items() if form in piece})

    def read_postgres(self, address: str) -> None:
        with psycopg.connect(address) as connection:
            tables = connection.execute("select table_name from information_schema.tables where table_schema = 'public'").fetchall()
            for (table,) in tables:
                rows = connection.execute(f'select row_to_json(t)::text from "{table}" t').fetchall()
                self.say(f"PostgreSQL: {table}", "\n".join(row for (row,) in rows))

    def _read_file(self, path: Path) -> None:
        if not path.exists():
            return
        try:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            try:
                for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
                    for row in connection.execute(f'select * from "{table}"'):
                        self.say(f"SQLite: {table}", " ".join(v.decode("latin-1") if isinstance(v, bytes) else str(v) for v in row))
            finally:
                connection.close()
        except sqlite3.DatabaseError:
            self.say("a damaged file", path.read_bytes().decode("latin-1"))


class _Log(logging.Handler):
    def __init__(self, run: WholeRun) -> None:
        super().__init__(TRACE)
        self.run = run

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info:
            text += logging.Formatter().formatException(record.exc_info)
        self.run.say(f"the log of {record.name}", text)


@contextmanager
def watching() -> Iterator[WholeRun]:
    """Remembers what comes up inside, and fails at the end where a secret is where none may be."""
    run, root, product = WholeRun(), logging.getLogger(), logging.getLogger("nextcloud_mcp_server")
    handler, level = _Log(run), product.level
    with pytest.MonkeyPatch.context() as patch:
        _watch(run, patch)
        root.addHandler(handler)
        product.setLevel(TRACE)
        try:
            yield run
        finally:
            root.removeHandler(handler)
            product.setLevel(level)
    leaked = run.found()
    NOTES.append(f"{len(run.secrets)} secrets were looked for in {len(run.pieces)} pieces of logs, rows, errors and addresses")
    if leaked:
        pytest.fail("\n".join(leaked), pytrace=False)


def _watch(run: WholeRun, patch: pytest.MonkeyPatch) -> None:
    def before(owner: Any, name: str, look: Callable[..., None]) -> None:
        original = getattr(owner, name)

        def looked(self: Any, *given: Any, **more: Any) -> Any:
            look(self, *given, **more)
            return original(self, *given, **more)

        patch.setattr(owner, name, looked)

    def after(owner: Any, name: str, look: Callable[[Any], None]) -> None:
        original = getattr(owner, name)

        def looked(self: Any, *given: Any, **more: Any) -> Any:
            answer = original(self, *given, **more)
            look(answer)
            return answer

        patch.setattr(owner, name, looked)

    after(Sandbox, "new_app_password", lambda made: run.secret("an app password", made.token))
    for provider in (Keycloak, NodeProvider):
        after(provider, "tokens", lambda answer: run.inside("a provider", answer))
    before(Vault, "__init__", lambda _, database, audit, keys, **more: [run.secret("an encryption key", key) for key in keys])
    before(Vault, "_seal", lambda _, kind, key, value: run.inside(f"the vault's {kind}", value))
    before(Tokens, "_put", lambda _, on, kind, value, *more: run.secret(f"this server's {kind}", value))
    before(SQLite, "__init__", lambda _, path: run.files.add(path))
    before(OidcHttp, "_send", lambda _, method, url, **more: run.say("an address of a provider", url))
    before(Transport, "send", lambda _, credential, method, path, **more: run.say("an address of Nextcloud", path))
    before(SubprocessStreamProtocol, "pipe_data_received", lambda it, fd, data: run.hear(id(it), fd, data) if fd == 2 else None)
    original = TokenEndpoint._ask

    async def asked(self: TokenEndpoint, form: dict[str, str]) -> Any:
        answer = await original(self, form)
        run.inside("a provider", {name: getattr(answer, name) for name in ("access_token", "refresh_token", "id_token")})
        return answer

    patch.setattr(TokenEndpoint, "_ask", asked)
    patch.setattr(postgres, "BEFORE_DROPPING", [*postgres.BEFORE_DROPPING, run.read_postgres])
