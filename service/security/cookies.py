"""The cookie of the review pages, and what their forms send back to show that they are ours.

The same cookie holds a session's token, or, before there is one, a random value that means nothing
but that the same browser came back. Its name has no `__Host-` prefix: browsers drop such a cookie
where the service is used by plain HTTP on this machine.
"""

import hmac
import re
import secrets

from starlette.types import Scope

from service.headers import headers_of

COOKIE = "curescore_session"
CSRF_FIELD = "csrf"

_BYTES = 32
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")  # _BYTES in base64, without padding
_PAGES = frozenset({"/", "/docs", "/openapi.json", "/review"})
_FOLDER = "/review/"


def is_page(path: str) -> bool:
    """Whether a path is one that people look at; only there the cookie counts."""
    return path in _PAGES or path.startswith(_FOLDER)


def new_value() -> str:
    """256 random bits for a cookie."""
    return secrets.token_urlsafe(_BYTES)


def value_of(scope: Scope) -> str | None:
    """What the request's cookie holds; None where it has none of ours, or more than one.

    Of two, one may have been set by another site under the same domain. By HTTP/2 they may have
    come in headers of their own (RFC 9113, 8.2.3), which not every proxy puts together again.
    """
    sent = b";".join(value for name, value in scope["headers"] if name == b"cookie")
    pairs = (part.strip().partition("=") for part in sent.decode("latin-1").split(";"))
    values = [value for name, _, value in pairs if name == COOKIE]
    return values[0] if len(values) == 1 and _VALUE.fullmatch(values[0]) else None


def csrf_of(value: str) -> str:
    """What forms send back to a browser's cookie; nobody else's page can know it."""
    return hmac.digest(value.encode(), b"csrf", "sha256").hex()


def set_cookie(scope: Scope, value: str) -> str:
    """The Set-Cookie header of a value; it lasts as long as the browser runs."""
    return _header(scope, value)


def clear_cookie(scope: Scope) -> str:
    """The Set-Cookie header that makes the browser forget it."""
    return _header(scope, "", "Max-Age=0")


def _header(scope: Scope, value: str, *more: str) -> str:
    # Whoever claims HTTPS where there is none loses their own cookie, nothing else.
    proxied = headers_of(scope).get("x-forwarded-proto", "").lower() == "https"
    secure = ["Secure"] if proxied or scope["scheme"] == "https" else []
    return "; ".join([f"{COOKIE}={value}", "Path=/", "HttpOnly", "SameSite=Strict", *more, *secure])
