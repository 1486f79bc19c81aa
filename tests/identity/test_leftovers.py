"""No app password stays at Nextcloud unknown to everybody, whatever fails between Nextcloud's answer and its being stored."""

import logging
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from anyio.to_thread import run_sync

from nextcloud_mcp_server.auth.browser import LoginFlowProof
from nextcloud_mcp_server.auth.leftovers import AGAIN_SECONDS, GIVE_UP_SECONDS, KIND, Leftovers
from nextcloud_mcp_server.auth.server.login_flow_gate import LoginFlowGate
from nextcloud_mcp_server.auth.server.requests import AuthorizationRequest
from nextcloud_mcp_server.auth.server.sign_ins import SIGN_IN_SECONDS, SignIn, SignIns
from nextcloud_mcp_server.core.errors import Unreachable
from nextcloud_mcp_server.nextcloud.answers import Answer
from nextcloud_mcp_server.nextcloud.credentials import Credential
from nextcloud_mcp_server.nextcloud.login_flow import Granted
from nextcloud_mcp_server.nextcloud.transport import Address, Transport
from nextcloud_mcp_server.storage import Database
from nextcloud_sandbox.server import Running, running
from tests.identity.own_server import State, grant_at_nextcloud, sessions, state

SCOPES = ("notes:read",)


class Failing(Transport):
    """Fails, once the way there was made, for whoever shows a credential."""

    down = False

    async def send(self, credential: Credential, method: str, path: str, **more: Any) -> Answer:
        if self.down and credential.authorization:
            raise Unreachable("Nextcloud does not answer.")
        return await super().send(credential, method, path, **more)


@dataclass
class World:
    nextcloud: Running
    own: State
    transport: Failing

    @property
    def gate(self) -> LoginFlowGate:
        return LoginFlowGate(self.own.issuer, self.transport, sessions(self.transport), self.own.people, self.own.store)

    async def left(self, gate: LoginFlowGate | LoginFlowProof, user: str = "alice") -> SignIn:
        """A sign-in whose person granted access at Nextcloud just now."""
        request = AuthorizationRequest("desk", "Desk", "", "http://127.0.0.1/cb", None, "x" * 43, self.own.resource, SCOPES)
        sign_ins = SignIns(self.own.vault)
        begun, _ = await sign_ins.begin(request)
        leaving = await gate.leave(begun)
        sign_in, _ = await sign_ins.approved(begun, leaving.away, offline=False)
        await run_sync(grant_at_nextcloud, leaving.away["login_url"], user, user)
        return sign_in

    def devices(self, user: str = "alice") -> int:
        return len([device for device in self.nextcloud.sandbox.data.app_passwords.values() if device.user == user])

    async def later(self, seconds: float) -> int:
        return await Leftovers(self.own.vault, self.transport, clock=lambda: time.time() + seconds).retry()

    async def kept(self) -> list[str]:
        return await self.own.vault.keys(KIND)


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with running(seed=False) as nextcloud:
        for user in ("alice", "bob"):
            nextcloud.sandbox.users[user].password = user
        own, transport = state(database), Failing(Address(nextcloud.url, nextcloud.url), "nextcloud-mcp-server/test")
        await own.events.start()
        yield World(nextcloud, own, transport)
        await transport.aclose()


NOTHING: Mapping[str, str] = {}


async def test_a_sign_in_goes_on_with_the_password_that_nextcloud_gave_before_it_failed(world: World) -> None:
    gate = world.gate
    sign_in = await world.left(gate)
    world.transport.down = True
    with pytest.raises(Unreachable):
        await gate.arrive(sign_in, NOTHING)
    assert len(await world.kept()) == 1
    world.transport.down = False
    # Another replica finishes it: Nextcloud gives a password once, so this one is out of the vault.
    arrived = await world.gate.arrive(sign_in, NOTHING)
    assert arrived
    assert arrived.who.subject == "alice"
    credential = await world.own.store.credential("alice", "test")
    assert credential
    assert await sessions(world.transport)(credential).uid() == "alice"
    assert (world.devices(), await world.kept(), await world.later(10 * AGAIN_SECONDS)) == (1, [], 0)


async def test_what_nobody_comes_back_for_is_deleted_at_nextcloud(world: World) -> None:
    sign_in = await world.left(world.gate)
    world.transport.down = True
    with pytest.raises(Unreachable):
        await world.gate.arrive(sign_in, NOTHING)
    world.transport.down = False
    assert await world.later(SIGN_IN_SECONDS) == 0, "the person may still reload the page"
    assert world.devices() == 1
    assert await world.later(2 * SIGN_IN_SECONDS + 1) == 1
    assert (world.devices(), await world.kept()) == (0, [])
    assert await world.own.store.users() == []


async def test_a_nextcloud_that_stays_away_is_asked_again_and_in_the_end_somebody_is_told(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in = await world.left(world.gate)
    world.transport.down = True
    with pytest.raises(Unreachable):
        await world.gate.arrive(sign_in, NOTHING)
    at = 2 * SIGN_IN_SECONDS + 1
    assert await world.later(at) == 0
    assert await world.later(at + AGAIN_SECONDS - 10) == 0
    assert len(await world.kept()) == 1
    with caplog.at_level(logging.ERROR):
        assert await world.later(GIVE_UP_SECONDS + at) == 0
    assert "alice stays at Nextcloud; delete it there" in caplog.text
    assert await world.kept() == []
    assert (await world.own.audit.read(user="alice"))[0].method == "given up"


async def test_a_replaced_password_is_deleted_later_and_the_new_one_stays(world: World) -> None:
    await world.gate.arrive(await world.left(world.gate), NOTHING)
    first = await world.own.store.password("alice", "test")
    assert first
    gate, sign_in = world.gate, await world.left(world.gate)
    original = world.transport.send

    async def no_deletions(credential: Credential, method: str, path: str, **more: Any) -> Answer:
        if method == "DELETE":
            raise Unreachable("Nextcloud does not answer.")
        return await original(credential, method, path, **more)

    world.transport.send = no_deletions  # type: ignore[method-assign]
    assert await gate.arrive(sign_in, NOTHING)
    assert (world.devices(), len(await world.kept())) == (2, 1)
    world.transport.send = original  # type: ignore[method-assign]
    assert await world.later(AGAIN_SECONDS + 1) == 1
    second = await world.own.store.credential("alice", "test")
    assert second
    assert await sessions(world.transport)(second).uid() == "alice"
    assert world.devices() == 1


async def test_a_password_that_only_proved_somebody_is_deleted_later_too(world: World) -> None:
    proof = LoginFlowProof(
        world.own.issuer,
        world.transport,
        sessions(world.transport),
        world.own.people,
        Leftovers(world.own.vault, world.transport),
    )
    sign_in = await world.left(proof, "bob")
    world.transport.down = True
    with pytest.raises(Unreachable):
        await proof.arrive(sign_in, NOTHING)
    world.transport.down = False
    assert world.devices("bob") == 1
    assert await world.later(AGAIN_SECONDS + 1) == 1
    assert world.devices("bob") == 0


async def test_one_that_does_not_open_keeps_no_other_from_its_end(world: World, database: Database) -> None:
    leftovers = Leftovers(world.own.vault, world.transport)
    tokens = [world.nextcloud.sandbox.new_app_password("alice", f"device {number}", "alice").token for number in range(2)]
    for number, token in enumerate(tokens):
        await leftovers.hold(f"sign-in {number}", Granted("alice", token), 0.0)
    first = (await world.kept())[0]
    await database.run("update secret set value = ? where kind = ? and key = ?", b"nonsense", KIND, first)
    assert await leftovers.retry() == 1
    assert await world.kept() == [first]
