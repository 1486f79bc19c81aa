"""Replays recordings against a sandbox in this process and compares the answers.

State is built by replaying an area's recordings in their order; what happened between them without being recorded is in the plan.
Ids, tokens and ETags of the recordings are learned from each answer and put into the later requests.
"""

import base64
import io
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import aiohttp
from yarl import URL

from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.server import discover, running
from tests.sandbox.compare import RANDOM, RUN, differences
from tests.sandbox.exchanges import Exchange, Message, exchanges

RECORDED_HOST = "http://127.0.0.1:8080"
INSTANCE = "ochbkfxqaxdg"
Step = Callable[["Replay"], Awaitable[None]]


@dataclass
class Plan:
    """How to replay one folder of recordings.

    `who` maps file patterns to the caller, first match wins: a user id (app password), "user:account" (account password), "wrong",
    "bearer:user", or "none" to send the request as it is; otherwise X-User-Id of the recorded answer decides, or `user`.
    `before` runs unrecorded steps; `clock` sets unix seconds for a file, otherwise one second passes between two exchanges.
    `unclaimed` maps files to the reason why the sandbox does not claim them; they are not sent. `loose` maps patterns to the names of
    keys or elements whose value or length may differ ("*": the length of any list). `cookie` maps patterns to the user whose session
    cookies are sent. `adjust` changes what was recorded, for example to leave out apps that have no area.
    """

    area: str
    user: str = "alice"
    setup: Callable[[Sandbox], None] | None = None
    who: dict[str, str] = field(default_factory=dict[str, str])
    before: dict[str, Step] = field(default_factory=dict[str, Step])
    clock: dict[str, int] = field(default_factory=dict[str, int])
    unclaimed: dict[str, str] = field(default_factory=dict[str, str])
    loose: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    cookie: dict[str, str] = field(default_factory=dict[str, str])
    adjust: dict[str, Callable[[Sandbox, Exchange], None]] = field(default_factory=dict[str, Callable[[Sandbox, Exchange], None]])
    start: int = 1_795_219_000
    same_second: frozenset[str] = frozenset()

    def reason(self, name: str) -> str | None:
        return next((reason for pattern, reason in self.unclaimed.items() if fnmatch(name, pattern)), None)

    def loose_in(self, name: str) -> frozenset[str]:
        return frozenset().union(*(keys for pattern, keys in self.loose.items() if fnmatch(name, pattern)))


@dataclass
class Result:
    """Per area: what was claimed, what was not and why, and what did not match."""

    claimed: list[str] = field(default_factory=list[str])
    unclaimed: dict[str, str] = field(default_factory=dict[str, str])
    wrong: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


class Replay:
    """A run of one plan against one sandbox."""

    def __init__(self, plan: Plan, sandbox: Sandbox, url: str, http: aiohttp.ClientSession) -> None:
        self.plan = plan
        self.sandbox = sandbox
        self.url = url
        self.http = http
        self.clock = float(plan.start)
        self.tokens: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.passwords = {user: sandbox.new_app_password(user, "replay").token for user in sandbox.users}

    # Sending

    def authorization(self, exchange: Exchange) -> str | None:
        asked = exchange.request.header("Authorization")
        who = next((who for pattern, who in self.plan.who.items() if fnmatch(exchange.name, pattern)), None)
        if not asked or who == "none":
            return None
        user, _, how = (who or exchange.response.header("X-User-Id") or self.plan.user).partition(":")
        if user in ("wrong", "bearer"):
            user, how = how or self.plan.user, user
        if asked.startswith("Bearer") or how == "bearer":
            return f"Bearer {self.passwords[user]}"
        if user not in self.passwords and user in self.sandbox.users:
            self.passwords[user] = self.sandbox.new_app_password(user, "replay").token
        password = {"account": self.sandbox.users[user].password, "wrong": "wrong"}.get(how) or self.passwords[user]
        return basic(user, password)

    async def call(
        self, method: str, path: str, *, user: str = "alice", body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Message:
        """An unrecorded request."""
        sent = {"Authorization": basic(user, self.passwords[user]), "OCS-APIRequest": "true", **(headers or {})}
        status, answer = await self.send(method, path, sent, body)
        assert status < 400, (method, path, status, answer.body)
        return answer

    async def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Message]:
        skip = ("Content-Type",)
        async with self.http.request(
            method,
            URL(self.url + path, encoded=True),
            headers=headers,
            data=io.BytesIO(body) if body else None,
            allow_redirects=False,
            skip_auto_headers=skip,
        ) as answer:
            return answer.status, Message(dict(answer.headers), await answer.read())

    async def cookies_of(self, user: str) -> str:
        headers = {"Authorization": basic(user, self.passwords[user]), "OCS-APIRequest": "true"}
        async with self.http.get(f"{self.url}/ocs/v2.php/cloud/user", headers=headers) as answer:
            return "; ".join(f"{cookie.key}={cookie.value}" for cookie in answer.cookies.values())

    async def exchange(self, exchange: Exchange) -> list[str]:
        """Send one recorded request and compare; what is wrong, as lines."""
        self.clock = float(self.plan.clock.get(exchange.name, self.clock if exchange.name in self.plan.same_second else self.clock + 1))
        if exchange.name in self.plan.before:
            await self.plan.before[exchange.name](self)
        headers = {
            name: self.translate(value) for name, value in exchange.request.headers.items() if name not in ("Authorization", "Cookie")
        }
        authorization = self.authorization(exchange)
        if authorization:
            headers["Authorization"] = authorization
        owner = next((user for pattern, user in self.plan.cookie.items() if fnmatch(exchange.name, pattern)), None)
        if owner:
            headers["Cookie"] = await self.cookies_of(owner)
        body = self.translate_body(exchange.request.body, exchange.request.header("Content-Type"))
        status, live = await self.send(exchange.method, self.translate_path(exchange.path), headers, body)
        self.learn(exchange, live)
        for pattern, adjust in self.plan.adjust.items():
            if fnmatch(exchange.name, pattern):
                adjust(self.sandbox, exchange)
        return differences(exchange, status, live, loose=self.plan.loose_in(exchange.name))

    # Translating recorded values into live ones

    def translate(self, text: str) -> str:
        """Put live tokens and ETags in place of the recorded ones."""
        text = self.tokens.get(text, text).replace(RECORDED_HOST, self.url)
        text = re.sub(r"(/(?:files|versions|comments|notes|attachment)/)(\d+)", lambda m: m[1] + self.numbers.get(m[2], m[2]), text)
        return RUN.sub(lambda run: self.tokens.get(run[0], run[0]), text)

    def translate_path(self, path: str) -> str:
        target, question, query = path.partition("?")
        segments = [self.number(segment) for segment in target.split("/")]
        query = re.sub(r"(?<=[=-])\d+(?=[&-]|$)", lambda run: self.numbers.get(run[0], run[0]) if len(run[0]) > 2 else run[0], query)
        return self.translate_tokens("/".join(segments)) + question + self.translate_tokens(query)

    def translate_tokens(self, text: str) -> str:
        return RUN.sub(lambda run: self.tokens.get(run[0], run[0]), text)

    def number(self, text: str) -> str:
        return self.numbers.get(text, text) if text.isdigit() else text

    def translate_body(self, body: bytes, kind: str) -> bytes:
        try:
            text = self.translate_tokens(body.decode())
        except UnicodeDecodeError:
            return body
        if "json" in kind:
            text = re.sub(r'(?i)("\w*ids?"\s*:\s*"?)(\d+)', lambda m: m[1] + self.number(m[2]), text)
        elif "xml" in kind:
            text = re.sub(r">(\d+)<", lambda m: f">{self.number(m[1])}<" if len(m[1]) > 1 else m[0], text)
        return text.encode()

    # Learning

    def learn(self, exchange: Exchange, live: Message) -> None:
        for name, value in exchange.response.headers.items():
            if name.lower() in ("etag", "oc-etag", "location", "content-location", "oc-fileid", "x-notes-chunk-cursor"):
                self.pair(value, live.header(name))
            elif name.lower() == "last-modified":
                self.tokens[value] = live.header(name)
        old, new = exchange.response.body, live.body
        kind = exchange.response.header("Content-Type")
        if "json" in kind:
            try:
                self.learn_json(json.loads(old), json.loads(new), "")
            except ValueError:
                return
        elif b"multistatus" in old and b"multistatus" in new:
            self.learn_xml(old, new)

    def learn_json(self, old: Any, new: Any, key: str) -> None:
        if isinstance(old, dict) and isinstance(new, dict):
            for name in old.keys() & new.keys():
                self.learn_json(old[name], new[name], name)
        elif isinstance(old, list) and isinstance(new, list):
            for a, b in zip(old, new, strict=False):
                self.learn_json(a, b, key)
        elif isinstance(old, str) and isinstance(new, str):
            self.pair(old, new)
        elif isinstance(old, int) and isinstance(new, int) and key.lower().endswith("id"):
            self.numbers[str(old)] = str(new)

    def learn_xml(self, old: bytes, new: bytes) -> None:
        """Pair responses whose hrefs are equal but for numbers, in their order."""
        left, right = ([(element.findtext("{DAV:}href") or "", element) for element in ElementTree.fromstring(body)] for body in (old, new))
        for (a, one), (b, other) in zip(left, right, strict=False):
            if RUN.sub("", unquote(a)) == RUN.sub("", unquote(b)):
                self.pair(a, b)
                for x, y in zip(one.iter(), other.iter(), strict=False):
                    if (
                        x.tag == y.tag
                        and x.text
                        and y.text
                        and x.tag.rpartition("}")[2] in ("getetag", "fileid", "id", "sync-token", "getctag")
                    ):
                        self.pair(x.text, y.text)

    def pair(self, old: str, new: str) -> None:
        left, right = RUN.findall(old), RUN.findall(new)
        if len(left) != len(right):
            return
        for a, b in zip(left, right, strict=True):
            number = re.match(r"0*(\d+)oc[a-z0-9]{10}\Z", a), re.match(r"0*(\d+)oc[a-z0-9]{10}\Z", b)
            if number[0] and number[1]:
                self.numbers[number[0][1]] = number[1][1]
            if a == b:
                continue
            if a.isdigit() and b.isdigit():
                self.numbers[a] = b
            elif RANDOM.match(a) and RANDOM.match(b):
                self.tokens[a] = b


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def new_sandbox(plan: Plan) -> Sandbox:
    sandbox = Sandbox(areas=discover())
    sandbox.data.instance_id = INSTANCE
    sandbox.clock = lambda: float(plan.start)
    sandbox.seed_accounts()
    if plan.setup:
        plan.setup(sandbox)
    return sandbox


async def replay(plan: Plan) -> Result:
    """Run the whole plan."""
    result = Result()
    sandbox = new_sandbox(plan)
    async with running(sandbox=sandbox) as server, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        run = Replay(plan, sandbox, server.url, http)
        sandbox.clock = lambda: run.clock
        for exchange in exchanges(plan.area):
            reason = plan.reason(exchange.name)
            if reason is not None:
                result.unclaimed[exchange.name] = reason
                continue
            result.claimed.append(exchange.name)
            wrong = await run.exchange(exchange)
            if wrong:
                result.wrong[exchange.name] = wrong
    return result
