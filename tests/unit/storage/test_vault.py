import logging

import pytest

from nextcloud_mcp_server.storage import Audit, Database, KeyProblem, SecretUnreadable, Vault, new_key, open_database

OLD, NEW = new_key(), new_key()
PASSWORD = "Xy7-geheimes-App-Passwort"


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def vault_with(database: Database, *keys: str, clock: Clock | None = None) -> Vault:
    clock = clock or Clock()
    return Vault(database, Audit(database, clock=clock), keys, clock=clock)


async def test_a_secret_comes_back_and_is_stored_unreadable(database: Database) -> None:
    vault = vault_with(database, OLD)
    await vault.put("app-password", "alice", {"password": PASSWORD}, user="alice")
    await vault.put("app-password", "bob", {"password": "other"}, user="bob")
    found = await vault.get("app-password", "alice")
    assert found
    assert found.value == {"password": PASSWORD}
    assert PASSWORD not in repr(found)
    stored = await database.all("select * from secret")
    assert PASSWORD not in str([bytes(row["value"]) for row in stored])
    assert await vault.get("app-password", "carol") is None


async def test_a_replacement_keeps_the_time_of_the_first(database: Database, clock: Clock) -> None:
    vault = vault_with(database, OLD, clock=clock)
    await vault.put("app-password", "alice", {"n": 1}, user="alice")
    clock.now += 500
    await vault.put("app-password", "alice", {"n": 2}, user="alice")
    found = await vault.get("app-password", "alice")
    assert found
    assert (found.value["n"], found.updated_at - found.created_at) == (2, 500)


async def test_a_secret_moved_to_another_person_does_not_open(database: Database) -> None:
    vault = vault_with(database, OLD)
    for user in ("alice", "bob"):
        await vault.put("app-password", user, {"password": user}, user=user)
    await database.run("update secret set value = (select value from secret where key = 'bob') where key = 'alice'")
    with pytest.raises(SecretUnreadable):
        await vault.get("app-password", "alice")


async def test_one_secret_that_does_not_open_is_that_persons_loss_alone(database: Database) -> None:
    vault = vault_with(database, OLD)
    await vault.check()
    for user in ("alice", "bob"):
        await vault.put("app-password", user, {"password": user}, user=user)
    await database.run("update secret set value = ? where key = 'alice'", b"broken")
    await vault.check()
    with pytest.raises(SecretUnreadable, match="alice"):
        await vault.get("app-password", "alice")
    found = await vault.get("app-password", "bob")
    assert found
    assert found.value == {"password": "bob"}
    assert (await vault.rotate()).unreadable == (("app-password", "alice"),)


async def test_the_first_key_writes_and_every_key_opens(database: Database) -> None:
    await vault_with(database, OLD).put("k", "alice", {"n": 1})
    both = vault_with(database, NEW, OLD)
    await both.put("k", "bob", {"n": 2})
    assert (await both.get("k", "alice")) is not None
    assert (await vault_with(database, NEW).get("k", "bob")) is not None
    with pytest.raises(SecretUnreadable):
        await vault_with(database, NEW).get("k", "alice")


async def test_after_rotation_the_old_key_can_go(database: Database) -> None:
    old = vault_with(database, OLD)
    await old.check()
    await old.put("k", "alice", {"n": 1}, user="alice")
    await old.put("k", "bob", {"n": 2}, user="bob")
    before = await database.all("select key, created_at, updated_at from secret order by key")
    assert (await vault_with(database, NEW, OLD).rotate()).count == 2
    alone = vault_with(database, NEW)
    await alone.check()
    assert [(await alone.get("k", user)).value["n"] for user in ("alice", "bob")] == [1, 2]
    assert await database.all("select key, created_at, updated_at from secret order by key") == before
    with pytest.raises(KeyProblem):
        await vault_with(database, OLD).check()


async def test_another_key_stops_the_start_and_names_the_command(database: Database) -> None:
    await vault_with(database, OLD).check()
    with pytest.raises(KeyProblem) as told:
        await vault_with(database, NEW).check()
    assert "keygen" in told.value.hint
    assert NEW not in str(told.value)


@pytest.mark.parametrize("keys", [(), ("short",), (OLD, "geheim" * 8), ("",)])
async def test_a_missing_or_malformed_key_is_refused_without_showing_it(keys: tuple[str, ...], tmp_path) -> None:
    with pytest.raises(KeyProblem) as told:
        vault_with(open_database(str(tmp_path / "x.db")), *keys)
    assert "keygen" in told.value.hint
    assert all(key not in str(told.value) for key in keys if key)


async def test_what_is_over_is_gone_at_once_and_swept_with_a_note(database: Database, clock: Clock) -> None:
    vault = vault_with(database, OLD, clock=clock)
    await vault.put("poll", "alice", {"t": 1}, user="alice", expires_at=clock.now + 10)
    await vault.put("poll", "bob", {"t": 2}, user="bob", expires_at=clock.now + 100)
    clock.now += 10
    assert await vault.get("poll", "alice") is None
    assert await vault.keys("poll") == ["bob"]
    assert await vault.sweep() == 1
    assert await database.all("select key from secret") == [{"key": "bob"}]
    assert (await Audit(database).read(user="alice"))[0].event == "secret.expired"


async def test_every_use_is_noted_and_no_note_or_log_line_holds_the_secret(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    vault = vault_with(database, OLD)
    await vault.put("app-password", "alice", {"password": PASSWORD}, user="alice", method="login-flow")
    await vault.get("app-password", "alice", method="bearer")
    await vault.remove("app-password", "alice")
    notes = await Audit(database).read(user="alice")
    assert [(note.event, note.resource, note.method) for note in notes] == [
        ("secret.removed", "app-password", ""),
        ("secret.used", "app-password", "bearer"),
        ("secret.stored", "app-password", "login-flow"),
    ]
    assert PASSWORD not in str(notes) + caplog.text


async def test_a_transaction_that_fails_stores_neither_secret_nor_note(database: Database) -> None:
    vault = vault_with(database, OLD)

    async def fails() -> None:
        async with database.transaction() as transaction:
            await vault.put("k", "alice", {"n": 1}, user="alice", on=transaction)
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        await fails()
    assert await vault.get("k", "alice") is None
    assert await Audit(database).read(user="alice") == []
