"""Log lines: one JSON object each, which names the request and holds no value."""

import json
import logging
import logging.config
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service import scoring
from service.logs import Kind, configuration, kind_of
from service.traces import trace_of
from tests.service.conftest import Client

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def logged(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """The file that takes the lines while the test runs: JSON, with a line for each request."""
    kind: Kind = getattr(request, "param", "json")
    root, access = logging.getLogger(), logging.getLogger("service.access")
    before = root.handlers[:], root.level, access.level
    told = configuration(kind, access=True)
    path = tmp_path / "lines.txt"
    handler = logging.FileHandler(path)
    told["handlers"]["stderr"] = {"()": lambda: handler, "formatter": "line"}
    told["loggers"]["httpx"] = {"level": "WARNING"}  # the client is in this process
    logging.config.dictConfig(told)
    yield path
    handler.close()
    root.handlers[:], root.level = before[0], before[1]
    access.setLevel(before[2])
    logging.getLogger("httpx").setLevel(logging.NOTSET)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_tells_the_request_and_how_it_was_answered(client: Client, logged: Path) -> None:
    answered = client.get("/v1/decisions/0190b0f0-0000-7000-8000-000000000000?key=secret")
    (line,) = lines(logged)
    assert line.pop("duration_ms") >= 0
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "service.access",
        "message": "answered",
        "request_id": answered.headers["x-request-id"],
        "route": "/v1/decisions/{decision_id}",
        "method": "GET",
        "status": 404,
    }


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/models", "/nowhere", "/healthz"])
def test_a_callers_trace_is_kept(client: Client, logged: Path, path: str) -> None:
    method = "POST" if path == "/v1/decisions" else "GET"
    answered = client.request(method, path, headers={"traceparent": PARENT})
    assert answered.headers["x-request-id"] == TRACE
    (line,) = lines(logged)
    assert line["request_id"] == line["trace_id"] == TRACE
    assert line["route"] == ("none" if path == "/nowhere" else path)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "account-17",
        PARENT[:-1],
        PARENT.upper(),
        f"ff-{TRACE}-b7ad6b7169203331-01",
        f"{PARENT}-more",  # of version 00 there is no more
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
    ],
)
def test_a_trace_that_is_none_gets_a_new_id(client: Client, logged: Path, wrong: str) -> None:
    given = [client.get("/healthz", headers={"traceparent": wrong}) for _ in range(2)]
    ids = {answered.headers["x-request-id"] for answered in given}
    assert len(ids) == 2
    assert TRACE not in ids
    assert all(len(each) == 32 and int(each, 16) for each in ids)
    assert all("trace_id" not in line for line in lines(logged))


def test_a_later_version_may_tell_more() -> None:
    header = (b"traceparent", f"cc-{TRACE}-b7ad6b7169203331-01-what-comes".encode())
    assert trace_of({"headers": [header]}).request_id == TRACE


@pytest.mark.parametrize("direct", [True, False])
def test_a_failure_names_the_request_and_no_value(
    client: Client,
    logged: Path,
    body: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    direct: bool,
) -> None:
    def fail(*_: object) -> None:
        try:
            int("account-of-somebody")
        except ValueError as error:
            raise RuntimeError("secret-value\nand more of it") from error

    if direct:
        monkeypatch.setattr(scoring, "panel_of", fail)
        answered = client.post("/v1/decisions", json=body)
    else:
        monkeypatch.setattr(client.app.state.parts.log, "read", fail, raising=False)
        answered = client.get("/v1/decisions/0190b0f0-0000-7000-8000-000000000000")
    request_id = answered.headers["x-request-id"]
    assert answered.status_code == 500
    assert answered.json()["instance"] == f"urn:curescore:request:{request_id}"
    assert not any(word in logged.read_text() for word in ("secret-value", "somebody"))
    if direct:
        (failure,) = (line for line in lines(logged) if "exception" in line)
        assert failure["message"] == "a decision failed"
        assert failure["request_id"] == request_id
        assert failure["exception"]["type"] == "RuntimeError"
        assert failure["exception"]["cause"]["type"] == "ValueError"
        assert any(
            frame.startswith("service/scoring.py:") for frame in failure["exception"]["frames"]
        )


def test_what_is_refused_names_no_request(client: Client) -> None:
    assert "instance" not in client.get("/nowhere").json()


@pytest.mark.parametrize("logged", ["text"], indirect=True)
def test_at_a_terminal_a_line_is_read_easily(client: Client, logged: Path) -> None:
    client.get("/healthz", headers={"traceparent": PARENT})
    logger = logging.getLogger("service.test")
    try:
        int("secret")
    except ValueError:
        logger.exception("it failed\nsecret")
    access, failure, frame, kind = logged.read_text().splitlines()
    assert f"INFO service.access answered request_id={TRACE}" in access
    assert "route=/healthz method=GET status=200" in access
    assert failure.endswith("ERROR service.test it failed")
    assert "test_logs.py" in frame
    assert kind == "  ValueError"


def test_lines_are_text_at_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for terminal, kind in ((True, "text"), (False, "json")):
        monkeypatch.setattr(sys.stderr, "isatty", lambda told=terminal: told)
        assert kind_of(None) == kind
        assert kind_of("json") == "json"
        assert kind_of("text") == "text"
