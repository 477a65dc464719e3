"""Bodies that mean harm, sent to the real server over a real socket."""

import gzip
import json
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import plain
from tests.servers import Server
from tests.service.faults.places import place

MEGABYTE = 2**20
JSON = {"Content-Type": "application/json"}
PATHS = ("/v1/decisions", "/v1/decisions:batch", "/v1/decisions:explain", "/v1/decisions:search")


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, bundle_dir: Path, empty_database: Path
) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    shutil.copy(empty_database, home / "decisions.db")
    with place(home, bundle_dir, f"sqlite:///{home / 'decisions.db'}").serving() as started:
        yield started


@pytest.fixture(autouse=True)
def _goes_on(server: Server, body: dict[str, Any]) -> Iterator[None]:
    """Whatever was sent, the next decision is made, and nothing failed inside."""
    yield
    answered = plain.post(f"{server.address}/v1/decisions", json=body)
    assert answered.status_code == 200, answered.text
    assert "Traceback" not in server.output.read_text()


def deep(opening: bytes, closing: bytes, inner: bytes = b"1") -> bytes:
    return opening * 100_000 + inner + closing * 100_000


def inside(body: dict[str, Any], value: bytes) -> bytes:
    """The body with the value, as it stands, for its account's balance."""
    text = json.dumps(body | {"account": body["account"] | {"balance": "HERE"}}).encode()
    return text.replace(b'"HERE"', value)


MALFORMED = {
    "brackets": deep(b"[", b"]"),
    "open brackets": b"[" * 100_000,
    "objects": deep(b'{"account":', b"}"),
    "a known field's brackets": b'{"statements":' + deep(b"[", b"]") + b"}",
    "half a pair": b'{"account": {"account_id": "\\ud800"}}',
    "half a pair as bytes": b'{"account": {"account_id": "\xed\xa0\x80"}}',
    "a key twice": b'{"as_of": null, "as_of": null}',
    "two documents": b"{} {}",
    "nothing": b"",
    "a mark of byte order": b"\xef\xbb\xbf{}",
    "UTF-16": '{"account": 1}'.encode("utf-16"),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_json_is_refused(server: Server, path: str, content: bytes) -> None:
    answered = plain.post(server.address + path, content=content, headers=JSON, timeout=20)
    assert answered.status_code in (400, 422), answered.text
    assert answered.json()["type"].startswith("urn:curescore:problem:")


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e400", b"9" * 100_000])
def test_what_is_no_number_is_refused(server: Server, body: dict[str, Any], number: bytes) -> None:
    for path, content in (
        ("/v1/decisions", inside(body, number)),
        ("/v1/decisions:batch", b'{"items": [' + inside(body, number) + b"]}"),
    ):
        answered = plain.post(server.address + path, content=content, headers=JSON)
        if answered.status_code == 200:  # an item of a batch is refused by itself
            assert answered.json()["scored"] == 0
        else:
            assert answered.status_code in (400, 422), answered.text


def test_a_key_given_twice_is_refused_at_any_depth(server: Server, body: dict[str, Any]) -> None:
    whole = json.dumps(body)
    for name in ("currency", "balance", "statement_date", "status", "as_of", "account"):
        first = whole.index(f'"{name}": ')
        value, end = json.JSONDecoder().raw_decode(whole, first + len(name) + 4)
        twice = f'{whole[:end]}, "{name}": {json.dumps(value)}{whole[end:]}'.encode()
        answered = plain.post(f"{server.address}/v1/decisions", content=twice, headers=JSON)
        assert answered.status_code == 400, (name, answered.text)
        assert "twice" in answered.json()["detail"]
        batch = b'{"items": [' + twice + b"]}"
        answered = plain.post(f"{server.address}/v1/decisions:batch", content=batch, headers=JSON)
        if answered.status_code == 200:
            assert answered.json()["scored"] == 0
        else:
            assert answered.status_code == 400


def test_a_bomb_is_not_opened(server: Server) -> None:
    bomb = gzip.compress(b" " * 200 * MEGABYTE, 9)
    started = time.monotonic()
    answered = plain.post(
        f"{server.address}/v1/decisions", content=bomb, headers=JSON | {"Content-Encoding": "gzip"}
    )
    assert answered.status_code == 415
    assert time.monotonic() - started < 20


def test_sixty_megabytes_are_refused(server: Server) -> None:
    def streamed() -> Iterator[bytes]:
        for _ in range(60):
            yield b" " * MEGABYTE

    for path in PATHS:
        for content in (b" " * 60 * MEGABYTE, streamed()):
            answered = plain.post(server.address + path, content=content, headers=JSON, timeout=60)
            assert answered.status_code == 413


def test_half_sent_and_slow_bodies_hold_up_nobody(server: Server, body: dict[str, Any]) -> None:
    host, port = "127.0.0.1", int(server.address.rpartition(":")[2])
    whole = json.dumps(body).encode()
    head = (
        f"POST /v1/decisions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(whole)}\r\n\r\n"
    ).encode()
    slow = [socket.create_connection((host, port), timeout=60) for _ in range(200)]
    try:
        for connection in slow:
            connection.sendall(head + whole[:100])
        started = time.monotonic()
        for _ in range(20):
            assert plain.post(f"{server.address}/v1/decisions", json=body).status_code == 200
        assert time.monotonic() - started < 20
        for connection in slow[:100]:  # these hang up, the others go on in the end
            connection.close()
        for connection in slow[100:]:
            connection.sendall(whole[100:])
        answers = [connection.recv(65_536) for connection in slow[100:]]
        assert all(answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 503")) for answer in answers)
        assert any(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    finally:
        for connection in slow:
            connection.close()
