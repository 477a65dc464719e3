import json
from copy import deepcopy
from typing import Any

import pytest

from models.generation import Generation
from service.answers import BatchAnswer, RecordAnswer
from service.bodies import examples
from service.served_answer import ModelsAnswer, PolicyAnswer
from tests.service.conftest import Client


def test_a_late_account_is_decided_and_the_record_is_the_answer(
    client: Client, body: dict[str, Any]
) -> None:
    answered = client.post("/v1/decisions", json=body)
    assert answered.status_code == 200, answered.text
    record = answered.json()
    RecordAnswer.model_validate(record)
    assert record["schema"] == 3
    assert record["account_id"] == "A-1001"
    assert record["actor"] == "local"
    assert record["score"]["stage"] == "M1"
    assert record["decided_at"] == "2025-07-03T12:00:00.000000Z"
    assert record["as_of"] == "2025-07-02T09:30:00-04:00"
    assert len(record["reasons"]) == 5
    read = client.get(f"/v1/decisions/{record['decision_id']}")
    assert read.json() == record


@pytest.mark.parametrize("reasons", ["0", "1", "5", "17", "all", "9999"])
def test_base_and_contributions_add_up_to_the_log_odds_served(
    client: Client, body: dict[str, Any], reasons: str
) -> None:
    record = client.post(f"/v1/decisions?reasons={reasons}", json=body).json()
    shares = [reason["contribution"] for reason in record["reasons"]]
    total = record["score"]["base_log_odds"] + sum(shares) + record["other_contributions"]
    assert total == pytest.approx(record["score"]["log_odds"], abs=1e-6)
    assert [abs(share) for share in shares] == sorted(map(abs, shares), reverse=True)
    if reasons.isdigit() and int(reasons) < 20:
        assert len(shares) == int(reasons)


@pytest.mark.parametrize("reasons", ["-1", "many", "", "1.5", "99999", "٣"])
def test_a_wrong_number_of_reasons_is_refused_by_name(
    client: Client, body: dict[str, Any], reasons: str
) -> None:
    answered = client.post("/v1/decisions", params={"reasons": reasons}, json=body)
    assert answered.status_code == 422
    assert answered.json()["errors"][0]["parameter"] == "reasons"


@pytest.mark.parametrize(
    ("accepted", "chinese"),
    [
        ("zh", True),
        ("zh-CN,zh;q=0.9,en;q=0.8", True),
        ("zh ;q=1", True),
        ("en;q=0.8, zh;Q=0.9", True),
        ("ZH-hans-CN ; q=0.001", True),
        ("en;q=0.5, zh;q=0.4", False),
        ("fr", False),
        ("zh;q=0", False),
        ("en;q=0.5, zh;q=inf", False),
        ("en;q=0.5, zh;q=1e9", False),
        ("en;q=0.5, zh;q=1.5", False),
        ("en;q=0.5, zh;q=", False),
    ],
)
def test_sentences_are_rendered_in_the_language_asked_for(
    client: Client, body: dict[str, Any], accepted: str, chinese: bool
) -> None:
    headers = {"Accept-Language": accepted}
    answered = client.post("/v1/decisions", json=body, headers=headers)
    assert answered.headers["content-language"] == ("zh" if chinese else "en")
    assert answered.headers["vary"] == "Accept-Language"
    record = answered.json()
    for reason in record["reasons"]:
        assert ("概率" in reason["text"]) is chinese
    english = client.get(f"/v1/decisions/{record['decision_id']}").json()
    assert all("probability" in reason["text"] for reason in english["reasons"])


def test_every_answer_with_sentences_says_its_language(
    client: Client, body: dict[str, Any]
) -> None:
    chinese = {"headers": {"Accept-Language": "zh"}}
    decision_id = client.post("/v1/decisions", json=body).json()["decision_id"]
    for answered in (
        client.post("/v1/decisions:batch", json={"items": [body]}, **chinese),
        client.post("/v1/decisions:search", json={}, **chinese),
        client.get(f"/v1/decisions/{decision_id}", **chinese),
    ):
        assert answered.headers["content-language"] == "zh"
        assert answered.headers["vary"] == "Accept-Language"
    assert "content-language" not in client.get("/v1/models", **chinese).headers


def test_payments_left_out_are_not_the_same_as_no_payments(
    client: Client, body: dict[str, Any]
) -> None:
    unknown = {name: value for name, value in body.items() if name not in ("payments", "contacts")}
    none = unknown | {"payments": [], "contacts": []}
    records = [client.post("/v1/decisions?reasons=all", json=b).json() for b in (unknown, none)]
    values = [{r["feature"]: r["value"] for r in record["reasons"]} for record in records]
    null = [sum(value is None for value in known.values()) for known in values]
    assert null[0] > null[1]
    as_null = client.post(
        "/v1/decisions?reasons=all", json=unknown | {"payments": None, "contacts": None}
    ).json()
    assert as_null["reasons"] == records[0]["reasons"]


def test_an_account_alone_is_decided_as_in_a_batch_bit_for_bit(
    client: Client, body: dict[str, Any]
) -> None:
    bodies = []
    for i in range(7):
        other = deepcopy(body)
        other["account"]["account_id"] = f"A-{i}"
        other["account"]["past_due_amount"] = round(10.0 + i * 299.3, 2)
        for j, statement in enumerate(other["statements"]):
            statement["balance"] = round(1000.0 + 97.31 * i * j, 2)
        other["statements"] = other["statements"][i % 3 :]
        bodies.append(other)
    batch = client.post("/v1/decisions:batch?reasons=all", json={"items": bodies}).json()
    BatchAnswer.model_validate(batch)
    assert (batch["scored"], batch["refused"]) == (7, 0)
    for other, result in zip(bodies, batch["results"], strict=True):
        alone = client.post("/v1/decisions?reasons=all", json=other).json()
        together = result["decision"]
        assert alone.pop("decision_id") != together.pop("decision_id")
        assert alone == together


def test_good_and_bad_items_of_a_batch_each_get_their_own_answer(
    client: Client, body: dict[str, Any]
) -> None:
    owed_nothing = deepcopy(body)
    owed_nothing["account"]["past_due_amount"] = 0
    misspelt = body | {"statment": [], "request_id": "r3"}
    items = [body, 17, owed_nothing, misspelt, body | {"request_id": "r4"}]
    answered = client.post("/v1/decisions:batch", json={"items": items})
    assert answered.status_code == 200
    batch = answered.json()
    BatchAnswer.model_validate(batch)
    assert (batch["scored"], batch["refused"]) == (2, 3)
    assert [result["index"] for result in batch["results"]] == [0, 1, 2, 3, 4]
    assert [result["request_id"] for result in batch["results"]] == [None, None, None, "r3", "r4"]
    problems = {r["index"]: r["problem"] for r in batch["results"] if "problem" in r}
    assert problems[1]["errors"][0]["pointer"] == "/items/1"
    assert problems[2]["type"] == "urn:curescore:problem:nothing-owed"
    assert problems[2]["errors"][0]["pointer"] == "/items/2/account/past_due_amount"
    assert problems[3]["errors"][0]["pointer"] == "/items/3/statment"
    assert "statements" in problems[3]["errors"][0]["remedy"]
    for i in (0, 4):
        decision_id = batch["results"][i]["decision"]["decision_id"]
        assert client.get(f"/v1/decisions/{decision_id}").json() == batch["results"][i]["decision"]


@pytest.mark.parametrize(
    ("envelope", "pointer"),
    [
        ({}, "/items"),
        ({"items": []}, "/items"),
        ({"items": {}}, "/items"),
        ({"items": [1] * 1001}, "/items"),
        ({"items": [1], "more": 1}, "/more"),
        ([], ""),
    ],
)
def test_a_malformed_envelope_is_refused_whole(
    client: Client, envelope: object, pointer: str
) -> None:
    answered = client.post("/v1/decisions:batch", json=envelope)
    assert answered.status_code == 422
    assert answered.json()["errors"][0]["pointer"] == pointer


def test_a_batch_of_a_thousand_is_decided(client: Client, body: dict[str, Any]) -> None:
    items = [{"request_id": str(i), **body} for i in range(1000)]
    batch = client.post("/v1/decisions:batch?reasons=0", json={"items": items}).json()
    assert batch["scored"] == 1000
    assert len({r["decision"]["decision_id"] for r in batch["results"]}) == 1000


def test_the_examples_in_openapi_work(client: Client) -> None:
    document = client.get("/openapi.json").json()
    for path, scored in (("/v1/decisions", None), ("/v1/decisions:batch", 1)):
        content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        answered = client.post(path, json=content["example"])
        assert answered.status_code == 200, answered.text
        assert scored is None or answered.json()["scored"] == scored
    assert client.post("/v1/decisions:search", json=examples.search()).status_code == 200


def test_what_is_served_is_told_with_hashes(client: Client, generation: Generation) -> None:
    models = client.get("/v1/models").json()
    ModelsAnswer.model_validate(models)
    bundle = generation.bundles["cure"]
    assert models["models"][0]["bundle_sha256"] == bundle.sha256
    assert models["models"][0]["features"] == len(bundle.features)
    policy = client.get("/v1/policy").json()
    PolicyAnswer.model_validate(policy)
    assert policy["sha256"] == models["policy_sha256"] == generation.policy.sha256


def test_a_record_names_what_decided(
    client: Client, body: dict[str, Any], generation: Generation
) -> None:
    versions = client.post("/v1/decisions", json=body).json()["versions"]
    assert versions["bundle_sha256"] == generation.bundles["cure"].sha256
    assert versions["tzdata"] == generation.tzdata


def test_as_of_is_now_where_it_is_left_out(client: Client, body: dict[str, Any]) -> None:
    del body["as_of"]
    record = client.post("/v1/decisions", json=body).json()
    assert record["as_of"] == "2025-07-03T08:00:00-04:00"
    assert record["data_age_days"] == pytest.approx(2 + 8 / 24, abs=1e-3)


def test_the_same_inputs_have_the_same_digest_however_they_are_written(
    client: Client, body: dict[str, Any]
) -> None:
    def digest(text: str) -> str:
        headers = {"Content-Type": "application/json"}
        answered = client.post("/v1/decisions", content=text, headers=headers)
        return str(answered.json()["inputs_sha256"])

    first = digest(json.dumps(body))
    assert digest(json.dumps(dict(reversed(body.items())), indent=3)) == first
    body["account"]["balance"] += 0.01
    assert digest(json.dumps(body)) != first
