"""Every route of the app, as it stands: who is let in. `pytest -s` prints the walk as a table."""

import json
from typing import Any

import pytest
from fastapi import FastAPI

from service.api.direct import Service
from service.security.callers import SCOPES, Scope, is_open, scopes_of
from service.security.keys import Keys
from tests.routes import Call, calls_of, closed
from tests.service.conftest import Client

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "ODD")
DEEP = 100_000
LONG = 1_000_000

# The whole table, written down once more: what each call takes, beside admin.
EXPECTED: dict[tuple[str, str], tuple[Scope, ...]] = {
    ("POST", "/v1/decisions"): ("score",),
    ("POST", "/v1/decisions:batch"): ("score",),
    ("POST", "/v1/decisions:explain"): ("score", "review"),
    ("POST", "/v1/decisions:search"): ("review",),
    ("GET", "/v1/decisions/{decision_id}"): ("score", "review"),
    ("POST", "/v1/decisions/{decision_id}:approve"): ("review",),
    ("POST", "/v1/decisions/{decision_id}:override"): ("review",),
    ("POST", "/v1/contacts"): ("score",),
    ("POST", "/v1/payments"): ("score",),
    ("POST", "/v1/outcomes"): ("score",),
    ("POST", "/v1/visits"): ("score", "review"),
    ("POST", "/v1/visits:search"): ("score", "review"),
    ("GET", "/v1/models"): ("score", "review"),
    ("GET", "/v1/policy"): ("score", "review"),
    ("GET", "/metrics"): (),
    ("GET", "/openapi.json"): ("score", "review"),
    ("GET", "/docs"): ("score", "review"),
    ("GET", "/"): ("review",),
    ("GET", "/review"): ("review",),
    ("POST", "/review/search"): ("review",),
    ("GET", "/review/decisions.csv"): ("review",),
    ("GET", "/review/decisions/{decision_id}"): ("review",),
    ("GET", "/review/decisions/{decision_id}/print"): ("review",),
    ("GET", "/review/decisions/{decision_id}/what-if"): ("review",),
    ("POST", "/review/decisions/{decision_id}/what-if"): ("review",),
    ("POST", "/review/decisions/{decision_id}/override"): ("review",),
    ("POST", "/review/decisions/{decision_id}/approve"): ("review",),
    ("GET", "/review/models"): ("review",),
    ("GET", "/review/models/{target}"): ("review",),
    ("GET", "/review/policies"): ("review",),
    ("GET", "/review/portfolio"): ("review",),
    ("GET", "/review/visits"): ("review",),
    ("GET", "/review/visits/{visit_id}"): ("review",),
    ("GET", "/review/visits/{visit_id}/plan"): ("review",),
    ("POST", "/review/sign-out"): ("review",),
}
OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/review/sign-in"),
    ("POST", "/review/sign-in"),
    ("GET", "/review/static/{name:path}"),
}


def posts(app: FastAPI) -> list[Call]:
    return [call for call in calls_of(app) if call.method == "POST"]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def tokens(keys: Keys) -> dict[Scope, str]:
    return {scope: keys.add(f"the {scope} key", scope) for scope in SCOPES}


def test_the_route_table_is_the_one_written_down(keyed_app: FastAPI) -> None:
    calls = sorted(calls_of(keyed_app), key=lambda call: (call.template, call.method))
    print()
    for call in calls:
        let_in = "open" if is_open(call.path) else " ".join((*call.scopes, "admin"))
        print(f"{call.method:6} {call.template:40} {let_in}")
    declared = {(call.method, call.template): call.scopes for call in closed(keyed_app)}
    assert declared == EXPECTED
    assert {(call.method, call.template) for call in calls if is_open(call.path)} == OPEN


def test_what_passes_by_the_router_is_a_route_all_the_same(keyed_app: FastAPI) -> None:
    assert isinstance(keyed_app, Service)
    routes = {(call.method, call.path): call.scopes for call in calls_of(keyed_app)}
    assert keyed_app._direct
    for address, endpoint in keyed_app._direct.items():
        assert routes[address] == scopes_of(endpoint), address


def test_nothing_is_answered_without_a_key_but_health_and_signing_in(keyed_app: FastAPI) -> None:
    client = Client(keyed_app)
    elsewhere = ("/nothing", "/redoc", "/docs/", "/v1", "//healthz", "/healthz/", "/HEALTHZ")
    paths = sorted({call.path for call in closed(keyed_app)})
    for path in (*paths, *elsewhere):
        for method in METHODS:
            answered = client.request(method, path)
            assert answered.status_code == 401, (method, path)
            assert answered.headers["www-authenticate"] == 'Bearer realm="curescore"'
            if method != "HEAD":
                assert answered.json()["type"] == "urn:curescore:problem:unauthorised"
    for path in ("/healthz", "/readyz", "/review/sign-in", "/review/static/style.css"):
        assert client.get(path).status_code == 200
        for method in METHODS[3:]:
            assert client.request(method, path).status_code == 405, (method, path)
    assert client.get("/review/static/nothing").status_code == 404


def test_every_route_lets_in_the_scopes_that_it_declares_and_no_other(
    keyed_app: FastAPI, tokens: dict[Scope, str]
) -> None:
    client = Client(keyed_app)
    for call in closed(keyed_app):
        allowed = {"admin", *call.scopes}
        for scope, token in tokens.items():
            status = client.request(call.method, call.path, headers=bearer(token)).status_code
            assert (status != 403) == (scope in allowed), (call, scope)
            assert status != 401, (call, scope)
            assert status < 500, (call, scope)


def test_what_is_not_there_is_no_more_than_that_with_any_key(
    keyed_app: FastAPI, tokens: dict[Scope, str]
) -> None:
    client = Client(keyed_app)
    calls = closed(keyed_app)
    for path in {"/nothing", *(call.path for call in calls)}:
        methods = {call.method for call in calls if call.takes(path)}
        for method in set(METHODS) - methods:
            status = client.request(method, path, headers=bearer(tokens["admin"])).status_code
            assert status == (405 if methods else 404), (method, path)


def hostile() -> dict[str, bytes]:
    """Bodies that no call takes, by what is wrong with them."""
    return {
        "lists": b"[" * DEEP + b"]" * DEEP,
        "objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        "within": b'{"account": ' + b"[" * DEEP + b"]" * DEEP + b"}",
        "unclosed": b"[" * DEEP,
        "long text": json.dumps({"account_id": "x" * LONG}).encode(),
        "long name": json.dumps({"x" * LONG: 1}).encode(),
        "many names": json.dumps({f"n{i}": i for i in range(50_000)}).encode(),
        "long number": b'{"limit": ' + b"9" * LONG + b"}",
        "half a text": b'{"account_id": "\xf0\x9f"}',
        "nothing": b"",
    }


@pytest.mark.parametrize("wrong", hostile())
def test_a_hostile_body_is_refused_by_every_call_that_takes_one(
    keyed_app: FastAPI, tokens: dict[Scope, str], wrong: str
) -> None:
    client = Client(keyed_app, bearer(tokens["admin"]))
    body = hostile()[wrong]
    for call in posts(keyed_app):
        headers = {"Content-Type": "application/json"}
        answered = client.post(call.path, content=body, headers=headers)
        is_form = call.path.startswith("/review/")
        refused = (415,) if is_form else (400, 404, 422)
        assert answered.status_code in refused, (call, answered.text[:200])
        assert len(answered.content) < 20_000, call
        if is_form:
            as_form = {"Content-Type": "application/x-www-form-urlencoded"}
            answered = client.post(call.path, content=body, headers=as_form)
            assert answered.status_code in (403, 413, 422), (call, answered.text[:200])
            assert len(answered.content) < 20_000, call


@pytest.mark.parametrize(
    "query", ["x" * 20_000, "&".join(f"q{i}=1" for i in range(3_000)), "reasons=1&reasons=%00%ff"]
)
def test_a_hostile_query_is_no_failure(
    keyed_app: FastAPI, tokens: dict[Scope, str], query: str
) -> None:
    client = Client(keyed_app, bearer(tokens["admin"]))
    for call in closed(keyed_app):
        answered: Any = client.request(call.method, f"{call.path}?{query}")
        assert answered.status_code < 500, call
