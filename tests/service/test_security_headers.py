"""What every answer tells browsers and caches; and that Chromium has nothing to complain of."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from models.generation import Generation
from service.api import common
from service.app import create_app
from service.settings import Settings
from tests.routes import ID, calls_of
from tests.servers import Server, serving
from tests.service.conftest import Client
from tests.service.pages import ACCEPT

ALWAYS = {
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
DATA = "default-src 'none'; frame-ancestors 'none'"
PAGE = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def check(answered: httpx.Response) -> None:
    for name, value in ALWAYS.items():
        assert answered.headers.get_list(name) == [value], (answered.url, name)
    assert "geolocation=()" in answered.headers["permissions-policy"]
    assert "server" not in answered.headers
    (policy,) = answered.headers.get_list("content-security-policy")
    page = answered.headers.get("content-type", "").startswith("text/html")
    if page:
        assert dict(part.strip().partition(" ")[::2] for part in policy.split(";")) == PAGE
    else:
        assert policy == DATA
    referrer = "same-origin" if page else "no-referrer"  # else forms would not say their origin
    assert answered.headers.get_list("referrer-policy") == [referrer]
    static = answered.url.path.startswith("/review/static/") and answered.status_code == 200
    assert answered.headers.get_list("cache-control") == ["no-cache" if static else "no-store"]


def test_every_answer_has_them(client: Client, body: dict[str, Any]) -> None:
    record = client.post("/v1/decisions", json=body)
    assert record.status_code == 200
    check(record)
    check(client.post("/v1/decisions:batch", json={"items": [body]}))
    decision_id = record.json()["decision_id"]
    for call in calls_of(client.app):
        for path in {call.path, call.path.replace(ID, decision_id)}:
            check(client.request(call.method, path))
            check(client.request("OPTIONS", path))
    check(client.get("/nothing"))
    check(client.get("/review/static/style.css"))
    check(client.get("/review/nothing", headers={"Accept": ACCEPT}))
    check(client.post("/v1/decisions", content=b"{"))
    check(client.get("/v1/models", headers={"Host": "evil.example"}))


def test_so_has_every_refusal(keyed_app: FastAPI) -> None:
    client = Client(keyed_app)
    for call in calls_of(keyed_app):
        check(client.request(call.method, call.path))
        check(client.request(call.method, call.path, headers={"Accept": ACCEPT}))
    check(client.get("/nothing", headers={"Authorization": "Bearer x"}))


def test_so_has_a_body_that_is_too_large_and_a_failure_of_our_own(
    engine: sa.Engine,
    generation: Generation,
    body: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings(auth="off", body_limit=1024)
    client = Client(create_app(settings, engine, lambda: generation))
    for path in ("/v1/decisions", "/v1/decisions:search"):
        answered = client.post(path, content=b"x" * 5_000)
        assert answered.status_code == 413
        check(answered)
    monkeypatch.delattr(common.Showing, "language")  # what no request can bring about
    settings = Settings(auth="off")
    client = Client(create_app(settings, engine, lambda: generation))
    for path in ("/v1/decisions", "/v1/decisions:search"):
        answered = client.post(path, json=body if path == "/v1/decisions" else {})
        assert answered.status_code == 500
        check(answered)


@pytest.fixture(scope="module")
def server(
    bundle_dir: Path, empty_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("headers")
    shutil.copy(empty_database, home / "decisions.db")
    environment = {
        "CURESCORE_HOME": str(home),
        "CURESCORE_MODELS": str(bundle_dir),
        "CURESCORE_AUTH": "off",
    }
    with serving(environment, home / "output.txt") as started:
        yield started


def test_a_real_answer_names_no_server(server: Server, body: dict[str, Any]) -> None:
    check(httpx.post(f"{server.address}/v1/decisions", json=body))
    check(httpx.get(f"{server.address}/docs"))


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_chromium_finds_nothing_that_a_page_may_not_do(
    server: Server, body: dict[str, Any], tmp_path: Path
) -> None:
    record = httpx.post(f"{server.address}/v1/decisions", json=body).json()
    for path in ("/docs", "/review", f"/review/decisions/{record['decision_id']}?lang=zh"):
        shown, complaints = seen(f"{server.address}{path}", tmp_path)
        assert "<main " in shown
        assert complaints == [], path


def test_chromium_would_tell_of_a_style_that_a_page_may_not_have(tmp_path: Path) -> None:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    page = tmp_path / "page.html"
    page.write_text(
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
        '<p style="color: red">x</p>'
    )
    assert seen(page.as_uri(), tmp_path)[1] != []


def seen(url: str, profile: Path) -> tuple[str, list[str]]:
    """The page as Chromium has it in the end, and what its console says of it."""
    assert CHROMIUM is not None
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
    done = subprocess.run(
        [
            CHROMIUM,
            *options,
            "--enable-logging=stderr",
            f"--user-data-dir={profile / 'chromium'}",
            "--dump-dom",
            url,
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
