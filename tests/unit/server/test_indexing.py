"""What search is made of for which settings, who may have what, and that none of it is loaded while search is off."""

import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nextcloud_mcp_server.auth.sides import Ready, Sides
from nextcloud_mcp_server.core.app import NextcloudApp
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.documents import Kept
from nextcloud_mcp_server.core.errors import InvalidValue, NotProvisioned
from nextcloud_mcp_server.core.tools import Toolbox
from nextcloud_mcp_server.index.bodies import Body
from nextcloud_mcp_server.index.context import context
from nextcloud_mcp_server.index.tools import _moment  # pyright: ignore[reportPrivateUsage]
from nextcloud_mcp_server.nextcloud.transport import Transport
from nextcloud_mcp_server.server import indexing
from nextcloud_mcp_server.server.catalog import Catalog
from nextcloud_mcp_server.server.compose import build
from nextcloud_mcp_server.server.indexing.indexing import _named  # pyright: ignore[reportPrivateUsage]
from nextcloud_mcp_server.server.indexing.parts import parts
from nextcloud_mcp_server.server.indexing.people import Provisioned
from nextcloud_mcp_server.settings import Settings, SettingsError, read

ALICE = {"NEXTCLOUD_HOST": "http://localhost:1", "NEXTCLOUD_USERNAME": "alice", "NEXTCLOUD_PASSWORD": "secret"}
MANY = {"NEXTCLOUD_HOST": "http://localhost:1", "MCP_AUTH_MODE": "basic"}
LOADED = """
import json, sys
from nextcloud_mcp_server.server.compose import build
from nextcloud_mcp_server.settings import read
product = build(read(json.loads(sys.argv[1])))
found = [name for name in sys.modules if name.startswith("nextcloud_mcp_server.index") or name.split(".")[0] in sys.argv[2:]]
print(json.dumps([product.indexing is None, sorted(found)]))
"""
HEAVY = ("qdrant_edge", "qdrant_client", "onnxruntime", "tokenizers", "onnx", "numpy", "procrastinate")


def loaded(env: Mapping[str, str]) -> tuple[bool, list[str]]:
    """In a new process: whether search is off, and what of it is loaded."""
    command = [sys.executable, "-c", LOADED, json.dumps(env), *HEAVY]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    return tuple(json.loads(said))  # type: ignore[return-value]


def test_nothing_of_search_is_loaded_while_it_is_off(tmp_path: Path) -> None:
    place = {"MCP_DATA_DIR": str(tmp_path)}
    off, found = loaded({**ALICE, **place, "ENABLE_SEMANTIC_SEARCH": "false"})
    assert off
    assert found == ["nextcloud_mcp_server.index", "nextcloud_mcp_server.index.answers", "nextcloud_mcp_server.index.tools"]
    on, found = loaded({**ALICE, **place})
    assert not on
    assert "nextcloud_mcp_server.index.search" in found
    assert not {"onnxruntime", "tokenizers", "onnx"} & set(found), "the engine's process loads these, not the server's"


@pytest.mark.parametrize(("env", "on"), [(ALICE, True), (MANY, False), ({**ALICE, "ENABLE_SEMANTIC_SEARCH": "no"}, False)])
def test_search_is_on_by_itself_for_one_person_only(env: dict[str, str], on: bool) -> None:
    assert indexing.wanted(read(env)) is on


@pytest.mark.parametrize(
    ("name", "absent", "told"),
    [
        ("EXTRA", ("qdrant_edge", "no_such_module"), r"nextcloud-mcp-server\[search\]"),
        ("LOCKS", "no_such_module", "use WSL or a container"),
    ],
)
def test_search_without_the_extra_or_on_windows_is_left_out_or_explained(
    name: str, absent: str | tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, name, absent)
    assert not indexing.wanted(read(ALICE))
    with pytest.raises(SettingsError, match=told):
        indexing.wanted(read({**ALICE, "ENABLE_SEMANTIC_SEARCH": "true"}))


def made(tmp_path: Path, **more: str) -> Any:
    return parts(read({**ALICE, "MCP_DATA_DIR": str(tmp_path), **more}))


def test_the_first_provider_that_is_configured_embeds(tmp_path: Path) -> None:
    everything = {
        "OPENAI_BASE_URL": "http://openai",
        "INFINITY_URL": "http://infinity",
        "EMBEDDING_MODEL": "bge",
        "OLLAMA_BASE_URL": "http://ollama",
    }
    names: list[str] = []
    for gone in (None, "OPENAI_BASE_URL", "INFINITY_URL", "OLLAMA_BASE_URL"):
        everything.pop(gone or "", None)
        names.append(made(tmp_path, **everything).embedder.name)
    assert names == ["openai:text-embedding-3-small", "infinity:bge", "ollama:nomic-embed-text", "built-in"]


def test_store_and_queue_follow_the_database(tmp_path: Path) -> None:
    alone, shared = made(tmp_path), made(tmp_path, DATABASE_URL="postgresql://localhost/x")
    assert (type(alone.store).__name__, alone.queue_name) == ("LocalStore", "sqlite")
    assert (type(shared.store).__name__, shared.queue_name) == ("PgVectorStore", "postgres")
    qdrant = made(tmp_path, DATABASE_URL="postgresql://localhost/x", QDRANT_URL="http://qdrant:6333", OLLAMA_URL="http://ollama")
    assert (type(qdrant.store).__name__, qdrant.engine) == ("QdrantStore", None)


def test_passages_of_many_people_are_encrypted_where_there_is_a_key(tmp_path: Path) -> None:
    key = "8J3T4cXyV4c1Y0m1n0kq1J5m2S3f4g5h6j7k8l9z0X0="
    many = parts(read({**MANY, "MCP_DATA_DIR": str(tmp_path), "TOKEN_ENCRYPTION_KEY": key}))
    assert many.cipher is not None
    assert many.cipher.decrypt(many.cipher.encrypt(b"passage")) == b"passage"
    assert made(tmp_path, TOKEN_ENCRYPTION_KEY=key).cipher is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"INFINITY_URL": "http://infinity"}, "EMBEDDING_MODEL is missing"),
        ({"ENABLE_CUSTOM_PROCESSOR": "true"}, "CUSTOM_PROCESSOR_URL is missing"),
        ({"ENABLE_DOCLING": "true"}, "DOCLING_API_URL is missing"),
        ({"DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL is wrong"),
    ],
)
def test_settings_that_lack_a_part_are_named(tmp_path: Path, more: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        made(tmp_path, **more)


class FakeSession:
    """A person whose Nextcloud has notes, and no deck."""

    async def capabilities(self) -> dict[str, Any]:
        return {"capabilities": {"notes": {}}}


class FakeSource:
    def __init__(self, doc_type: str, scope: str) -> None:
        self.doc_type, self.scope = doc_type, scope


def app(name: str, *doc_types: str) -> NextcloudApp:
    def source(doc_type: str) -> Any:
        return lambda _session: FakeSource(doc_type, f"{name}:read")

    return NextcloudApp(
        name, name, Toolbox(name), requires=lambda known: name != "deck" or "deck" in known, sources=(*map(source, doc_types),)
    )


CATALOG = Catalog({one.name: one for one in (app("notes", "note"), app("calendar", "event", "task"), app("deck", "card"))})


class FakeOutbound:
    async def session(self, caller: Caller) -> Any:
        return FakeSession()

    async def offline(self, user: str) -> Any:
        if user == "lost":
            raise NotProvisioned("The key does not open it.")
        return FakeSession() if user in ("alice", "bob") else None


def people(settings: Settings) -> Provisioned:
    async def users() -> list[str]:
        return ["alice", "bob", "lost"]

    async def granted(user: str) -> frozenset[str] | None:
        return frozenset({"notes:read"}) if user == "bob" else None

    async def prepare() -> Ready:
        raise AssertionError

    ready = Ready(None, FakeOutbound(), users=users, granted=granted)  # type: ignore[arg-type]
    return Provisioned(settings, Sides(prepare, _ready=ready), CATALOG)


async def test_everybody_is_indexed_as_far_as_they_granted() -> None:
    everybody = people(read(MANY))
    assert await everybody.provisioned() == {"alice", "bob", "lost"}
    assert set(await everybody.sources("alice") or ()) == {"note", "event", "task"}
    assert set(await everybody.sources("bob") or ()) == {"note"}
    assert await everybody.sources("carol") is None
    assert await everybody.sources("lost") is None


async def test_whoever_is_not_indexed_is_told_so_and_what_to_do_about_it() -> None:
    everybody = people(read(MANY))
    assert await everybody.unfollowed("alice") is None
    assert "POST /api/v1/users/carol/app-password" in (await everybody.unfollowed("carol") or "")
    assert "The key does not open it." in (await everybody.unfollowed("lost") or "")
    oauth = people(read({"NEXTCLOUD_HOST": "http://localhost:1", "MCP_AUTH_MODE": "oauth"}))
    assert "provision_nextcloud_access" in (await oauth.unfollowed("carol") or "")


async def test_connections_are_closed_only_when_work_in_the_background_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    class Background:
        @asynccontextmanager
        async def running(self) -> AsyncGenerator[None]:
            yield
            ended.append("background")

    close = Transport.aclose

    async def closes(self: Transport) -> None:
        ended.append("connections")
        await close(self)

    monkeypatch.setattr(Transport, "aclose", closes)
    product = replace(build(read({**ALICE, "ENABLE_SEMANTIC_SEARCH": "false"})), indexing=Background())  # type: ignore[arg-type]
    async with product.running():
        assert ended == []
    assert ended == ["background", "connections"]


async def test_only_the_chosen_types_are_indexed() -> None:
    assert set(await people(read({**MANY, "VECTOR_SYNC_DOC_TYPES": "Task,card"})).sources("alice") or ()) == {"task"}


async def test_what_is_allowed_does_not_depend_on_the_apps_that_are_there() -> None:
    everybody = people(read(MANY))
    assert await everybody.allowed("alice") == {"note", "event", "task", "card"}
    assert await everybody.allowed("bob") == {"note"}
    assert await everybody.allowed("lost") is None
    assert await people(read({**MANY, "VECTOR_SYNC_DOC_TYPES": "card,note"})).allowed("bob") == {"note"}


async def test_files_leave_out_what_another_source_that_is_indexed_keeps_in_files(monkeypatch: pytest.MonkeyPatch) -> None:
    class Keeping(FakeSource):
        async def kept(self) -> Kept | None:
            return Kept("Notes", (".md",))

    class Leaving(FakeSource):
        elsewhere: Sequence[Kept] = ()

        def without(self, kept: Sequence[Kept]) -> "Leaving":
            self.elsewhere = kept
            return self

    def named(name: str, kind: type[FakeSource]) -> NextcloudApp:
        return NextcloudApp(name, name, Toolbox(name), sources=(lambda _: kind(name, f"{name}:read"),))  # type: ignore[arg-type,return-value]

    both = Catalog({"files": named("files", Leaving), "notes": named("notes", Keeping)})
    everybody = replace(people(read(MANY)), catalog=both)
    files: Any = (await everybody.sources("alice") or {})["files"]
    assert [kept.folder for kept in files.elsewhere] == ["Notes"]
    alone = replace(people(read({**MANY, "VECTOR_SYNC_DOC_TYPES": "files"})), catalog=both)
    files = (await alone.sources("alice") or {})["files"]
    assert files.elsewhere == []


@pytest.mark.parametrize(
    ("folder", "path", "held"),
    [
        ("Notes", "Notes/a.md", True),
        ("/Notes/", "Notes/Work/B.MD", True),
        ("Notes", "Notes/a.pdf", False),
        ("Notes", "Notes2/a.md", False),
        ("Notes", "Other/Notes/a.md", False),
        ("A/Notes", "A/Notes/a.md", True),
    ],
)
def test_what_is_kept_in_files_lies_below_its_folder_with_one_of_its_endings(folder: str, path: str, held: bool) -> None:
    assert Kept(folder, (".md", ".txt")).holds(path) is held


@pytest.mark.parametrize(
    ("scopes", "granted", "seen"),
    [
        (None, None, {"note", "event", "task"}),
        ({"semantic:read", "calendar:read"}, None, {"event", "task"}),
        ({"notes.read", "calendar:read"}, {"notes:read"}, {"note"}),
        ({"semantic:read"}, None, set[str]()),
    ],
)
async def test_a_caller_searches_what_token_and_grant_allow(scopes: set[str] | None, granted: set[str] | None, seen: set[str]) -> None:
    caller = Caller("issuer", "alice", frozenset(scopes) if scopes else None, granted=frozenset(granted) if granted else None)
    session: Any = FakeSession()
    assert set(await people(read(MANY)).readable_by(caller, session)) == seen


def test_older_and_plural_names_of_types_are_understood() -> None:
    sources: Any = {"note": None, "card": None}
    assert [_named(name, sources) for name in ("note", "Notes", "deck_card", "cards")] == ["note", "note", "card", "card"]
    with pytest.raises(InvalidValue, match="'film'") as refused:
        _named("film", sources)
    assert refused.value.candidates == ("card", "note")


def test_the_context_of_a_passage_comes_from_those_beside_it_without_gaps() -> None:
    text = "abcdefghijklmnopqrstuvwxyz"
    bodies = [Body("t", text[start:end], start, end) for start, end in ((0, 8), (6, 14), (12, 20), (18, 26))]
    assert context(bodies, 12, 14, 4) == ("ijkl", "opqr")
    assert context(bodies, 12, 14, 100) == (text[:12], text[14:])
    assert context(bodies[:1], 12, 14, 4) == ("", "")
    assert context(bodies, 12, 14, 0) == ("", "")


def test_moments_are_iso_or_unix_seconds_in_utc() -> None:
    moments = [_moment("modified_after", given) for given in ("2026-05-01", "2026-05-01T02:00+02:00", "1777593600")]
    assert {moment.timestamp() for moment in moments if moment} == {1777593600.0}
    assert _moment("modified_after", "") is None
    with pytest.raises(InvalidValue, match="modified_after is wrong: 'yesterday'"):
        _moment("modified_after", "yesterday")
