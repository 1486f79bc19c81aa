"""Signing a client in with a browser that has no JavaScript."""

from nextcloud_sandbox.areas.core import loginflow
from nextcloud_sandbox.server import Running, running
from tests.sandbox.browser import Browser, Form, grant
from tests.sandbox.person import Person

USER = "/ocs/v2.php/cloud/user?format=json"


async def begin(client: Person) -> dict[str, str]:
    """A new flow, as the client sees it: the login address, and what it polls with."""
    made = (await client.as_(None).ask("POST", "/login/v2", User_Agent="Test client <b>")).json()
    return {"login": made["login"], "token": made["poll"]["token"], "endpoint": made["poll"]["endpoint"]}


async def poll(client: Person, flow: dict[str, str]) -> tuple[int, dict[str, str]]:
    answer = await client.as_(None).ask("POST", flow["endpoint"].removeprefix(client.url), data={"token": flow["token"]})
    return answer.status, answer.json()


async def test_a_person_grants_access_and_the_client_gets_an_app_password_once(alice: Person, box: Running) -> None:
    flow = await begin(alice)
    assert await poll(alice, flow) == (404, [])
    await grant(flow["login"], "bob", "bob")
    status, granted = await poll(alice, flow)
    assert (status, granted["server"], granted["loginName"]) == (200, box.url, "bob")
    assert await poll(alice, flow) == (404, [])
    assert (await alice.as_("bob", granted["appPassword"]).ask("GET", USER)).ocs["id"] == "bob"
    assert box.sandbox.data.app_passwords[granted["appPassword"]].name == "Test client <b>"


async def test_the_login_name_is_the_one_that_was_typed(alice: Person) -> None:
    flow = await begin(alice)
    await grant(flow["login"], "carol@example.test", "carol")
    _, granted = await poll(alice, flow)
    assert granted["loginName"] == "carol@example.test"
    assert (await alice.as_(granted["loginName"], granted["appPassword"]).ask("GET", USER)).ocs["id"] == "carol-4f2a"


async def test_a_wrong_password_asks_again(alice: Person) -> None:
    flow = await begin(alice)
    async with Browser() as browser:
        await browser.open(flow["login"])
        assert "Test client &lt;b&gt;" in browser.page
        await browser.submit()
        await browser.submit(user="bob", password="guess")
        assert (browser.status, "Wrong login or password" in browser.page) == (401, True)
        await browser.submit(user="bob", password="bob")
        assert "Grant access" in browser.page
    assert await poll(alice, flow) == (404, [])


async def test_a_signed_in_browser_need_not_sign_in_again(alice: Person) -> None:
    async with Browser() as browser:
        for number in range(2):
            flow = await begin(alice)
            await browser.open(flow["login"])
            await browser.submit()
            if not number:
                await browser.submit(user="bob", password="bob")
            await browser.submit()
            assert "connected" in browser.page
            assert (await poll(alice, flow))[0] == 200


async def test_a_grant_without_the_pages_token_is_refused(alice: Person) -> None:
    flow = await begin(alice)
    async with Browser() as browser:
        await browser.open(flow["login"])
        await browser.submit()
        await browser.submit(user="bob", password="bob")
        fields = Form(browser.page).fields
        for wrong in ({"requesttoken": "x"}, {"stateToken": "x"}):
            await browser.open(f"{alice.url}/login/v2/grant", "POST", **{**fields, **wrong})
            assert browser.status in (403, 412)
    assert await poll(alice, flow) == (404, [])


async def test_another_browser_cannot_use_the_state_of_this_one(alice: Person) -> None:
    flow = await begin(alice)
    async with Browser() as browser, Browser() as other:
        await browser.open(flow["login"])
        state = Form(browser.page).fields["stateToken"]
        await other.open(f"{alice.url}/login/v2/grant?stateToken={state}")
        assert other.status == 403


async def test_a_flow_ends_after_twenty_minutes() -> None:
    now = 1_000_000.0
    async with running(seed=False, clock=lambda: now) as box, Person(box.url) as alice:
        flow = await begin(alice)
        now += 20 * 60 + 1
        async with Browser() as browser:
            await browser.open(flow["login"])
            assert browser.status == 403
        assert await poll(alice, flow) == (404, [])


async def test_tests_can_grant_without_a_browser(alice: Person, box: Running) -> None:
    flow = await begin(alice)
    loginflow.grant(box.sandbox, flow["login"], "alice")
    assert (await poll(alice, flow))[1]["loginName"] == "alice"


async def test_the_pages_work_below_a_prefix_and_with_index_php() -> None:
    async with running(prefix="/cloud", index_php=True, seed=False) as box, Person(box.url) as alice:
        flow = (await alice.as_(None).ask("POST", "/index.php/login/v2")).json()
        await grant(flow["login"], "bob", "bob")
        path = flow["poll"]["endpoint"].removeprefix(box.url)
        assert (await alice.as_(None).ask("POST", path, data={"token": flow["poll"]["token"]})).json()["server"] == box.url


async def test_a_login_never_sends_the_browser_elsewhere(alice: Person) -> None:
    async with Browser() as browser:
        for target in ("https://evil.example/", "//evil.example/"):
            await browser.open(f"{alice.url}/login?redirect_url={target}")
            await browser.submit(user="bob", password="bob")
            assert str(browser.url).startswith(alice.url)
