"""Giving access by Login Flow v2, through the tools' functions and the page, against a sandboxed Nextcloud."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from anyio.to_thread import run_sync
from starlette.applications import Starlette

from nextcloud_mcp_server.auth.inbound.limited import Limited
from nextcloud_mcp_server.auth.outbound.vault_password import VaultPasswords
from nextcloud_mcp_server.auth.provisioning import tools
from nextcloud_mcp_server.auth.provisioning.account import Account, Decision, Presenter
from nextcloud_mcp_server.auth.provisioning.flows import Flows
from nextcloud_mcp_server.auth.provisioning.login import Login
from nextcloud_mcp_server.auth.provisioning.pages import ProvisioningPages
from nextcloud_mcp_server.auth.server.consents import Consents
from nextcloud_mcp_server.auth.server.cookies import BROWSER_COOKIE
from nextcloud_mcp_server.auth.server.requests import AuthorizationRequest
from nextcloud_mcp_server.auth.server.sign_ins import Browser, SignIns
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import NotProvisioned
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.login_flow import LIFETIME
from nextcloud_mcp_server.nextcloud.transport import Transport
from nextcloud_mcp_server.storage import Database
from nextcloud_sandbox.server import Running, running
from tests.identity.own_server import State, grant_at_nextcloud, nextcloud_at, serving, sessions, state
from tests.providers.person import Person

KNOWN = frozenset({"openid", "notes:read", "notes:write", "files:read"})
ALICE, BOB = Caller("https://sso", "sub-a", KNOWN), Caller("https://sso", "sub-b", KNOWN)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class _Shown(Presenter):
    world: "World"

    async def show(self, question: str, url: str, message: str) -> Decision | None:
        self.world.shown.append(url)
        return self.world.decision


@dataclass
class World:
    nextcloud: Running
    own: State
    transport: Transport
    login: Login
    flows: Flows
    clock: Clock
    shown: list[str] = field(default_factory=list)
    decision: Decision | None = None

    def account(self, caller: Caller = ALICE) -> Account:
        return Account(self.login, caller, _Shown(self))

    async def grant(self, caller: Caller = ALICE, user: str = "alice") -> None:
        """What the person does at Nextcloud with the flow in progress."""
        flow = await self.flows.of(caller)
        assert flow
        await run_sync(grant_at_nextcloud, flow.login_url, user, user)

    async def provisioned(self, caller: Caller = ALICE, user: str = "alice", scopes: list[str] | None = None) -> None:
        await tools.nc_auth_provision_access(self.account(caller), scopes)
        await self.grant(caller, user)
        assert (await tools.nc_auth_check_status(self.account(caller))).status == "provisioned"

    def devices(self, user: str = "alice") -> list[str]:
        return [device.token for device in self.nextcloud.sandbox.data.app_passwords.values() if device.user == user]


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with running(seed=False) as nextcloud:
        own, transport, clock = state(database), nextcloud_at(nextcloud.url), Clock()
        await own.events.start()
        flows = Flows(own.vault, clock=clock)
        page = f"{own.issuer}/app/provision"
        login = Login(transport, sessions(transport), own.people, own.store, flows, own.events, Consents(database), page, lambda: KNOWN)
        own.vault._clock = clock
        yield World(nextcloud, own, transport, login, flows, clock)
        await transport.aclose()


async def test_a_person_gives_access_and_the_scanner_is_woken(world: World) -> None:
    woken: list[str | None] = []
    world.own.events.subscribe("access-changed", woken.append)
    begun = await tools.nc_auth_provision_access(world.account(), ["notes:read"])
    assert (begun.status, begun.requested_scopes) == ("login_required", ["notes:read"])
    assert begun.login_url
    assert begun.login_url.startswith(f"{world.own.issuer}/app/provision?flow=")
    assert (await tools.nc_auth_check_status(world.account())).status == "pending"
    await world.grant()
    done = await tools.nc_auth_check_status(world.account())
    assert (done.status, done.user_id, done.scopes, done.username) == ("provisioned", "alice", ["notes:read"], "alice")
    assert woken == ["alice"]
    assert await tools.nc_auth_check_status(world.account()) == done
    again = await tools.nc_auth_provision_access(world.account(), ["files:read"])
    assert (again.status, again.user_id) == ("already_provisioned", "alice")


async def test_a_login_name_that_is_not_the_user_id(world: World) -> None:
    await tools.nc_auth_provision_access(world.account())
    flow = await world.flows.of(ALICE)
    assert flow
    await run_sync(grant_at_nextcloud, flow.login_url, "carol@example.test", "carol")
    done = await tools.nc_auth_check_status(world.account())
    assert (done.user_id, done.username, done.scopes) == ("carol-4f2a", "carol@example.test", None)


async def test_the_stored_password_is_the_way_to_nextcloud_and_the_scopes_limit_the_caller(world: World) -> None:
    outbound = VaultPasswords(world.transport, Cache(), world.own.people, world.own.store, "Call nc_auth_provision_access.")

    class Known:
        async def identify(self, headers: object) -> Caller:
            return ALICE

    with pytest.raises(NotProvisioned, match="no access") as told:
        await outbound.session(ALICE)
    assert told.value.hint == "Call nc_auth_provision_access."
    await world.provisioned(scopes=["notes:read"])
    session = await outbound.session(ALICE)
    assert await session.uid() == "alice"
    assert (await session.person()).id == "alice"
    assert (await Limited(Known(), world.own.people, world.own.store).identify({})).granted == {"notes:read"}
    background = await outbound.offline("alice")
    assert background
    assert await outbound.offline("bob") is None
    with pytest.raises(NotProvisioned):
        await outbound.session(BOB)
    await tools.revoke_nextcloud_access(world.account())
    with pytest.raises(NotProvisioned):
        await outbound.session(ALICE)
    assert await outbound.offline("alice") is None


@pytest.mark.parametrize(("decision", "status"), [("accepted", "pending"), ("declined", "declined"), ("cancelled", "cancelled")])
async def test_what_the_person_decided_in_the_client(world: World, decision: Decision, status: str) -> None:
    world.decision = decision
    answer = await tools.nc_auth_provision_access(world.account())
    assert answer.status == status
    assert world.shown
    after = await tools.nc_auth_check_status(world.account())
    assert after.status == ("pending" if decision == "accepted" else "not_initiated")
    assert (await world.flows.of(ALICE) is None) == (decision != "accepted")


@pytest.mark.parametrize("scopes", [["nothing:read"], ["notes:read", "x"], []])
async def test_unknown_scopes_are_refused_with_the_valid_ones(world: World, scopes: list[str]) -> None:
    answer = await tools.nc_auth_provision_access(world.account(), scopes)
    assert (answer.success, answer.status) == (False, "error")
    assert "files:read, notes:read, notes:write" in answer.message
    assert await world.flows.of(ALICE) is None


async def test_a_new_flow_replaces_the_old_one(world: World) -> None:
    first = await tools.nc_auth_provision_access(world.account())
    old = await world.flows.of(ALICE)
    second = await tools.nc_auth_provision_access(world.account(), ["notes:read"])
    assert first.login_url != second.login_url
    assert old
    assert await world.flows.by_id(old.id) is None
    await run_sync(grant_at_nextcloud, old.login_url, "alice", "alice")
    assert (await tools.nc_auth_check_status(world.account())).status == "pending"


async def test_a_flow_that_ran_out_is_not_initiated_and_says_so(world: World) -> None:
    await tools.nc_auth_provision_access(world.account())
    world.clock.now += LIFETIME
    answer = await tools.nc_auth_check_status(world.account())
    assert answer.status == "not_initiated"
    assert "20 minutes" in answer.message
    assert "20 minutes" not in (await tools.nc_auth_check_status(world.account())).message


async def test_a_failed_poll_is_an_error_and_keeps_the_flow(world: World) -> None:
    await tools.nc_auth_provision_access(world.account())
    good = world.transport.address
    world.transport.address = nextcloud_at("http://127.0.0.1:1").address
    assert (await tools.nc_auth_check_status(world.account())).status == "error"
    assert (await tools.nc_auth_provision_access(world.account(BOB))).status == "error"
    world.transport.address = good
    await world.grant()
    assert (await tools.nc_auth_check_status(world.account())).status == "provisioned"


async def test_a_password_that_came_is_not_lost_when_nextcloud_fails_right_after(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from nextcloud_mcp_server.core.errors import Unreachable
    from nextcloud_mcp_server.nextcloud.session import Session

    await tools.nc_auth_provision_access(world.account())
    await world.grant()

    async def gone(_: Session) -> str:
        raise Unreachable("gone")

    with monkeypatch.context() as patched:
        patched.setattr(Session, "uid", gone)
        assert (await tools.nc_auth_check_status(world.account())).status == "error"
    assert (await tools.nc_auth_check_status(world.account())).status == "provisioned"
    assert len(world.devices()) == 1


async def test_another_nextcloud_account_is_refused_and_its_password_deleted(world: World) -> None:
    await world.provisioned()
    await tools.nc_auth_update_scopes(world.account(), remove_scopes=["files:read"])
    await world.grant(user="bob")
    answer = await tools.nc_auth_check_status(world.account())
    assert answer.status == "error"
    assert "Another Nextcloud account" in answer.message
    assert world.devices("bob") == []
    assert await world.own.store.get("bob") is None
    assert len(world.devices("alice")) == 1


async def test_scopes_are_widened_and_narrowed_and_the_old_access_stays_until_then(world: World) -> None:
    await world.provisioned(scopes=["notes:read"])
    (old,) = world.devices()
    asked = await tools.nc_auth_update_scopes(world.account(), add_scopes=["files:read", "notes:write"], remove_scopes=["notes:write"])
    assert (asked.status, asked.previous_scopes, asked.new_scopes) == ("login_required", ["notes:read"], ["files:read", "notes:read"])
    access = await world.own.store.get("alice")
    assert access
    assert access.scopes == {"notes:read"}
    assert (await tools.nc_auth_check_status(world.account())).status == "pending"
    await world.grant()
    done = await tools.nc_auth_check_status(world.account())
    assert (done.status, done.scopes) == ("provisioned", ["files:read", "notes:read"])
    assert old not in world.devices()
    assert len(world.devices()) == 1
    after = await world.own.store.get("alice")
    assert after
    assert after.created_at == access.created_at


async def test_declining_a_change_keeps_the_old_access(world: World) -> None:
    await world.provisioned(scopes=["notes:read"])
    world.decision = "declined"
    assert (await tools.nc_auth_update_scopes(world.account(), add_scopes=["files:read"])).status == "declined"
    assert (await tools.nc_auth_check_status(world.account())).scopes == ["notes:read"]


@pytest.mark.parametrize(
    ("add", "remove", "status"),
    [
        (None, None, "error"),
        ([], [], "error"),
        (["nothing:read"], None, "error"),
        (None, ["notes:read"], "error"),
        (["notes:read"], None, "unchanged"),
        (None, ["files:read"], "unchanged"),
    ],
)
async def test_a_change_that_is_none(world: World, add: list[str] | None, remove: list[str] | None, status: str) -> None:
    await world.provisioned(scopes=["notes:read"])
    answer = await tools.nc_auth_update_scopes(world.account(), add, remove)
    assert (answer.status, answer.success) == (status, status == "unchanged")
    assert await world.flows.of(ALICE) is None


async def test_a_change_before_any_access_names_the_tool(world: World) -> None:
    answer = await tools.nc_auth_update_scopes(world.account(), add_scopes=["notes:read"])
    assert answer.status == "error"
    assert "nc_auth_provision_access" in answer.message


async def test_taking_back_deletes_here_and_there_and_leaves_others(world: World) -> None:
    dropped: list[str | None] = []
    world.own.events.subscribe("user-revoked", dropped.append)
    await world.provisioned()
    await world.provisioned(BOB, "bob")
    assert (await tools.revoke_nextcloud_access(world.account())).success
    assert world.devices() == []
    assert await world.own.store.users() == ["bob"]
    assert len(dropped) == 1
    again = await tools.revoke_nextcloud_access(world.account())
    assert again.success
    assert (await tools.nc_auth_check_status(world.account())).status == "not_initiated"


async def test_taking_back_forgets_the_clients_that_the_person_approved_and_no_others(world: World, database: Database) -> None:
    consents, asked = Consents(database), AuthorizationRequest("desk", "Desk", "", "https://desk.example/cb", None, "", "", ("notes:read",))
    hers, elsewhere, his = Browser(*ALICE.key), Browser("https://other-sso", "a"), Browser(*BOB.key)
    for who in (hers, elsewhere, his):
        await consents.remember(who, asked)
    await world.provisioned()
    await world.own.people.bind(elsewhere.issuer, elsewhere.subject, "alice")
    await tools.revoke_nextcloud_access(world.account())
    assert [await consents.covers(who, asked) for who in (hers, elsewhere, his)] == [False, False, True]


async def test_taking_back_while_nextcloud_is_down_says_so_and_deletes_here(world: World) -> None:
    await world.provisioned()
    world.transport.address = nextcloud_at("http://127.0.0.1:1").address
    answer = await tools.revoke_nextcloud_access(world.account())
    assert answer.success
    assert "Nextcloud could not delete it" in answer.message
    assert await world.own.store.users() == []


async def test_the_older_tools_keep_working(world: World) -> None:
    assert (await tools.check_logged_in(world.account())).result.startswith("no")
    assert not (await tools.check_provisioning_status(world.account())).is_provisioned
    begun = await tools.provision_nextcloud_access(world.account())
    assert begun.provisioning_url
    await world.grant()
    await tools.nc_auth_check_status(world.account())
    assert (await tools.check_logged_in(world.account())).result == "yes"
    status = await tools.check_provisioning_status(world.account())
    assert (status.is_provisioned, status.credential_type, status.flow_type, status.scopes) == (True, "app_password", "login_flow", None)
    assert (await tools.provision_nextcloud_access(world.account())).already_provisioned


async def test_the_page_forwards_the_same_persons_browser_only(world: World) -> None:
    sign_ins = SignIns(world.own.vault, clock=world.clock)
    site = ProvisioningPages(world.flows, world.login, sign_ins, lambda path: f"{world.own.issuer}/oauth/login?next={path}")
    begun = await tools.nc_auth_provision_access(world.account())
    assert begun.login_url
    flow = await world.flows.of(ALICE)
    assert flow
    async with serving(Starlette(routes=site.routes()), world.own.issuer):
        stranger = Person("x", stop=(world.own.issuer + "/oauth/login",))
        page = await run_sync(stranger.open, begun.login_url)
        assert page.headers["location"].startswith(f"{world.own.issuer}/oauth/login?next=/app/provision")
        for who, status in (BOB, 403), (ALICE, 303):
            cookie = await sign_ins.remember_browser(Browser(*who.key))
            person = Person("y", stop=(world.nextcloud.url,))
            person.http.cookies.set(BROWSER_COOKIE, cookie)
            page = await run_sync(person.open, begun.login_url)
            assert page.status_code == status
            assert (page.headers.get("location") == flow.login_url) == (status == 303)
            wrong = await run_sync(person.open, begun.login_url[:-1] + "~")
            assert wrong.status_code == 400
        told = await run_sync(lambda: person.http.get(f"{world.own.issuer}/app/provision/status").json())
        assert told["status"] == "pending"


async def test_no_secret_leaves_in_answers_or_the_audit(world: World) -> None:
    begun = await tools.nc_auth_provision_access(world.account())
    flow = await world.flows.of(ALICE)
    assert flow
    await world.grant()
    done = await tools.nc_auth_check_status(world.account())
    shown = f"{begun} {done} {await world.own.audit.read()} {flow!r}"
    assert flow.token not in shown
    assert world.devices()[0] not in shown
