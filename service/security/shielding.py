"""What every answer tells browsers and caches: keep nothing, guess nothing, let nobody in."""

from collections.abc import Iterable

from starlette.types import Message, Send

RawHeaders = list[tuple[bytes, bytes]]

_DENIED = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
_SHARED: RawHeaders = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", ", ".join(f"{name}=()" for name in _DENIED).encode()),
]
_DATA: RawHeaders = [
    *_SHARED,
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
# Pages are text, one style of ours, and drawings within them: nothing runs, nothing is sent.
_PAGE: RawHeaders = [
    *_SHARED,
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
        b"form-action 'none'; frame-ancestors 'none'",
    ),
]


def shielded(send: Send) -> Send:
    """`send` of a request, with these headers added to the answer."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"]
            message["headers"] = [*headers, *(_PAGE if _is_page(headers) else _DATA)]
        await send(message)

    return sending


def _is_page(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    for name, value in headers:
        if name == b"content-type":
            return value.startswith(b"text/html")
    return False
