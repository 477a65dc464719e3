"""A connection as uvicorn reads it, with bounds on the head of a request, in bytes and in time."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 32 * 1024  # of an address and all headers together
HEAD_SECONDS = 30.0  # within which a head has to arrive
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class _TooLargeError(Exception):
    """Makes the parser stop."""


class BoundedConnection(HttpToolsProtocol):
    """Answers 431 to a head of more than HEAD_BYTES, and closes where one is late.

    Neither uvicorn nor its parser has a bound of its own, and a head comes before any key.
    """

    _in_head = False
    _head_bytes = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a head that is not whole yet is counted by its pieces."""
        within = self._in_head
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        if within:
            self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES:
            self.send_400_response("")
        elif self._timer is None:
            self._start_timer()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._stop_timer()
        size = len(self.url)
        for name, value in self.headers:
            size += len(name) + len(value) + 4  # as it came, in a line
        self._head_bytes = size
        if size > HEAD_BYTES:
            raise _TooLargeError
        self._in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, or one whose head is too large, and close."""
        if self._head_bytes > HEAD_BYTES:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        else:
            super().send_400_response(msg)

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
