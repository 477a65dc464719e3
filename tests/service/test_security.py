import asyncio
import base64
import time
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from models.generation import Generation
from service.app import create_app
from service.security import (
    KEY_SECONDS,
    KEYS_KEPT,
    OPEN_PATHS,
    SCOPES,
    Caller,
    Keys,
    KnownKeys,
    Scope,
    scopes_of,
)
from service.settings import Settings
from service.tables import KEYS
from tests.service.conftest import Client

ID = "0198a5b0-0000-7000-8000-000000000000"

# The whole table, written down once more: what each call takes, beside admin.
EXPECTED: dict[tuple[str, str], tuple[Scope, ...]] = {
    ("POST", "/v1/decisions"): ("score",),
    ("POST", "/v1/decisions:batch"): ("score",),
    ("POST", "/v1/decisions:explain"): ("score", "review"),
    ("POST", "/v1/decisions:search"): ("review",),
    ("GET", "/v1/decisions/{decision_id}"): ("score", "review"),
    ("GET", "/v1/models"): ("score", "review"),
    ("GET", "/v1/policy"): ("score", "review"),
    ("GET", "/metrics"): (),
    ("GET", "/openapi.json"): ("score", "review"),
    ("GET", "/docs"): ("score", "review"),
    ("GET", "/"): ("review",),
    ("GET", "/review"): ("review",),
    ("GET", "/review/style.css"): ("score", "review"),
    ("GET", "/review/decisions/{decision_id}"): ("review",),
}


def routes(app: FastAPI) -> Iterator[BaseRoute]:
    for context in iter_route_contexts(app.routes):
        yield context.route


def closed_calls(app: FastAPI) -> list[tuple[str, APIRoute]]:
    found = []
    for route in routes(app):
        assert isinstance(route, APIRoute), f"{route} would pass by the check of scopes"
        if route.path not in OPEN_PATHS:
            found += [(method, route) for method in sorted(route.methods)]
    return found


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_the_route_table_is_the_one_written_down(keyed_app: FastAPI) -> None:
    declared = {(m, route.path): scopes_of(route.endpoint) for m, route in closed_calls(keyed_app)}
    assert declared == EXPECTED


def test_every_route_but_health_asks_for_a_key(keyed_app: FastAPI) -> None:
    client = Client(keyed_app)
    paths = [(m, route.path.replace("{decision_id}", ID)) for m, route in closed_calls(keyed_app)]
    for method, path in [*paths, ("GET", "/nothing"), ("GET", "/redoc"), ("GET", "/docs/")]:
        answered = client.request(method, path)
        assert answered.status_code == 401, path
        assert answered.headers["www-authenticate"].startswith("Bearer")
        assert answered.json()["type"] == "urn:curescore:problem:unauthorised"
    for path in OPEN_PATHS:
        assert client.get(path).status_code == 200


def test_every_route_refuses_the_scopes_it_does_not_name(keyed_app: FastAPI, keys: Keys) -> None:
    tokens = {scope: keys.add(f"the {scope} key", scope) for scope in SCOPES}
    client = Client(keyed_app)
    for method, route in closed_calls(keyed_app):
        allowed = {"admin", *EXPECTED[method, route.path]}
        for scope, token in tokens.items():
            path = route.path.replace("{decision_id}", ID)
            status = client.request(method, path, headers=bearer(token)).status_code
            assert (status != 403) == (scope in allowed), (method, path, scope)
            assert status not in (401, 500)


def test_an_endpoint_that_declares_nothing_is_for_admin_alone(
    keyed_app: FastAPI, keys: Keys
) -> None:
    @keyed_app.get("/new")
    def new() -> str:
        return "reached"

    client = Client(keyed_app)
    statuses = [
        client.get("/new", headers=bearer(keys.add(scope, scope))).status_code for scope in SCOPES
    ]
    assert dict(zip(SCOPES, statuses, strict=True)) == {"score": 403, "review": 403, "admin": 200}


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic !!!", "Basic eA==", "Digest x", "é"]
)
def test_a_wrong_key_is_no_key(keyed_app: FastAPI, keys: Keys, header: str) -> None:
    keys.add("someone", "admin")
    headers = {"Authorization": header.encode("latin-1")}
    assert Client(keyed_app).get("/v1/models", headers=headers).status_code == 401


def test_the_actor_of_a_decision_is_the_name_of_the_key(
    keyed_app: FastAPI, keys: Keys, body: dict[str, Any]
) -> None:
    token = keys.add("nightly strategy", "score")
    answered = Client(keyed_app).post("/v1/decisions", json=body, headers=bearer(token))
    assert answered.json()["actor"] == "nightly strategy"


def test_a_revoked_key_is_soon_refused_and_its_name_stays_taken(
    keyed_app: FastAPI, keys: Keys
) -> None:
    token = keys.add("someone", "score")
    client = Client(keyed_app)
    assert client.get("/v1/models", headers=bearer(token)).status_code == 200
    keys.revoke("someone")
    until = time.monotonic() + 60
    while client.get("/v1/models", headers=bearer(token)).status_code != 401:
        assert time.monotonic() < until
    assert keys.every()[0].revoked_at is not None
    with pytest.raises(LookupError):
        keys.revoke("someone")
    with pytest.raises(ValueError, match="someone"):
        keys.add("someone", "score")


class Asked:
    """Answers who holds a token, and counts how often it was asked; time stands still."""

    def __init__(self, *answers: Caller | None) -> None:
        self.answers = list(answers)
        self.now = 0.0
        self.known = KnownKeys(self.ask, lambda: self.now)

    def ask(self, _: str) -> Caller | None:
        return self.answers.pop(0)


SOMEONE = Caller("someone", "score")


def test_a_live_key_is_asked_for_once_a_second_however_many_come() -> None:
    async def run() -> None:
        asked = Asked(SOMEONE, None)
        at_once = await asyncio.gather(*(asked.known.caller("t") for _ in range(50)))
        assert at_once == [SOMEONE] * 50
        asked.now = KEY_SECONDS / 2 - 0.01
        assert await asked.known.caller("t") == SOMEONE
        assert len(asked.answers) == 1
        asked.now = KEY_SECONDS / 2  # asked anew, but not waited for
        assert await asked.known.caller("t") == SOMEONE
        while asked.answers:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        with pytest.raises(IndexError):  # it was refused, and is not known any more
            await asked.known.caller("t")

    asyncio.run(run())


def test_a_key_that_was_not_asked_for_in_time_waits_for_the_answer() -> None:
    async def run() -> None:
        asked = Asked(SOMEONE, None, SOMEONE)
        assert await asked.known.caller("t") == SOMEONE
        asked.now = KEY_SECONDS
        assert await asked.known.caller("t") is None
        assert await asked.known.caller("t") == SOMEONE  # what is no key is not remembered

    asyncio.run(run())


def test_no_more_keys_are_remembered_than_there_is_room_for() -> None:
    async def run() -> None:
        asked = Asked(*[SOMEONE] * (KEYS_KEPT + 2))
        for i in range(KEYS_KEPT + 2):
            await asked.known.caller(f"t{i}")
        assert len(asked.known._known) == 2

    asyncio.run(run())


def test_only_the_digest_of_a_key_is_stored(keys: Keys, engine: sa.Engine) -> None:
    token = keys.add("someone", "score")
    assert token.startswith("cs_")
    assert len(token) == 46  # 256 bits in base64, without padding
    with engine.connect() as connection:
        row = connection.execute(sa.select(KEYS)).one()
    assert token not in str(row)
    assert keys.caller(token[:-1]) is None


def basic(token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"any:{token}".encode()).decode()}


def test_a_browser_may_read_with_the_key_as_password_but_not_decide(
    keyed_app: FastAPI, keys: Keys, body: dict[str, Any]
) -> None:
    token = keys.add("someone", "admin")
    client = Client(keyed_app)
    assert client.get("/review", headers=basic(token)).status_code == 200
    assert client.post("/v1/decisions", json=body, headers=basic(token)).status_code == 401


def test_without_keys_only_this_machine_is_answered(client: Client) -> None:
    for host in ("127.0.0.1", "localhost:8000", "[::1]:8000", "LOCALHOST:65535"):
        assert client.get("/v1/models", headers={"Host": host}).status_code == 200
    for host in (
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example@127.0.0.1",
        "localhost:65536",
        "localhost:99999",
        "localhost:x",
        "localhost:",
        "localhost/",
        "::1",
        "",
    ):
        assert client.get("/v1/models", headers={"Host": host}).status_code == 403


def test_no_body_is_read_for_who_is_not_known(engine: sa.Engine, generation: Generation) -> None:
    app = create_app(Settings(auth="keys", body_limit=1024), engine, lambda: generation)
    answered = Client(app).post("/v1/decisions", content=b"x" * 5_000)
    assert answered.status_code == 401
