"""Addresses of pages that a request names, and that it may be sent on to."""

import re
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import Request

from service.headers import headers_of

FIRST = "/review"
SIGN_IN = "/review/sign-in"
SIGN_OUT = "/review/sign-out"

_LONGEST = 2_000
# A page of ours and what may follow it: nothing that a browser could take for another host.
_LOCAL = re.compile(r"/(\?[!-\[\]-~]*)?|/(review|docs)([/?][!-\[\]-~]*)?")


def local(address: str) -> str:
    """The address where it is one of our pages, else the first page's."""
    ours = len(address) <= _LONGEST and _LOCAL.fullmatch(address) is not None
    return address if ours and not address.startswith((SIGN_IN, SIGN_OUT)) else FIRST


def came_from(request: Request) -> str:
    """The page that led here, as the browser tells; the first one where it does not."""
    address = headers_of(request.scope).get("referer", "").partition("://")[2]
    path = address.partition("/")[2]
    return local(f"/{path}") if path else FIRST


def led_from(request: Request) -> str:
    """Where the page to sign in at was to lead that a form came from, as the browser tells."""
    query = headers_of(request.scope).get("referer", "").partition("?")[2]
    return local(dict(parse_qsl(query)).get("next", ""))


def to_sign_in(request: Request) -> str:
    """The address to sign in at, which leads back; what a form held is lost, and it says so."""
    if request.method in ("GET", "HEAD"):
        query = request.url.query
        here = quote(request.scope["path"]) + (f"?{query}" if query else "")
        return f"{SIGN_IN}?{urlencode({'next': local(here)})}"
    return f"{SIGN_IN}?{urlencode({'next': came_from(request), 'lost': 'yes'})}"
