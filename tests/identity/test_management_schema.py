"""Made-up requests against every described operation: what comes back is described too, is no fault, and tells nobody anything."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from nextcloud_mcp_server.web.management import about, people
from tests.identity.management_world import LOGIN_FLOW, World, world

EXAMPLES = 8
load_all_checks()
CONFORM = [
    CHECKS.get_one(name)
    for name in ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
]
OPERATIONS = [*about.OPERATIONS, *people.OPERATIONS]
NAMES = [f"{operation.method} {operation.path}" for operation in OPERATIONS]
# Only what takes something can be given something broken.
RUNS = [
    *((name, GenerationMode.POSITIVE) for name in NAMES),
    *((name, GenerationMode.NEGATIVE) for name in NAMES if "{user}" in name),
]


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture(scope="module")
def here(portal: BlockingPortal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The server in another thread, where bob is provisioned, and alice is known and gave nothing."""
    running: AbstractContextManager[World] = portal.wrap_async_context_manager(world(tmp_path_factory.mktemp("schema"), **LOGIN_FLOW))
    with running as one:
        portal.call(one.provisioned, "bob")
        portal.call(one.management.kept.people.bind, one.url, "alice", "alice")
        yield one


@pytest.fixture(scope="module")
def schema(here: World) -> Any:
    return schemathesis.openapi.from_url(f"{here.url}/api/v1/openapi.json")


def fuzzed(schema: Any, name: str, mode: GenerationMode, headers: dict[str, str], here: World, portal: BlockingPortal) -> list[str]:
    """Asks one operation with made-up requests; every body that came back."""
    method, _, path = name.partition(" ")
    operation = schema[f"/api/v1{path}"][method]
    bodies: list[str] = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        # The limit of tries has tests of its own; here it would hide what comes after it.
        portal.call(here.management.kept.database.run, "delete from rate")
        response = case.call(headers=headers)
        case.validate_response(response, checks=CONFORM, headers=headers)
        bodies.append(response.text)

    ask()
    return bodies


@pytest.mark.parametrize(("name", "mode"), RUNS, ids=lambda given: given if isinstance(given, str) else given.name.lower())
def test_made_up_requests_get_described_answers_and_bobs_access_stays(
    here: World, portal: BlockingPortal, schema: Any, name: str, mode: GenerationMode
) -> None:
    token, password = portal.call(here.bearer, "alice"), here.app_password("alice")
    by_password = here.basic("alice")._auth_header
    said: list[str] = []
    for authorization in (f"Bearer {token}", by_password, "Bearer forged", "Basic !", ""):
        said += fuzzed(schema, name, mode, {"Authorization": authorization} if authorization else {}, here, portal)
    assert said
    for secret in (token, password, here.app_password("bob"), "Traceback", 'File "'):
        assert not any(secret in body for body in said)
    bob = portal.call(here.management.kept.store.get, "bob")
    assert bob
    assert bob.scopes is None


def test_the_document_describes_exactly_what_is_declared(schema: Any) -> None:
    paths = schema.raw_schema["paths"]
    found = {f"{method.upper()} {path.removeprefix('/api/v1')}" for path, methods in paths.items() for method in methods}
    assert found == {*NAMES, "GET /openapi.json"}
    assert paths["/api/v1/users/{user}/scopes"]["patch"]["requestBody"]["required"] is True
    assert schema.raw_schema["openapi"].startswith("3.1")


def test_a_path_with_a_slash_or_dots_in_the_user_id_is_nobody(here: World, portal: BlockingPortal) -> None:
    token = portal.call(here.bearer, "alice")
    for user in ("..%2fbob", "alice%2f..%2fbob", "%2e%2e", "alice%00", "ALICE", "alice%20", "%ff%fe"):
        answer = portal.call(lambda user=user: here.ask("GET", f"/users/{user}/session", token=token))
        assert answer.status_code in (403, 404), user
