"""Heads of requests that are too large, or never whole, against a real server."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from service import connection
from service.connection import HEAD_BYTES, BoundedConnection
from tests.servers import free_port

START = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@contextmanager
def running(app: ASGIApp) -> Iterator[int]:
    """The port that the app is served on, by uvicorn in a thread."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            app, port=port, http=BoundedConnection, loop="uvloop", lifespan="off", log_config=None
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def port(keyed_app: FastAPI) -> Iterator[int]:
    with running(keyed_app) as at:
        yield at


def answered(port: int, *parts: bytes) -> bytes:
    """What is answered to these parts, until the connection ends."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        try:
            for part in parts:
                client.sendall(part)
                if len(parts) > 1:
                    time.sleep(0.02)  # else they may arrive as one
            while piece := client.recv(65_536):
                got += piece
        except ConnectionError:  # closed while we were still sending
            pass
    return got


def header(size: int) -> bytes:
    return START + b"X-Long: " + b"x" * size + b"\r\nConnection: close\r\n\r\n"


def test_a_head_within_the_bound_is_served(port: int) -> None:
    assert answered(port, header(HEAD_BYTES - 200)).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "request_",
    [
        header(HEAD_BYTES),
        header(2 * HEAD_BYTES),
        START + b"X: y\r\n" * HEAD_BYTES + b"\r\n",
        b"GET /" + b"x" * 2 * HEAD_BYTES + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /healthz?" + b"x" * 2 * HEAD_BYTES + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ],
    ids=["one byte", "64 kB header", "many headers", "64 kB path", "64 kB query"],
)
def test_a_head_that_is_too_large_is_431_and_the_end(port: int, request_: bytes) -> None:
    assert answered(port, request_).startswith(b"HTTP/1.1 431")


def test_a_head_that_never_ends_is_not_kept(port: int) -> None:
    pieces = [START + b"X-Long: ", *[b"x" * 4096] * 20]
    got = answered(port, *pieces)
    assert got in (b"", connection._TOO_LARGE)
    assert answered(port, header(10)).startswith(b"HTTP/1.1 200")


def test_heads_are_counted_one_by_one(port: int) -> None:
    one = header(HEAD_BYTES // 2).replace(b"Connection: close", b"X-More: 1")
    got = answered(port, one * 4, header(10))
    assert got.count(b"HTTP/1.1 200") == 5


@pytest.mark.parametrize("sent", [b"", START, b"\r\n"], ids=["nothing", "half a head", "a line"])
def test_a_head_that_does_not_arrive_ends_the_connection(
    keyed_app: FastAPI, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    with running(keyed_app) as port:
        assert answered(port, sent) == b""


def test_a_second_head_that_does_not_arrive_ends_it_too(
    keyed_app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    whole = START + b"\r\n"
    with running(keyed_app) as port:
        assert answered(port, whole, START).count(b"HTTP/1.1 200") == 1
