"""What every answer tells browsers and caches: keep nothing, guess nothing, let nobody in."""

from starlette.types import Message, Send

RawHeaders = list[tuple[bytes, bytes]]

_DENIED = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
_SHARED: RawHeaders = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", ", ".join(f"{name}=()" for name in _DENIED).encode()),
]
_DATA: RawHeaders = [
    *_SHARED,
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
# Pages run our own scripts, which take what they draw from the page, and send forms to us alone.
# Their forms tell where they come from (Origin), which they do not under `no-referrer`.
_PAGE: RawHeaders = [
    *_SHARED,
    (b"referrer-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
]
_UNKEPT = (b"cache-control", b"no-store")


def shielded(send: Send) -> Send:
    """`send` of a request, with these headers added to the answer.

    None is kept by a cache, but for what says itself how it may be.
    """

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            page, unkept = False, [_UNKEPT]
            for name, value in message["headers"]:
                if name == b"content-type":
                    page = value.startswith(b"text/html")
                elif name == b"cache-control":
                    unkept = []
            message["headers"] = [*message["headers"], *unkept, *(_PAGE if page else _DATA)]
        await send(message)

    return sending
