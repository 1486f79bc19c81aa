"""A bare DAV client for tests of the sandbox."""

from dataclasses import dataclass
from xml.etree import ElementTree

import aiohttp

from nextcloud_sandbox.server import Running

D = "{DAV:}"
NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "d": "DAV:",
        "c": "urn:ietf:params:xml:ns:caldav",
        "k": "urn:ietf:params:xml:ns:carddav",
        "cs": "http://calendarserver.org/ns/",
        "oc": "http://owncloud.org/ns",
        "nc": "http://nextcloud.com/ns",
        "ic": "http://apple.com/ns/ical/",
    }.items()
)


@dataclass
class Answer:
    """Header names are in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def xml(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.text)

    @property
    def etag(self) -> str:
        return self.headers["etag"]

    @property
    def hrefs(self) -> list[str]:
        return [response.findtext(f"{D}href") or "" for response in self.xml.iterfind(f"{D}response")]

    @property
    def names(self) -> list[str]:
        """The last segments of the hrefs."""
        return [href.rstrip("/").rpartition("/")[2] for href in self.hrefs]

    def values(self, tag: str) -> list[str]:
        return [found.text or "" for found in self.xml.iter(tag)]

    @property
    def message(self) -> str:
        return self.xml.findtext("{http://sabredav.org/ns}message") or ""


class Client:
    """Requests of one user; paths are below /remote.php/dav/."""

    def __init__(self, at: Running, user: str) -> None:
        self.at = at
        self.user = user

    async def __call__(self, method: str, path: str, body: str | bytes = b"", **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = aiohttp.encode_basic_auth(self.user, self.user)
        data = body.encode() if isinstance(body, str) else body
        url = f"{self.at.url}/remote.php/dav/{path}"
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            async with session.request(method, url, data=data, headers=sent, skip_auto_headers=("Content-Type", "Accept")) as response:
                return Answer(
                    response.status, {name.lower(): value for name, value in response.headers.items()}, (await response.read()).decode()
                )

    async def propfind(self, path: str, *props: str, depth: str = "1") -> Answer:
        return await self("PROPFIND", path, wrap("d:propfind", prop(*props)), Depth=depth)

    async def query(self, path: str, filters: str, data: str = "<c:calendar-data/>", depth: str = "1") -> Answer:
        """A calendar-query; `filters` goes into the filter of VCALENDAR."""
        inner = f'{prop("d:getetag")[:-9]}{data}</d:prop><c:filter><c:comp-filter name="VCALENDAR">{filters}</c:comp-filter></c:filter>'
        return await self("REPORT", path, wrap("c:calendar-query", inner), Depth=depth)

    async def sync(self, path: str, token: str = "", limit: int | None = None) -> Answer:
        bound = f"<d:limit><d:nresults>{limit}</d:nresults></d:limit>" if limit else ""
        body = f"<d:sync-token>{token}</d:sync-token><d:sync-level>1</d:sync-level>{bound}{prop('d:getetag')}"
        return await self("REPORT", path, wrap("d:sync-collection", body))


def prop(*names: str) -> str:
    return f"<d:prop>{''.join(f'<{name}/>' for name in names)}</d:prop>"


def wrap(root: str, inner: str) -> str:
    return f"<{root} {NAMESPACES}>{inner}</{root}>"


def calendar(*lines: str, kind: str = "VEVENT") -> str:
    """A VCALENDAR with one component; `lines` are its properties."""
    inner = [f"BEGIN:{kind}", "DTSTAMP:20261101T000000Z", *lines, f"END:{kind}"]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", *inner, "END:VCALENDAR", ""])


def event(uid: str, start: str = "20261201T100000Z", end: str = "20261201T110000Z", *more: str) -> str:
    return calendar(f"UID:{uid}", f"DTSTART:{start}", f"DTEND:{end}", f"SUMMARY:{uid}", *more)


def card(uid: str, *more: str, version: str = "3.0", name: str = "Ann Example") -> str:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", f"UID:{uid}", f"FN:{name}", "N:Example;Ann;;;", *more, "END:VCARD", ""])
