"""A person with a browser without JavaScript: follows redirects, fills in forms, keeps cookies."""

from html.parser import HTMLParser

import aiohttp
from yarl import URL


class Form(HTMLParser):
    """The first form of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.method = "get"
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action, self.method = values["action"], values.get("method", "get")
        elif tag == "input" and "name" in values:
            self.fields[values["name"]] = values.get("value", "")


class Browser:
    """`page` is the text of the last page, `status` its HTTP status."""

    def __init__(self) -> None:
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.page = ""
        self.status = 0
        self.url = URL()

    async def __aenter__(self) -> "Browser":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    async def open(self, url: str, method: str = "GET", **fields: str) -> None:
        sent = {"params": fields} if method == "GET" and fields else {"data": fields} if fields else {}
        async with self.http.request(method, url, **sent) as answer:
            self.page, self.status, self.url = await answer.text(), answer.status, answer.url

    async def submit(self, **values: str) -> None:
        form = Form(self.page)
        await self.open(form.action, form.method.upper(), **{**form.fields, **values})


async def grant(login_url: str, user: str, password: str) -> None:
    """Sign in and grant access to the client that showed this address."""
    async with Browser() as browser:
        await browser.open(login_url)
        await browser.submit()
        await browser.submit(user=user, password=password)
        assert "Grant access" in browser.page, browser.page
        await browser.submit()
        assert "connected" in browser.page, browser.page
