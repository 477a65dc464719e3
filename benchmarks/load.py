"""The load: requests over kept connections, every latency kept: `python -m benchmarks.load`.

Requests are made beforehand, and of an answer only status and length are read, so that the load
is never the limit. Seconds throughout.
"""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any, cast

import numpy as np
import uvloop

from benchmarks.lines import serve

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
FLUSHED = 4_096  # bytes, as a page that SQLite commits
FLUSHES = 200
PATIENCE = 60.0  # for the last answers
HUNG_UP = "the server hung up"


@cache
def requests(path: str, file: str) -> list[bytes]:
    """A POST to the path of each line of the file, ready to be sent."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    bodies = Path(file).read_bytes().splitlines()
    return [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]


class Answers:
    """What came back: the seconds of each good answer in their order, and how many others."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.errors = 0
        self.answered = 0  # with those of the warm-up
        self.first = ""  # wrong answer

    def summary(self, elapsed: float) -> dict[str, Any]:
        """Counts and the exact percentiles, of the whole and of each half."""
        if not self.seconds:
            raise RuntimeError(f"no good answer, {self.errors} others: {self.first}")
        middle = (len(self.seconds) + 1) // 2
        halves = [self.seconds[:middle], self.seconds[middle:] or self.seconds]
        return {
            "count": len(self.seconds),
            "errors": self.errors,
            "error": self.first,
            "answered": self.answered,
            "per_second": len(self.seconds) / elapsed,
            "most": max(self.seconds),
            **_percentiles(self.seconds),
            "halves": [_percentiles(half) for half in halves],
        }


def _percentiles(seconds: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(seconds, (50, 99))
    return {"p50": float(p50), "p99": float(p99)}


class Connection(asyncio.Protocol):
    """A kept connection with one request at a time; tells when the answer is whole, or lost."""

    def __init__(self, answered: Callable[["Connection", str], None]) -> None:
        self._answered = answered
        self._head = b""
        self._missing = -1  # bytes of the body; -1: the head is not whole yet
        self._wrong = ""
        self._busy = False
        self.sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what requests are written to."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass

    def send(self, request: bytes, since: float | None = None) -> None:
        """Send a request that is timed from now on, or since a moment before."""
        self._busy = True
        self.sent = time.perf_counter() if since is None else since
        if self._transport.is_closing():
            self.connection_lost(None)
        else:
            self._transport.write(request)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Read the status and the length, and count the rest."""
        if self._missing >= 0:
            self._missing -= len(data)
        else:
            self._head += data
            end = self._head.find(_HEAD_END)
            if end < 0:
                return
            self._read_head(end)
        if self._missing == 0:
            self._missing, self._head, self._busy = -1, b"", False
            self._answered(self, self._wrong)

    def _read_head(self, end: int) -> None:
        head = self._head[:end].lower()
        start = head.find(_LENGTH) + len(_LENGTH)
        length = int(head[start:].partition(b"\r\n")[0])
        self._missing = end + len(_HEAD_END) + length - len(self._head)
        self._wrong = "" if head[9:12] == b"200" else self._head[:500].decode(errors="replace")

    def connection_lost(self, error: Exception | None) -> None:
        """An answer that will not come is an error."""
        if self._busy:
            self._busy = False
            self._answered(self, f"{HUNG_UP}: {error}")


async def _connected(port: int, count: int, answered: Callable[[Connection, str], None]) -> Any:
    loop = asyncio.get_running_loop()
    made = (
        loop.create_connection(lambda: Connection(answered), "127.0.0.1", port)
        for _ in range(count)
    )
    return [connection for _, connection in await asyncio.gather(*made)]


class Closed:
    """Connections that send their next request as soon as the one before is answered."""

    def __init__(self, wanted: Iterable[bytes], warm: float, seconds: float) -> None:
        self._requests = cycle(wanted)
        self._start = time.perf_counter() + warm
        self._end = self._start + seconds
        self._last = self._start
        self._answers = Answers()

    async def run(self, port: int, connections: int) -> dict[str, Any]:
        """Count what is answered from the start on, till the last answer after the end."""
        self._open = connections
        self._done = asyncio.get_running_loop().create_future()
        for connection in await _connected(port, connections, self._answered):
            connection.send(next(self._requests))
        await asyncio.wait_for(self._done, self._end - time.perf_counter() + PATIENCE)
        return self._answers.summary(self._last - self._start)

    def _answered(self, connection: Connection, wrong: str) -> None:
        now = time.perf_counter()
        answers = self._answers
        answers.answered += 1
        if wrong:
            answers.errors += 1
            answers.first = answers.first or wrong
        elif now >= self._start:
            answers.seconds.append(now - connection.sent)
            self._last = now
        if now < self._end and not wrong.startswith(HUNG_UP):
            connection.send(next(self._requests))
            return
        connection.close()
        self._open -= 1
        if self._open == 0:
            self._done.set_result(None)


class Paced:
    """Requests at an even pace whether or not those before are answered.

    One that finds no connection free waits for one, and the wait counts.
    """

    def __init__(self, wanted: Iterable[bytes], rate: float, seconds: float) -> None:
        self._requests = cycle(wanted)
        self._rate = rate
        self._count = max(1, int(rate * seconds))
        self._waiting: deque[float] = deque()
        self._answers = Answers()

    async def run(self, port: int, connections: int) -> dict[str, Any]:
        """Send so many, and wait for the last answer."""
        self._done = asyncio.get_running_loop().create_future()
        self._free = deque(await _connected(port, connections, self._answered))
        start, sent = time.perf_counter(), 0
        while sent < self._count and not self._done.done():
            now = time.perf_counter()
            due = min(self._count, int((now - start) * self._rate) + 1)
            for _ in range(due - sent):
                self._due(now)
            sent = due
            await asyncio.sleep(max(0.0, start + sent / self._rate - time.perf_counter()))
        await asyncio.wait_for(self._done, PATIENCE)
        elapsed = time.perf_counter() - start
        for connection in self._free:
            connection.close()
        return self._answers.summary(elapsed)

    def _due(self, now: float) -> None:
        if self._free:
            self._free.popleft().send(next(self._requests), now)
        else:
            self._waiting.append(now)

    def _answered(self, connection: Connection, wrong: str) -> None:
        answers = self._answers
        answers.answered += 1
        if wrong:
            answers.errors += 1
            answers.first = answers.first or wrong
        else:
            answers.seconds.append(time.perf_counter() - connection.sent)
        if self._done.done():
            return
        if wrong.startswith(HUNG_UP):
            self._done.set_exception(RuntimeError(wrong))
        elif answers.answered == self._count:
            self._done.set_result(None)
        if self._waiting:
            connection.send(next(self._requests), self._waiting.popleft())
        else:
            self._free.append(connection)


def closed(port: int, streams: list[Any], warm: float, seconds: float) -> list[dict[str, Any]]:
    """What each stream of (path, file, connections) got, all at the same time."""

    async def run() -> list[dict[str, Any]]:
        runs = (
            Closed(requests(path, file), warm, seconds).run(port, connections)
            for path, file, connections in streams
        )
        return list(await asyncio.gather(*runs))

    return uvloop.run(run())


def paced(port: int, stream: Any, rate: float, seconds: float) -> dict[str, Any]:
    """What a stream of (path, file, connections) got at so many requests a second."""
    path, file, connections = stream
    return uvloop.run(Paced(requests(path, file), rate, seconds).run(port, connections))


def flush(folder: str) -> float:
    """Median seconds of appending a page to a file in the folder and flushing it to the disk."""
    path = Path(folder) / "flushed"
    page = b"x" * FLUSHED
    seconds = []
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        for _ in range(FLUSHES):
            start = time.perf_counter()
            os.write(file, page)
            os.fdatasync(file)
            seconds.append(time.perf_counter() - start)
    finally:
        os.close(file)
        path.unlink()
    return float(np.median(seconds))


def pin(cores: list[int]) -> None:
    """Run on these cores from now on."""
    os.sched_setaffinity(0, cores)


if __name__ == "__main__":
    serve({"closed": closed, "paced": paced, "flush": flush, "pin": pin})
