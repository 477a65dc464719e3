"""Nothing personal and no key is ever printed or counted, whatever is sent and whatever fails."""

import json
import re
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from service.database import connect
from service.security.cookies import COOKIE, CSRF_FIELD
from service.security.keys import Keys, sha256_of
from tests.logged import day, decided
from tests.servers import Server, completed, completed_here, serving
from tests.service.pages import SIGN_IN, csrf_on
from training.sources.simulate import simulate
from training.tables import Tables, read_tables, write_tables

MARK = "zq7xk"  # is in every id, text and header that is sent
BALANCE = 77_319.04
AS_OF = "2025-01-05T08:00:00+08:00"
ID = "0198a5b0-0000-7000-8000-000000000000"
MARKED = re.compile(r"(account|debtor|payment|contact|contact_point|request|outcome)_id|text|note")
SECRET_SCOPES = ("score", "review", "admin")

Json = Any


def marked(value: Json, name: str = "") -> Json:
    """A body with the mark in its ids and texts, and BALANCE as its balance."""
    if isinstance(value, dict):
        return {key: marked(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [marked(each, name) for each in value]
    if isinstance(value, str) and MARKED.fullmatch(name):
        return f"{MARK}{value}"
    return BALANCE if name == "balance" and isinstance(value, float) else value


def wrong(body: Json) -> Iterator[bytes]:
    """Bodies that are refused, each for another reason."""
    whole = json.dumps(body)
    yield whole[:-2].encode()
    yield f'{{"{MARK}": NaN}}'.encode()
    yield f'{{"{MARK}": 1, "{MARK}": 2}}'.encode()
    yield f'["{MARK}"]'.encode()
    yield f'"{MARK}'.encode() + b'\xff"'
    yield json.dumps({MARK: MARK}).encode()
    if isinstance(body, dict):
        for key in body:
            yield json.dumps(body | {key: MARK}).encode()
            yield json.dumps(body | {key: [{MARK: MARK}]}).encode()
        yield json.dumps(body | {MARK: MARK}).encode()


HEADERS = {
    "User-Agent": MARK,
    "Referer": f"http://{MARK}/",
    "Accept-Language": MARK,
    "Cookie": f"session={MARK}",
    "X-Forwarded-For": MARK,
    "X-Request-Id": MARK,
    "traceparent": MARK,
}


class Visitor:
    """Whoever calls a service with marked keys, headers, queries and bodies."""

    def __init__(self, client: httpx.Client, tokens: dict[str, str]) -> None:
        self._client = client
        self.tokens = tokens
        self.statuses: set[int] = set()
        self.document = self.call("GET", "/openapi.json", tokens["admin"]).json()

    def call(self, method: str, path: str, token: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        answered = self._client.request(method, path, headers=headers, **more)
        self.statuses.add(answered.status_code)
        return answered

    def visit(self, *, all_wrong: bool) -> None:
        """Every call of the document, right and wrong, with each key and with none."""
        query = {MARK: MARK, "key": self.tokens["admin"], "reasons": MARK}
        for path, calls in self.document["paths"].items():
            at = re.sub(r"\{[a-z_]+\}", ID, path)
            for method in (each.upper() for each in calls):
                for token in (*self.tokens.values(), f"cs_{MARK}", ""):
                    self.call(method, at, token, params=query)
            if "post" in calls:
                content = calls["post"]["requestBody"]["content"]["application/json"]
                self._post(at, marked(content.get("example", {})), all_wrong=all_wrong)
        for page in ("/", "/review", "/docs", f"/review/decisions/{ID}", "/nothing"):
            self.call("GET", page, self.tokens["admin"], params={"lang": MARK, MARK: MARK})

    def _post(self, path: str, body: Json, *, all_wrong: bool) -> None:
        token = self.tokens["admin"]
        self.call("POST", path, token, json=body)
        for _ in range(2):
            self.call("POST", path, token, json=body, headers={"Idempotency-Key": MARK})
        self.call("POST", path, token, content=MARK, headers={"Content-Type": f"text/{MARK}"})
        if all_wrong:
            for content in wrong(body):
                headers = {"Content-Type": "application/json"}
                self.call("POST", path, token, content=content, headers=headers)


def session(address: str, token: str) -> str:
    """What the cookie holds of a browser that signs in, at first with a wrong key."""
    with httpx.Client(base_url=address) as browser:
        for key, status in ((f"cs_{MARK}", 401), (token, 303)):
            html = browser.get(SIGN_IN, params={"next": f"/review/{MARK}"}).text
            form = {"key": key, CSRF_FIELD: csrf_on(html)}
            assert browser.post(SIGN_IN, data=form).status_code == status
        assert browser.get("/docs").status_code == 200
        return browser.cookies[COOKIE]


def raw(server: Server, request: bytes) -> None:
    """Send what is hardly HTTP, and wait for the end."""
    with socket.create_connection(("127.0.0.1", int(server.address.rpartition(":")[2]))) as client:
        client.settimeout(30)
        client.sendall(request)
        while client.recv(65_536):
            pass


@contextmanager
def without(home: Path, *tables: str) -> Iterator[None]:
    """Tables of the database away, as after an accident."""
    with sqlite3.connect(home / "decisions.db") as database:
        for table in tables:
            database.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
    yield
    with sqlite3.connect(home / "decisions.db") as database:
        for table in tables:
            database.execute(f"ALTER TABLE {table}_away RENAME TO {table}")
    database.close()


def damaged(home: Path) -> None:
    """Every stored record damaged, so that reading it fails for a reason of the service's own."""
    with sqlite3.connect(home / "decisions.db") as database:
        database.execute("DROP TRIGGER decisions_no_update")
        database.execute("UPDATE decisions SET record = x'00', inputs = x'00'")
    database.close()


def assert_quiet(text: str, tokens: dict[str, str]) -> None:
    told = [f"{MARK}", str(BALANCE), f"{BALANCE:,}"]
    told += [each for token in tokens.values() for each in (token, token[3:], sha256_of(token))]
    for each in told:
        place = text.lower().find(each.lower())
        assert place < 0, text[max(0, place - 300) : place + 100]


@pytest.fixture
def home(tmp_path: Path, empty_database: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    shutil.copy(empty_database, made / "decisions.db")
    return made


@pytest.fixture
def environment(home: Path, bundle_dir: Path) -> dict[str, str]:
    return {"CURESCORE_HOME": str(home), "CURESCORE_MODELS": str(bundle_dir)}


@pytest.fixture
def tokens(home: Path) -> dict[str, str]:
    engine = connect(f"sqlite:///{home / 'decisions.db'}")
    made = {scope: Keys(engine).add(f"the {scope} key", scope) for scope in SECRET_SCOPES}
    engine.dispose()
    return made


def test_the_service_is_quiet(
    home: Path, environment: dict[str, str], tokens: dict[str, str], tmp_path: Path
) -> None:
    with (
        serving(environment, tmp_path / "output.txt", "serve", "--access-log") as server,
        httpx.Client(base_url=server.address, headers=HEADERS, timeout=60) as client,
    ):
        tokens["session"] = session(server.address, tokens["review"])
        visitor = Visitor(client, tokens)
        visitor.visit(all_wrong=True)
        assert {200, 401, 403, 404, 415, 422, 400} <= visitor.statuses
        raw(server, f"{MARK} / HTTP/1.1\r\n\r\n".encode())
        raw(server, f"GET / HTTP/1.1\r\n{MARK}\x00: {MARK}\r\n\r\n".encode())
        raw(server, b"GET / HTTP/1.1\r\nX: " + MARK.encode() * 20_000 + b"\r\n\r\n")
        visitor.statuses.clear()
        with without(home, "decisions", "events", "visits"):
            visitor.visit(all_wrong=False)
        with without(home, "key_uses", "keys"):
            visitor.visit(all_wrong=False)
        assert 503 in visitor.statuses
        damaged(home)
        found = {"account_id": f"{MARK}A-1001"}
        searched = visitor.call("POST", "/v1/decisions:search", tokens["admin"], json=found)
        assert searched.status_code == 500
        metrics = visitor.call("GET", "/metrics", tokens["admin"])
        assert metrics.status_code == 200
        assert_quiet(metrics.text, tokens)
        output = server.output.read_text()
    assert "/v1/decisions" in output  # the access log is on
    assert "ERROR" in output  # so is the log of what failed
    assert_quiet(output, tokens)


def with_mark(table: pd.DataFrame | None) -> pd.DataFrame:
    assert table is not None
    ids = [name for name in table if str(name).endswith("_id")]
    return table.assign(**{name: MARK + table[name].astype("string") for name in ids})


def portfolio(folder: Path) -> Path:
    """A simulated portfolio whose ids all hold the mark, half of it late, one account foreign."""
    simulate(folder / "drawn", 120, 12, seed=5)
    drawn = read_tables(folder / "drawn")
    tables = Tables(
        *map(with_mark, (drawn.accounts, drawn.statements, drawn.payments, drawn.contacts))
    )
    accounts = tables.accounts
    late = accounts.index[::2]
    accounts.loc[late, "balance"] = BALANCE
    accounts.loc[late, "past_due_amount"] = 900.0
    accounts.loc[late, "days_past_due"] = 45
    accounts.loc[accounts.index[0], "currency"] = "EUR"
    write_tables(tables, folder / "tables")
    return folder / "tables"


def test_the_commands_are_quiet(
    home: Path, environment: dict[str, str], tokens: dict[str, str], tmp_path: Path
) -> None:
    data, out = portfolio(tmp_path), tmp_path / "out"
    arguments = ("--data", str(data), "--out", str(out), "--as-of", AS_OF, "--record")
    night = completed(environment, "score", *arguments, "--workers", "1")
    assert night.returncode == 0, night.stderr
    engine = connect(f"sqlite:///{home / 'decisions.db'}")
    with engine.begin() as connection:
        decided(connection, f"{MARK}-long-ago", day("2020-01-01"))
    engine.dispose()
    with sqlite3.connect(home / "decisions.db") as database:
        (stored,) = database.execute("SELECT max(decision_id) FROM decisions").fetchone()
    database.close()
    again = ("score", *arguments, "--workers", "1")
    commands = (
        again,
        ("replay", stored.hex()),
        ("replay", ID),
        ("keys", "list"),
        ("db", "status"),
        ("db", "backup", str(tmp_path / "copy.db")),
        ("prune", "--older-than", "1"),
        ("prune", "--older-than", "1", "--json"),
    )
    printed = night.stdout + night.stderr
    for command in commands:
        done = completed_here(environment, *command)
        assert done.stdout + done.stderr, command
        printed += done.stdout + done.stderr
    counted = json.loads(done.stdout)["decisions"]
    assert counted == 1
    options = ("--older-than", "1", "--apply", "--expect", str(counted))
    pruned = completed_here(environment, "prune", *options)
    assert pruned.returncode == 0, pruned.stderr
    assert_quiet(printed + pruned.stdout + pruned.stderr, tokens)
