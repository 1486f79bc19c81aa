"""Somebody who sends requests to a sandbox; no cookie is kept unless asked for."""

import base64
import io
import json
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from xml.etree import ElementTree

import aiohttp
from yarl import URL

DAV = "{DAV:}"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    cookies: str

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def ocs(self) -> Any:
        return self.json()["ocs"]["data"]

    @property
    def hrefs(self) -> list[str]:
        return [element.text or "" for element in ElementTree.fromstring(self.body).iter(f"{DAV}href")]

    def texts(self, tag: str) -> list[str]:
        return [element.text or "" for element in ElementTree.fromstring(self.body).iter(tag)]


@dataclass
class Person:
    """`url` is the instance; `login` None sends no credentials."""

    url: str
    login: str | None = "alice"
    password: str = ""
    kind: str = "Basic"
    http: aiohttp.ClientSession = field(default_factory=lambda: aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))

    def authorization(self) -> dict[str, str]:
        if self.login is None:
            return {}
        if self.kind == "Bearer":
            return {"Authorization": f"Bearer {self.password}"}
        pair = f"{self.login}:{self.password or self.login}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    async def ask(self, method: str, path: str, body: bytes | str = b"", *, data: Any = None, ssl: Any = True, **headers: str) -> Answer:
        """`data` is sent as JSON. Underscores in header names stand for hyphens; OCS-APIRequest is sent unless given as ""."""
        sent = {**self.authorization(), "OCS-APIRequest": "true", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if data is not None:
            body, sent["Content-Type"] = json.dumps(data), "application/json"
        raw = body.encode() if isinstance(body, str) else body
        url = URL(self.url + path, encoded=True)
        kept = {name: value for name, value in sent.items() if value}
        async with self.http.request(
            method, url, headers=kept, data=io.BytesIO(raw) if raw else None, allow_redirects=False, ssl=ssl
        ) as got:
            cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in got.cookies.values())
            return Answer(got.status, {k.lower(): v for k, v in got.headers.items()}, await got.read(), cookies)

    def as_(self, login: str | None, password: str = "", kind: str = "Basic") -> "Person":
        return Person(self.url, login, password, kind, self.http)

    async def __aenter__(self) -> "Person":
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.http.close()


def files(path: str, user: str = "alice") -> str:
    return f"/remote.php/dav/files/{user}/{path}"
