"""A person with a browser that runs no script: follows redirects, keeps cookies, fills in forms, stops at the client's address."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx2


@dataclass
class Form:
    """The first form of a page: where it goes and what it holds."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
            self.open = True
        elif self.open and tag in ("input", "button") and given.get("name"):
            kind = given.get("type", "submit" if tag == "button" else "text")
            if kind == "submit":
                self.forms[-1].buttons[given["name"]] = given.get("value", "")
            elif kind not in ("checkbox", "radio") or "checked" in given:
                self.forms[-1].fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = False


def forms(page: str) -> list[Form]:
    """The forms of an HTML page."""
    parser = _Forms()
    parser.feed(page)
    return parser.forms


def onward(answer: httpx2.Response) -> str | None:
    """Where a browser goes from an answer by itself and at once: by redirect, or by a page that says so."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.text)
    return answer.headers.get("location") or (unescape(found[1]) if found else None)


@dataclass
class Pkce:
    """RFC 7636 S256."""

    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


class Person:
    """One browser. `stop` are prefixes of addresses that belong to the client and are not opened."""

    def __init__(self, name: str, password: str | None = None, stop: tuple[str, ...] = ("http://127.0.0.1:3333/",)) -> None:
        self.name, self.password, self.stop = name, password or name, stop
        # As browsers do on loopback: cookies marked Secure are sent without TLS too.
        jar = CookieJar(DefaultCookiePolicy(secure_protocols=("https", "http")))
        # Loopback has no TLS; loading the machine's certificates for nothing costs more than a sign-in.
        self.http = httpx2.Client(headers={"X-Demo-User": name}, cookies=jar, verify=False, timeout=60)

    def __del__(self) -> None:
        self.http.close()

    def open(self, url: str) -> httpx2.Response:
        """Opens an address and follows redirects up to the client's."""
        return self._follow(self.http.get(url, follow_redirects=False))

    def submit(self, page: httpx2.Response, **values: str) -> httpx2.Response:
        """Sends the first form of a page with these values, and the `Origin` that browsers send."""
        form = forms(page.text)[0]
        nameless = page.headers.get("referrer-policy") == "no-referrer"
        headers = {} if form.method == "get" else {"Origin": "null" if nameless else f"{page.url.scheme}://{page.url.netloc.decode()}"}
        url, data = urljoin(str(page.url), form.action), {**form.fields, **values}
        return self._follow(self.http.request(form.method.upper(), url, data=data, headers=headers, follow_redirects=False))

    def sign_in(self, url: str, *, consent: bool = True) -> dict[str, str]:
        """Goes through login and consent; the parameters with which the client's address was called.

        Raises AssertionError with the page's text where it gets no further.
        """
        page = self.through(self.open(url), consent=consent)
        answer = self.answer(page)
        assert answer, page.text[-3000:]
        return answer

    def through(self, page: httpx2.Response, *, consent: bool = True) -> httpx2.Response:
        """Fills in login and consent of a provider, as often as it asks; the page behind them."""
        for _ in range(4):
            form = None if self.answer(page) else next(iter(forms(page.text)), None)
            if form is None:
                return page
            if "password" in form.fields or "username" in form.fields:
                page = self.submit(page, username=self.name, password=self.password)
                continue
            wanted = ("accept", "approve", "allow") if consent else ("cancel", "deny")
            chosen = next((name for name in wanted if name in form.buttons), None)
            if chosen is None:
                return page
            page = self.submit(page, **{chosen: form.buttons[chosen]})
        return page

    def answer(self, page: httpx2.Response) -> dict[str, str] | None:
        """The parameters of the redirect to the client, where the last answer was one."""
        target = onward(page)
        if target is None or not target.startswith(self.stop):
            return None
        return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}

    def _follow(self, response: httpx2.Response) -> httpx2.Response:
        for _ in range(20):
            target = onward(response)
            if target is None or target.startswith(self.stop):
                return response
            response = self.http.get(urljoin(str(response.url), target), follow_redirects=False)
        raise AssertionError("too many redirects")


def authorization(endpoint: str, pkce: Pkce | None, **parameters: str) -> str:
    """The address of an authorization request by code."""
    given = {"response_type": "code", "redirect_uri": "http://127.0.0.1:3333/cb", "state": "s"}
    if pkce:
        given |= {"code_challenge": pkce.challenge, "code_challenge_method": "S256"}
    return f"{endpoint}?{urlencode(given | parameters)}"
