"""A client that registered itself is told who signs out at the provider: from the registration to the end of the session here."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from anyio.to_thread import run_sync

from nextcloud_mcp_server.auth.server.cookies import BROWSER_COOKIE
from nextcloud_mcp_server.auth.server.sign_ins import Browser, SignIns
from tests.identity.management_world import World, world
from tests.identity.test_management_offline import through
from tests.providers.keycloak import Keycloak
from tests.providers.node_provider import NodeProvider
from tests.providers.person import Person

SCOPES = "openid profile offline_access notes:read"


@pytest.fixture(params=["keycloak", "node_provider"])
def there(request: pytest.FixtureRequest) -> Keycloak | NodeProvider:
    return request.getfixturevalue(request.param)


@pytest.fixture
async def here(tmp_path: Path, there: Keycloak | NodeProvider) -> AsyncIterator[World]:
    settings = {"MCP_AUTH_MODE": "login_flow", "OIDC_DISCOVERY_URL": there.discovery_url, "NEXTCLOUD_OIDC_SCOPES": SCOPES}
    async with world(tmp_path, **settings) as made:
        yield made


def signs_in(here: World, user: str) -> tuple[Person, str]:
    """A browser that is signed in here, and the cookie that says so."""
    person = Person(user)
    through(person, person.open(f"{here.url}/oauth/login?next=/health/live"), user)
    return person, next(cookie.value or "" for cookie in person.http.cookies.jar if cookie.name == BROWSER_COOKIE)


def signs_out(there: Keycloak | NodeProvider, person: Person, session: str) -> None:
    """At the provider: at its own page, or an administrator does it."""
    if isinstance(there, Keycloak):
        there.admin("DELETE", f"/sessions/{session}")
    else:
        page = person.submit(person.open(f"{there.issuer}/session/end"), logout="yes")
        assert page.status_code == 200, page.text


async def test_signing_out_at_the_provider_ends_the_session_of_that_person_here(here: World, there: Keycloak | NodeProvider) -> None:
    kept = here.management.kept
    (secret,) = await kept.vault.keys("oidc-client")
    assert secret, "this server registered itself"
    browsers = SignIns(kept.vault, signed_out=kept.signed_out)
    alice, hers = await run_sync(signs_in, here, "alice")
    _, his = await run_sync(signs_in, here, "bob")
    found = await browsers.browser(hers)
    assert isinstance(found, Browser)
    assert found.sid
    await run_sync(signs_out, there, alice, found.sid)
    assert await browsers.browser(hers) is None
    assert await browsers.browser(his)
