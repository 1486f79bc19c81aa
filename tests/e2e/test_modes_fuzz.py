"""Malformed input to the authorization server: never a 5xx, never a redirect to somewhere else, nothing secret in an answer."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from anyio.to_thread import run_sync
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextcloud_sandbox.server import Running
from tests.e2e.leaks import Watch
from tests.e2e.modes import CALLBACK, Home
from tests.providers.person import Pkce

HOSTILE = [
    "", " ", "\x00", "\n", "é", "\U0001f600", "%00", "%ff", "a" * 9000, "null", "0", "-1", "[]", "{}", "' or 1=1 --", "<script>x</script>",
    "http://evil.example/", "https://evil.example/cb", "//evil.example", "https://127.0.0.1:3333/cb", "http://127.0.0.1:3333/cb@evil.example",
    "http://127.0.0.1:3333@evil.example/cb", "http://127.0.0.1.evil.example/cb", "javascript:alert(1)", "data:text/html,x", "http://[::1",
    "http://127.0.0.1:99999/cb", "http://127.0.0.1:3333/cb#x", "http://127.0.0.1:3333/cb/../x", "http://localhost\\@evil.example/cb",
    "https://169.254.169.254/latest/meta-data", "https://localhost/client.json", "file:///etc/passwd",
]  # fmt: skip
TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60))
QUICK = settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@dataclass
class Target:
    """One server with one registered client; every answer is checked and remembered."""

    home: Home
    http: httpx2.Client
    client: str

    def send(self, method: str, path: str, **more: Any) -> httpx2.Response:
        self._forget_rates()
        answer = self.http.request(method, f"{self.home.url}{path}", follow_redirects=False, **more)
        assert answer.status_code < 500, answer.text
        assert "Traceback" not in answer.text
        self.home.watch.said.append((path, [answer.text, str(answer.headers)]))
        if target := answer.headers.get("location"):
            parts = urlsplit(target)
            assert (parts.scheme, parts.netloc) in {("http", "127.0.0.1:3333"), ("http", urlsplit(self.home.url).netloc)}, target
            if parts.netloc == "127.0.0.1:3333":
                assert parts.path == "/cb", target
        return answer

    def _forget_rates(self) -> None:
        """Else the limits would answer after some dozens of requests, and nothing behind them would be tried."""
        with sqlite3.connect(self.home.folder / "tokens.db", timeout=10) as connection:
            connection.execute("delete from rate")
        connection.close()

    def valid(self) -> dict[str, str]:
        given = {"response_type": "code", "client_id": self.client, "redirect_uri": CALLBACK, "scope": "openid notes:read", "state": "s"}
        return {**given, "code_challenge": Pkce().challenge, "code_challenge_method": "S256", "resource": self.home.mcp}


def changes(names: list[str]) -> st.SearchStrategy[list[tuple[str, str | None]]]:
    """Some parameters replaced (None: left out), or doubled, by hostile values."""
    return st.lists(st.tuples(st.sampled_from([*names, "request", "prompt", "nonce", "x"]), st.one_of(st.none(), TEXT)), max_size=4)


def encodable(pairs: list[tuple[str, str]]) -> bytes:
    from urllib.parse import quote_from_bytes

    return "&".join(f"{name}={quote_from_bytes(value.encode('utf-8', 'surrogatepass'))}" for name, value in pairs).encode()


def mixed(valid: dict[str, str], changed: list[tuple[str, str | None]], doubled: bool) -> bytes:
    gone = {name for name, _ in changed}
    kept = [(name, value) for name, value in valid.items() if doubled or name not in gone]
    return encodable([*kept, *((name, value) for name, value in changed if value is not None)])


def attack_authorize(target: Target) -> None:
    @QUICK
    @given(changes(list(target.valid())), st.booleans())
    def run(changed: list[tuple[str, str | None]], doubled: bool) -> None:
        target.send("GET", f"/oauth/authorize?{mixed(target.valid(), changed, doubled).decode()}")

    run()


def attack_forms(path: str, valid: dict[str, str]) -> Any:
    def attack(target: Target) -> None:
        @QUICK
        @given(changes(list(valid)), st.booleans(), st.one_of(st.none(), st.binary(max_size=200)))
        def run(changed: list[tuple[str, str | None]], doubled: bool, raw: bytes | None) -> None:
            body = raw if raw is not None else mixed({**valid, "client_id": target.client}, changed, doubled)
            target.send("POST", path, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})

        run()

    return attack


def attack_register(target: Target) -> None:
    plain = st.one_of(st.none(), st.booleans(), st.integers(), TEXT)
    values = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))
    names = ["redirect_uris", "client_name", "token_endpoint_auth_method", "grant_types", "response_types", "scope", "client_uri"]
    fields = st.sampled_from(names)

    @QUICK
    @given(st.dictionaries(fields, values, max_size=4), st.booleans())
    def run(document: dict[str, Any], with_callback: bool) -> None:
        answer = target.send("POST", "/oauth/register", json={**document, **({"redirect_uris": [CALLBACK]} if with_callback else {})})
        for uri in answer.json().get("redirect_uris", ()) if answer.status_code == 201 else ():
            assert urlsplit(uri).scheme == "https" or urlsplit(uri).hostname in ("127.0.0.1", "localhost", "::1"), uri

    run()


def attack_pages(target: Target) -> None:
    @QUICK
    @given(st.sampled_from(["/oauth/sign-in?sign_in=", "/oauth/callback?state=", "/app/provision?flow="]), TEXT)
    def run(path: str, value: str) -> None:
        target.send("GET", path + encodable([("", value)]).decode()[1:])

    run()


def attack_authorization_headers(target: Target) -> None:
    @QUICK
    @given(st.sampled_from(["Bearer ", "bearer", "Basic ", "DPoP ", ""]), st.binary(max_size=300))
    def run(scheme: str, value: bytes) -> None:
        kept = bytes(one for one in value if 32 < one < 127 or one > 127)
        answer = target.send("POST", "/mcp", content=b"{}", headers=[(b"Authorization", (scheme.encode() + kept).strip())])
        assert answer.status_code in (400, 401)

    run()


TOKEN = {"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK, "code_verifier": "x" * 43}
ATTACKS = {
    "authorize": attack_authorize,
    "token": attack_forms("/oauth/token", TOKEN),
    "refresh": attack_forms("/oauth/token", {"grant_type": "refresh_token", "refresh_token": "x", "scope": "notes:read"}),
    "revoke": attack_forms("/oauth/revoke", {"token": "x", "token_type_hint": "access_token"}),
    "consent": attack_forms("/oauth/consent", {"sign_in": "x", "csrf": "x", "approve": "yes"}),
    "register": attack_register,
    "pages": attack_pages,
    "authorization headers": attack_authorization_headers,
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_malformed_input_is_the_clients_error_and_goes_nowhere_else(
    tmp_path: Path, sandbox: Running, watch: Watch, attack: Any
) -> None:
    home = Home(tmp_path, watch, sandbox.url, {"ENABLE_LOGIN_FLOW": "true"})
    async with home.running() as served:
        with httpx2.Client(timeout=30) as http:
            asked = {"client_name": "Fuzz", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
            client = (await run_sync(lambda: http.post(f"{home.url}/oauth/register", json=asked))).json()["client_id"]
            await run_sync(attack, Target(home, http, client))
    assert not [line for line in served.log if "Traceback" in line]
