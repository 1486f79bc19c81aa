"""Windows of a real Chromium: one person's cookies each, with everything that was asked for and refused."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, Page, Request

_LISTEN = (
    "addEventListener('securitypolicyviolation', e => console.error(`Content Security Policy: ${e.violatedDirective} ${e.blockedURI}`))"
)
PHONE = (360, 740)
DESKTOP = (1100, 900)


@dataclass
class Window:
    """`requests` are all that its pages made, `refused` what a content security policy kept from happening."""

    page: Page
    requests: list[Request] = field(default_factory=list[Request])
    refused: list[str] = field(default_factory=list[str])

    def requested(self, request: Request) -> None:
        self.requests.append(request)

    def heard(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.refused.append(message.text)

    @property
    def origins(self) -> set[str]:
        """Where anything was asked for."""
        return {origin(one.url) for one in self.requests}

    async def cookies(self) -> dict[str, str]:
        return {one.get("name", ""): one.get("value", "") for one in await self.page.context.cookies()}

    async def focused(self) -> str:
        """The visible text, or the label, of what has the focus."""
        return await self.page.evaluate("document.activeElement.labels?.[0]?.innerText.trim() || document.activeElement.innerText.trim()")


@asynccontextmanager
async def window(chromium: Browser, *, scripts: bool = False, size: tuple[int, int] = DESKTOP) -> AsyncGenerator[Window]:
    """A window of its own; without `scripts` pages run none."""
    width, height = size
    context = await chromium.new_context(java_script_enabled=scripts, viewport={"width": width, "height": height})
    context.set_default_timeout(20_000)
    await context.add_init_script(_LISTEN)
    one = Window(await context.new_page())
    context.on("request", one.requested)
    context.on("console", one.heard)
    try:
        yield one
    finally:
        await context.close()


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
