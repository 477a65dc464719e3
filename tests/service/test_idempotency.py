"""Idempotency-Key: however often and wherever a request is sent, it is decided once."""

import asyncio
import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from models.generation import Generation
from service.answers import BatchAnswer, RecordAnswer
from service.app import create_app
from service.database import connect, upgrade
from service.security.keys import Keys
from service.settings import Settings
from service.tables import DECISIONS, IDEMPOTENCY
from tests.service.conftest import BASE, NOW, Client

ONE, BATCH = "/v1/decisions", "/v1/decisions:batch"


@pytest.fixture(params=["sqlite", "postgresql"])
def engines(request: pytest.FixtureRequest) -> Iterator[list[sa.Engine]]:
    """Two services' connections to one database."""
    if request.param == "sqlite":
        url = request.getfixturevalue("database_url")
    else:
        url = request.getfixturevalue("postgres_url")
        upgrade(url)
    made = [connect(url), connect(url)]
    yield made
    for each in made:
        each.dispose()


@pytest.fixture
def apps(engines: list[sa.Engine], generation: Generation) -> list[FastAPI]:
    return [
        create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW)
        for engine in engines
    ]


@pytest.fixture
def client(apps: list[FastAPI]) -> Client:
    return Client(apps[0])


def keyed(key: str, **more: str) -> dict[str, str]:
    return {"Idempotency-Key": key, "Content-Type": "application/json", **more}


def counts(engine: sa.Engine) -> tuple[int, int]:
    """How many decisions there are, and how many keys."""
    with engine.connect() as connection:
        count = sa.select(sa.func.count())
        return (
            connection.execute(count.select_from(DECISIONS)).scalar_one(),
            connection.execute(count.select_from(IDEMPOTENCY)).scalar_one(),
        )


def test_a_retry_gets_the_first_decision_shown_as_it_is_asked_for_now(
    client: Client, engines: list[sa.Engine], body: dict[str, Any]
) -> None:
    first = client.post(ONE, json=body, headers=keyed("a"))
    again = client.post(ONE, json=body, headers=keyed("a"))
    assert again.status_code == 200
    assert again.json() == first.json()
    RecordAnswer.model_validate(again.json())
    chinese = client.post(
        f"{ONE}?reasons=all", json=body, headers=keyed("a", **{"Accept-Language": "zh"})
    )
    assert chinese.headers["content-language"] == "zh"
    assert len(chinese.json()["reasons"]) > 5
    assert chinese.json()["decision_id"] == first.json()["decision_id"]
    assert client.post(ONE, json=body, headers=keyed("b")).json() != first.json()
    assert counts(engines[0]) == (2, 2)


def test_a_key_stands_for_one_body_down_to_the_last_byte(
    client: Client, engines: list[sa.Engine], body: dict[str, Any]
) -> None:
    text = json.dumps(body)
    assert client.post(ONE, content=text, headers=keyed("a")).status_code == 200
    refused = {**body, "statements": []}
    for other in (text + " ", json.dumps(refused), "not JSON"):
        answered = client.post(ONE, content=other, headers=keyed("a"))
        assert answered.status_code == 422
        assert answered.json()["type"] == "urn:curescore:problem:idempotency-key-reused"
    assert counts(engines[0]) == (1, 1)


def test_what_was_decided_then_is_the_answer_though_it_would_be_refused_now(
    engines: list[sa.Engine], generation: Generation, body: dict[str, Any]
) -> None:
    body["as_of"] = NOW.isoformat()
    first, again = (
        Client(create_app(Settings(auth="off"), engine, lambda: generation, clock)).post(
            ONE, json=body, headers=keyed("a")
        )
        for engine, clock in zip(
            engines,
            (lambda: NOW, lambda: NOW.replace(year=NOW.year - 1)),  # it is set back
            strict=True,
        )
    )
    assert first.status_code == 200
    assert again.json() == first.json()


def test_a_refused_request_leaves_its_key_free(
    client: Client, engines: list[sa.Engine], body: dict[str, Any]
) -> None:
    refused = {**body, "statements": []}
    for _ in range(2):
        assert client.post(ONE, json=refused, headers=keyed("a")).status_code == 422
    assert counts(engines[0]) == (0, 0)
    assert client.post(ONE, json=body, headers=keyed("a")).status_code == 200
    assert counts(engines[0]) == (1, 1)


def test_a_batch_gets_its_first_answer_whole(
    client: Client, engines: list[sa.Engine], body: dict[str, Any]
) -> None:
    other = deepcopy(body)
    other["account"]["account_id"] = "other"
    batch = {"items": [body | {"request_id": "r0"}, 17, other]}
    first = client.post(BATCH, json=batch, headers=keyed("a"))
    assert (first.json()["scored"], first.json()["refused"]) == (2, 1)
    again = client.post(BATCH, json=batch, headers=keyed("a"))
    BatchAnswer.model_validate(again.json())
    assert again.json() == first.json()
    reused = client.post(BATCH, json={"items": [body]}, headers=keyed("a"))
    assert reused.json()["type"] == "urn:curescore:problem:idempotency-key-reused"
    malformed = client.post(BATCH, json={}, headers=keyed("b"))
    assert malformed.json()["type"] == "urn:curescore:problem:validation"
    assert counts(engines[0]) == (2, 1)


@pytest.mark.parametrize("first", [ONE, BATCH])
def test_a_key_stands_for_one_address(
    client: Client, body: dict[str, Any], engines: list[sa.Engine], first: str
) -> None:
    both = {"items": [17, body]} if first == BATCH else body
    assert client.post(first, json=both, headers=keyed("a")).status_code == 200
    (other,) = {ONE, BATCH} - {first}
    reused = client.post(other, json=both, headers=keyed("a"))
    assert reused.status_code == 422
    assert reused.json()["type"] == "urn:curescore:problem:idempotency-key-reused"
    assert counts(engines[0]) == (1, 1)


def test_a_batch_that_decided_nothing_has_an_answer_too(
    client: Client, engines: list[sa.Engine], body: dict[str, Any]
) -> None:
    first = client.post(BATCH, json={"items": [1]}, headers=keyed("a"))
    assert client.post(BATCH, json={"items": [1]}, headers=keyed("a")).json() == first.json()
    reused = client.post(BATCH, json={"items": [body]}, headers=keyed("a"))
    assert reused.status_code == 422
    assert counts(engines[0]) == (0, 1)


@pytest.mark.parametrize("key", ["", "a b", "a" * 256, "schlüssel", "tab\there"])
def test_a_key_that_cannot_be_one_is_refused_by_name(
    client: Client, body: dict[str, Any], key: str
) -> None:
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answered = client.post(ONE, json=body, headers=headers)
    assert answered.status_code == 422
    assert answered.json()["errors"][0]["parameter"] == "Idempotency-Key"


def test_the_longest_key_is_taken(client: Client, body: dict[str, Any]) -> None:
    first, again = (client.post(ONE, json=body, headers=keyed("~" * 255)) for _ in range(2))
    assert first.status_code == 200
    assert again.json() == first.json()


def test_callers_have_keys_of_their_own(
    engines: list[sa.Engine], generation: Generation, body: dict[str, Any]
) -> None:
    client = Client(create_app(Settings(auth="keys"), engines[0], lambda: generation, lambda: NOW))
    keys = Keys(engines[0])
    records = [
        client.post(
            ONE, json=body, headers=keyed("a", Authorization=f"Bearer {keys.add(name, 'score')}")
        ).json()
        for name in ("one", "two")
    ]
    assert [record["actor"] for record in records] == ["one", "two"]
    assert counts(engines[0]) == (2, 2)


async def all_at_once(
    apps: list[FastAPI], path: str, content: bytes, times: int
) -> list[httpx.Response]:
    async with (
        apps[0].router.lifespan_context(apps[0]),
        apps[1].router.lifespan_context(apps[1]),
        httpx.AsyncClient(transport=httpx.ASGITransport(apps[0]), base_url=BASE) as one,
        httpx.AsyncClient(transport=httpx.ASGITransport(apps[1]), base_url=BASE) as two,
    ):
        return await asyncio.gather(
            *(
                client.post(path, content=content, headers=keyed(f"key-{i}"))
                for i in range(times)
                for client in (one, two, one, two)
            )
        )


@pytest.mark.parametrize("path", [ONE, BATCH])
def test_at_once_in_two_services_a_key_is_decided_once(
    apps: list[FastAPI], engines: list[sa.Engine], body: dict[str, Any], path: str
) -> None:
    content = json.dumps(body if path == ONE else {"items": [body, body]}).encode()
    answers = asyncio.run(all_at_once(apps, path, content, 25))
    by_key: dict[int, set[str]] = {}
    for i, answer in enumerate(answers):
        if answer.status_code == 409:
            assert answer.json()["type"] == "urn:curescore:problem:idempotency-in-flight"
            assert answer.headers["retry-after"] == "1"
            continue
        assert answer.status_code == 200, answer.text
        by_key.setdefault(i // 4, set()).add(answer.text)
    assert [len(by_key[i]) for i in range(25)] == [1] * 25
    decisions = 25 if path == ONE else 50
    assert counts(engines[0]) == (decisions, 25)
    assert any(answer.status_code == 409 for answer in answers)


def test_the_document_tells_of_keys(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in (ONE, BATCH):
        call = paths[path]["post"]
        assert {"reasons", "accept-language", "Idempotency-Key"} == {
            parameter["name"] for parameter in call["parameters"]
        }
        assert {"409", "422", "503"} <= set(call["responses"])
