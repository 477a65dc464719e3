"""A window of a real browser, which notes all that goes wrong in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

PROGRAM = "chromium"
OPTIONS = (
    "--no-sandbox",  # root has none
    "--disable-dev-shm-usage",
    "--disable-gpu",
    # Nobody is asked but the service.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
HEIGHTS = {1280: 900, 390: 844}  # by width
LOCALES = {"en": "en-US", "zh": "zh-CN"}
MOST_MS = 15_000  # for the browser to come to what is waited for
# What the browser says of an answer such as 403; answers are looked at themselves.
_STATUS = "Failed to load resource: the server responded with a status of"

Language = Literal["en", "zh"]
Scheme = Literal["light", "dark"]


@contextmanager
def started() -> Iterator[Browser]:
    """Debian's Chromium; the test is skipped where it is not installed."""
    program = shutil.which(PROGRAM)
    if program is None:
        pytest.skip("no chromium: Debian has it in `apt-get install chromium fonts-noto-cjk`")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(OPTIONS))
        yield browser
        browser.close()


class Visitor:
    """A window on the service at `address`; `wrong` is what went wrong in it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.wrong: list[str] = []
        page.set_default_timeout(MOST_MS)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", self._asked)
        page.on("response", self._answered)

    def open(self, path: str) -> None:
        """Go to a page of the service."""
        self.page.goto(f"{self.address}{path}")

    def sign_in(self, key: str) -> None:
        """Send the key on the page to sign in at, which is open."""
        self.page.locator("input[name=key]").fill(key)
        self.page.locator("main form button").click()

    @property
    def path(self) -> str:
        """Where the window is."""
        return self.page.url.removeprefix(self.address)

    def _said(self, message: ConsoleMessage) -> None:
        """The browser's own complaints, such as of the content security policy, come here too."""
        if message.type in ("error", "warning") and not message.text.startswith(_STATUS):
            self.wrong.append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.address}/", "data:")):
            self.wrong.append(f"asked for {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            self.wrong.append(f"{response.status} of {response.url}")


@contextmanager
def visiting(
    browser: Browser,
    address: str,
    *,
    language: Language = "en",
    width: int = 1280,
    scheme: Scheme = "light",
    scripts: bool = True,
) -> Iterator[Visitor]:
    """A window of its own, of nobody yet; AssertionError where anything went wrong in it."""
    context = browser.new_context(
        locale=LOCALES[language],
        viewport={"width": width, "height": HEIGHTS[width]},
        color_scheme=scheme,
        java_script_enabled=scripts,
    )
    visitor = Visitor(context.new_page(), address)
    yield visitor
    context.close()
    assert visitor.wrong == []
