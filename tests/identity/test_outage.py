"""The database stops answering while the server runs: everybody is told to come back, nobody is refused or shown a fault."""

from pathlib import Path

from tests.identity.management_world import LOGIN_FLOW, world
from tests.providers.person import Pkce


async def test_while_the_database_does_not_answer_callers_clients_and_browsers_come_back_later(tmp_path: Path) -> None:
    async with world(tmp_path, **LOGIN_FLOW) as one:
        token = await one.bearer("alice")
        database = one.management.kept.database
        asked = {"client_id": "desk", "redirect_uri": "http://127.0.0.1:3333/cb", "code_challenge": Pkce().challenge}
        form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "desk"}
        await database.close()
        answers = [
            await one.http.post(f"{one.url}/mcp", headers={"Authorization": f"Bearer {token}"}, json={}),
            await one.http.post(f"{one.url}/oauth/token", data=form),
            await one.http.get(f"{one.url}/oauth/authorize", params=asked),
            await one.http.get(f"{one.url}/oauth/login?next=/health/live"),
            await one.ask("GET", "/users/alice/session", token=token),
        ]
        assert [answer.status_code for answer in answers] == [503] * len(answers)
        assert all(answer.headers["retry-after"] for answer in answers)
        await database.open()
        assert (await one.ask("GET", "/status", token=token)).status_code == 200
