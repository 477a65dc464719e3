from typing import Any

import pytest

from service.answers import SearchAnswer
from tests.service.conftest import Client


def fill(client: Client, body: dict[str, Any], count: int) -> list[str]:
    items = [
        body | {"account": body["account"] | {"account_id": f"A-{i % 2}"}} for i in range(count)
    ]
    results = client.post("/v1/decisions:batch", json={"items": items}).json()["results"]
    return [result["decision"]["decision_id"] for result in results]


def test_pages_hold_everything_once(client: Client, body: dict[str, Any]) -> None:
    ids = fill(client, body, 25)
    seen: list[str] = []
    cursor = None
    for size in (10, 10, 5):
        page = client.post("/v1/decisions:search", json={"limit": 10, "cursor": cursor}).json()
        SearchAnswer.model_validate(page)
        assert len(page["decisions"]) == size
        seen += [record["decision_id"] for record in page["decisions"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert sorted(seen) == sorted(ids)
    assert seen == sorted(seen, reverse=True)


def test_a_page_that_is_just_full_is_the_last_one(client: Client, body: dict[str, Any]) -> None:
    fill(client, body, 4)
    page = client.post("/v1/decisions:search", json={"limit": 4}).json()
    assert (len(page["decisions"]), page["next_cursor"]) == (4, None)


def test_an_account_is_found_by_what_is_in_the_body(client: Client, body: dict[str, Any]) -> None:
    fill(client, body, 5)
    found = client.post("/v1/decisions:search", json={"account_id": "A-1"}).json()["decisions"]
    assert [record["account_id"] for record in found] == ["A-1", "A-1"]
    sha = found[0]["versions"]["bundle_sha256"]
    level = found[0]["intensity"]["level"]
    everything = {"stage": "M1", "status": found[0]["status"], "model": sha, "level": level}
    assert len(client.post("/v1/decisions:search", json=everything).json()["decisions"]) == 5


@pytest.mark.parametrize("reasons", ["0", "3"])
def test_reasons_and_language_are_those_asked_for(
    client: Client, body: dict[str, Any], reasons: str
) -> None:
    fill(client, body, 1)
    path = f"/v1/decisions:search?reasons={reasons}"
    found = client.post(path, json={}, headers={"Accept-Language": "zh"}).json()["decisions"][0]
    assert len(found["reasons"]) == int(reasons)
    assert all("概率" in reason["text"] for reason in found["reasons"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", 0),
        ("limit", 201),
        ("limit", None),
        ("cursor", "not-a-cursor"),
        ("stage", "M5"),
        ("tier", "lowest"),
        ("level", 5),
        ("status", "done"),
        ("decided_from", "2025-07-01"),
        ("account_id", ""),
        ("acount_id", "x"),
    ],
)
def test_a_wrong_condition_is_refused(client: Client, name: str, value: object) -> None:
    answered = client.post("/v1/decisions:search", json={name: value})
    assert answered.status_code == 422
    error = answered.json()["errors"][0]
    assert error["pointer"] == f"/{name}"
    assert error["remedy"].startswith(("Send", "Did you mean"))


@pytest.mark.parametrize("instant", ["1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"])
def test_before_there_were_instants_nothing_was_decided(
    client: Client, body: dict[str, Any], instant: str
) -> None:
    fill(client, body, 2)
    for wanted, count in (({"decided_until": instant}, 0), ({"decided_from": instant}, 2)):
        answered = client.post("/v1/decisions:search", json=wanted)
        assert answered.status_code == 200, answered.text
        assert len(answered.json()["decisions"]) == count
