"""People in a browser, each with a storage of their own, and everything that went wrong there."""

import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

NETWORK: Final = r"Failed to load resource|WebSocket connection to"
"""What a browser itself says about an answer that is no success, or about none."""
_MACHINE: Final = "net::ERR_NETWORK_CHANGED"
"""An interface of this machine came or went: no page can help it."""
PATIENCE_MS: Final = 40_000
Scheme = Literal["light", "dark"]


@dataclass
class Browsing:
    """Opens pages of one system; keeps what no page may do: errors, and requests elsewhere."""

    browser: Browser
    url: str
    wrong: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    async def person(
        self,
        path: str | None = None,
        *,
        scheme: Scheme = "light",
        width: int = 1200,
        expected: str | None = None,
        **options: Any,
    ) -> Page:
        """Somebody at their own device; `expected` matches console errors that a test causes."""
        context = await self.browser.new_context(
            base_url=self.url,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
            locale="en-GB",
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        self._watch(context, expected)
        page = await context.new_page()
        if path is not None:
            await page.goto(path)
        return page

    def _watch(self, context: BrowserContext, expected: str | None) -> None:
        def said(message: ConsoleMessage) -> None:
            meant = re.search(f"{_MACHINE}|{expected or _MACHINE}", message.text)
            if message.type == "error" and not meant:
                self.wrong.append(f"console: {message.text} ({message.location.get('url')})")

        def asked(url: str) -> None:
            there = urlsplit(url)
            if there.scheme not in ("data", "blob") and there.netloc != urlsplit(self.url).netloc:
                self.wrong.append(f"another host was asked: {url}")

        def opened(page: Page) -> None:
            page.on("websocket", lambda socket: asked(socket.url))

        context.on("console", said)
        context.on("weberror", lambda error: self.wrong.append(f"uncaught: {error.error}"))
        context.on("request", lambda request: asked(request.url))
        context.on("page", opened)

    async def close(self) -> None:
        """Everybody leaves."""
        for context in self.contexts:
            await context.close()
