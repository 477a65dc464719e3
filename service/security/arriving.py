"""Readers who come by a link on another site, for whom the browser leaves out the cookie."""

from html import escape
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from service.headers import headers_of

_ELSEWHERE = ("cross-site", "same-site")  # of Sec-Fetch-Site


def is_from_elsewhere(scope: Scope) -> bool:
    """Whether a browser opens the page for a page of another site."""
    headers = headers_of(scope)
    return (
        scope["method"] == "GET"
        and headers.get("sec-fetch-site") in _ELSEWHERE
        and headers.get("sec-fetch-mode") == "navigate"
    )


def once_more(scope: Scope) -> Response:
    """Has the browser come again by itself: from a page of ours, and with its cookie."""
    query = Request(scope).url.query
    here = quote(scope["path"]) + (f"?{query}" if query else "")
    link = (
        '<!doctype html><html lang="en"><title>curescore</title><link rel="icon" href="data:,">'
        f'<a href="{escape(here)}">curescore</a></html>'
    )
    return HTMLResponse(link, headers={"Refresh": f"0; url={here}"})
