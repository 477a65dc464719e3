"""Pages as a browser uses them: cookies are kept, forms are sent with what belongs to them."""

import re
from typing import Any

import httpx
from fastapi import FastAPI

from service.security.cookies import COOKIE, CSRF_FIELD, csrf_of
from tests.service.conftest import Client

ACCEPT = "text/html,application/xhtml+xml,*/*;q=0.8"
SIGN_IN = "/review/sign-in"


class Browser(Client):
    """A client that keeps its cookies and asks for pages; it follows no redirects."""

    def __init__(self, app: FastAPI, headers: dict[str, str] | None = None) -> None:
        super().__init__(app, {"Accept": ACCEPT} | (headers or {}))
        self.cookies: dict[str, str] = {}

    def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = ({"Cookie": kept} if kept else {}) | kwargs.pop("headers", {})
        answered = super().request(method, path, headers=headers, **kwargs)
        for cookie in answered.headers.get_list("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in cookie.split("; "):
                del self.cookies[name]
        return answered

    @property
    def csrf(self) -> str:
        """What the forms of this browser's pages hold."""
        return csrf_of(self.cookies[COOKIE])


def submit(client: Client, path: str, **fields: str) -> httpx.Response:
    """The answer to a form that is sent to `path` from a page of the service.

    A client that keeps no cookies gets a page first, and with it the cookie.
    """
    browser = client if isinstance(client, Browser) else Browser(client.app, client._headers)
    if COOKIE not in browser.cookies:
        browser.get(SIGN_IN if path == SIGN_IN else "/review")
    return browser.post(path, data=fields | {CSRF_FIELD: browser.csrf})


def signed_in(app: FastAPI, token: str) -> Browser:
    """A browser that has signed in with a key, as people do."""
    browser = Browser(app)
    answered = submit(browser, SIGN_IN, key=token)
    assert answered.status_code == 303, answered.text
    return browser


def csrf_on(html: str) -> str:
    """What the first form of a page holds."""
    found = re.search(rf'name="{CSRF_FIELD}" value="([0-9a-f]+)"', html)
    assert found is not None, html
    return found[1]
