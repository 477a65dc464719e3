import json
import time
from copy import deepcopy
from typing import Any

import pytest

from service.answers import ProblemAnswer
from service.errors import CATALOGUE, TYPE_PREFIX
from tests.service.conftest import Client

JSON = {"Content-Type": "application/json"}


def changed(body: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The body with one value at a JSON pointer replaced, or added."""
    other: Any = deepcopy(body)
    *parents, last = [int(p) if p.isdigit() else p for p in path.split("/")[1:]]
    at = other
    for part in parents:
        at = at[part]
    if isinstance(at, list):
        at[last : last + 1] = [value]
    else:
        at[last] = value
    return dict(other)


def problem(answered: Any, kind: str) -> dict[str, Any]:
    assert answered.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answered.json()
    ProblemAnswer.model_validate(found)
    assert found["type"] == TYPE_PREFIX + kind
    assert found["status"] == answered.status_code == CATALOGUE[kind].status
    return found


WRONG_VALUES = [
    ("/as_of", "2025-07-02T09:30:00"),  # no offset
    ("/as_of", "2025-07-03T12:05:01Z"),  # more than five minutes ahead
    ("/as_of", 1751466600),
    ("/as_of", "2025-07-02"),
    ("/as_of", "9999-12-31T23:59:59-12:00"),
    ("/account", []),
    ("/account", None),
    ("/account/account_id", ""),
    ("/account/account_id", "x" * 65),
    ("/account/account_id", "a\nb"),
    ("/account/account_id", 17),
    ("/account/product", "creditcard"),
    ("/account/product", None),
    ("/account/currency", "usd"),
    ("/account/currency", "USDD"),
    ("/account/balance", "1840.55"),
    ("/account/balance", 1840.55555),
    ("/account/balance", 1e12),
    ("/account/balance", -1e12),
    ("/account/balance", True),
    ("/account/balance", None),
    ("/account/balance", 10**400),
    ("/account/past_due_amount", -0.01),
    ("/account/days_past_due", -1),
    ("/account/days_past_due", 36_501),
    ("/account/days_past_due", 3.5),
    ("/account/days_past_due", True),
    ("/account/apr", 10.1),
    ("/account/opened_on", "2025-02-30"),
    ("/account/opened_on", "2025-02-03T00:00:00"),
    ("/account/opened_on", "0001-01-01"),
    ("/account/opened_on", "2025-07-03"),
    ("/account/past_due_amount", 1840.56),
    ("/account/jurisdiction", "us"),
    ("/account/jurisdiction", "US-"),
    ("/account/jurisdiction", "US\n"),
    ("/account/timezone", "Mars/Olympus"),
    ("/account/timezone", "../../etc/passwd"),
    ("/account/deceased", 0),
    ("/account/deceased", None),
    ("/account/plan", {"months": 0, "instalment": 1, "kept": True}),
    ("/account/surprise", 1),
    ("/statements", []),
    ("/statements", {}),
    ("/statements", None),
    ("/statements/3", 5),
    ("/statements/3/statement_date", "2025-07-02"),  # known from 3 July, 00:00 in New York
    ("/statements/3/statement_date", "2025-05-31"),  # as another one
    ("/statements/3/statement_date", 20269),
    ("/statements/3/days_past_due", -5),
    ("/statements/3/status", "closed"),
    ("/statements/3/account_id", "another"),
    ("/payments/0/received_at", "2025-07-02T09:30:01-04:00"),
    ("/payments/0/received_at", "2025-06-20T25:00:00Z"),
    ("/payments/0/amount", -1),
    ("/payments/0/reversed", "no"),
    ("/payments/0/reversed_at", "2025-06-01T12:00:00-04:00"),  # reversed is false
    ("/payments/0/account_id", "another"),
    ("/contacts/0/at", "2025-07-02T13:30:01Z"),
    ("/contacts/0/channel", "fax"),
    ("/contacts/0/promised_on", "soon"),
]


@pytest.mark.parametrize(("pointer", "value"), WRONG_VALUES)
def test_a_wrong_value_is_refused_at_its_place(
    client: Client, body: dict[str, Any], pointer: str, value: object
) -> None:
    answered = client.post("/v1/decisions", json=changed(body, pointer, value))
    errors = problem(answered, "validation")["errors"]
    assert any(error["pointer"].startswith(pointer) for error in errors), errors
    for error in errors:
        assert error["remedy"].startswith(("Send", "Leave", "Known", "Did", "A statement counts"))
        assert len(error.get("value", "")) <= 200


@pytest.mark.parametrize(
    "pointer",
    ["/account", "/statements", "/account/deceased", "/account/currency", "/statements/0/status"],
)
def test_a_missing_field_is_named(client: Client, body: dict[str, Any], pointer: str) -> None:
    other: Any = deepcopy(body)
    *parents, last = [int(p) if p.isdigit() else p for p in pointer.split("/")[1:]]
    at = other
    for part in parents:
        at = at[part]
    del at[last]
    errors = problem(client.post("/v1/decisions", json=other), "validation")["errors"]
    assert [(e["pointer"], e["problem"]) for e in errors] == [(pointer, "is missing")]


def test_an_unknown_field_gets_the_nearest_name_or_all_names(
    client: Client, body: dict[str, Any]
) -> None:
    near = client.post("/v1/decisions", json=changed(body, "/statements/1/ammount_due", 1))
    assert problem(near, "validation")["errors"][0] == {
        "pointer": "/statements/1/ammount_due",
        "problem": "is not a known field",
        "value": "1",
        "remedy": "Did you mean amount_due?",
    }
    far = client.post("/v1/decisions", json=changed(body, "/contacts/0/zzz", 1))
    assert "contact_point_id" in problem(far, "validation")["errors"][0]["remedy"]


def test_a_name_with_a_slash_is_escaped_in_the_pointer(
    client: Client, body: dict[str, Any]
) -> None:
    body["a/b~c"] = 1
    found = problem(client.post("/v1/decisions", json=body), "validation")
    assert found["errors"][0]["pointer"] == "/a~1b~0c"


def test_a_statement_is_known_from_the_next_midnight_at_the_accounts_place(
    client: Client, body: dict[str, Any]
) -> None:
    body["as_of"] = "2025-07-01T00:00:00-04:00"
    assert client.post("/v1/decisions", json=body).status_code == 200
    body["as_of"] = "2025-06-30T23:59:59-04:00"
    found = problem(client.post("/v1/decisions", json=body), "validation")
    assert found["errors"][0]["pointer"] == "/statements/3/statement_date"
    assert "2025-07-01T04:00:00+00:00" in found["errors"][0]["remedy"]


REVERSALS = [
    ("2025-05-20T11:59:59-04:00", 422),
    ("2025-05-20T12:00:00-04:00", 200),
    ("2025-07-02T13:30:00Z", 200),
    ("2025-07-02T13:30:01Z", 422),
    (None, 200),
]


@pytest.mark.parametrize(("at", "status"), REVERSALS)
def test_a_payment_is_taken_back_between_its_receipt_and_as_of(
    client: Client, body: dict[str, Any], at: str | None, status: int
) -> None:
    body["payments"][0] |= {"reversed": True, "reversed_at": at}
    answered = client.post("/v1/decisions", json=body)
    assert answered.status_code == status, answered.text
    if status == 422:
        assert problem(answered, "validation")["errors"][0]["pointer"] == "/payments/0/reversed_at"


def test_opened_on_is_judged_at_the_accounts_place(client: Client, body: dict[str, Any]) -> None:
    body["as_of"] = "2025-07-02T16:30:00-04:00"
    body["account"]["opened_on"] = "2025-07-03"
    found = problem(client.post("/v1/decisions", json=body), "validation")
    assert found["errors"][0]["pointer"] == "/account/opened_on"
    assert "2025-07-02" in found["errors"][0]["remedy"]
    body["account"]["timezone"] = "Asia/Tokyo"
    assert client.post("/v1/decisions", json=body).status_code == 200


def test_the_amount_past_due_is_a_part_of_the_balance(client: Client, body: dict[str, Any]) -> None:
    body["account"]["past_due_amount"] = body["account"]["balance"]
    assert client.post("/v1/decisions", json=body).status_code == 200
    body["account"]["past_due_amount"] += 0.01
    found = problem(client.post("/v1/decisions", json=body), "validation")
    assert found["errors"][0]["remedy"] == "Send an amount up to 1840.55."
    body["account"]["balance"] = -1
    problem(client.post("/v1/decisions", json=body), "nothing-owed")


PROMISES = [
    ("2025-06-26", 422),
    ("2025-06-27", 200),  # the day of the contact in New York, the day before in UTC
    ("2026-06-28", 200),
    ("2026-06-29", 422),
    ("2199-12-31", 422),
]


@pytest.mark.parametrize(("day", "status"), PROMISES)
def test_a_promise_is_for_the_year_after_the_contact(
    client: Client, body: dict[str, Any], day: str, status: int
) -> None:
    promise = {"outcome": "promise", "at": "2025-06-27T23:30:00-04:00", "promised_on": day}
    body["contacts"][0] |= promise
    answered = client.post("/v1/decisions", json=body)
    assert answered.status_code == status, answered.text
    if status == 422:
        error = problem(answered, "validation")["errors"][0]
        assert error["pointer"] == "/contacts/0/promised_on"
        assert error["remedy"].startswith("Send a day from 2025-06-27 to 2026-06-28")


def test_a_promise_of_nothing_is_refused(client: Client, body: dict[str, Any]) -> None:
    body["contacts"][0] |= {"outcome": "promise", "promised_amount": 0}
    error = problem(client.post("/v1/decisions", json=body), "validation")["errors"][0]
    assert error["pointer"] == "/contacts/0/promised_amount"
    assert error["remedy"].startswith("Leave promised_amount out")
    body["contacts"][0]["promised_amount"] = 0.01
    assert client.post("/v1/decisions", json=body).status_code == 200


@pytest.mark.parametrize("status", ["restructured", "paid_off", "charged_off", "sold"])
def test_an_account_that_is_not_open_is_refused_in_words_that_fit(
    client: Client, body: dict[str, Any], status: str
) -> None:
    body["statements"][-1]["status"] = status
    found = problem(client.post("/v1/decisions", json=body), "account-ended")
    assert found["title"] == "The account is no longer open"
    assert status in found["detail"]
    assert status.replace("_", " ") in CATALOGUE["account-ended"].meaning


def test_two_statements_on_one_date_and_two_payments_of_one_id_are_refused(
    client: Client, body: dict[str, Any]
) -> None:
    body["statements"].append(dict(body["statements"][0]))
    body["payments"].append(dict(body["payments"][0]))
    found = problem(client.post("/v1/decisions", json=body), "validation")
    assert [error["pointer"] for error in found["errors"]] == [
        "/statements/4/statement_date",
        "/payments/1/payment_id",
    ]


@pytest.mark.parametrize(
    ("pointer", "value", "kind"),
    [
        ("/account/currency", "CNY", "currency-mismatch"),
        ("/account/days_past_due", 0, "no-model-for-stage"),
        ("/account/past_due_amount", 0, "nothing-owed"),
    ],
)
def test_what_cannot_be_decided_is_refused_with_a_kind_of_its_own(
    client: Client, body: dict[str, Any], pointer: str, value: object, kind: str
) -> None:
    found = problem(client.post("/v1/decisions", json=changed(body, pointer, value)), kind)
    assert found["errors"][0]["pointer"] == pointer
    assert found["detail"].endswith(found["errors"][0]["remedy"])


NOT_JSON = [
    b"",
    b"{",
    b"not json",
    b'{"account": NaN}',
    b'{"account": Infinity}',
    b'{"account": -Infinity}',
    b'{"as_of": null, "as_of": null}',
    b'{"account": {"balance": 1, "balance": 1}}',
    b'{"account": "\\ud800"}',
    b'{"\\udc00": 1}',
    b'["\\ud83d"]',
    b'{"account": "\xff"}',
    b'{"account": "\xed\xa0\x80"}',
    b"\xef\xbb\xbf{}",
    b"[" * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b'{"account": ' + b"9" * 5_000 + b"}",
    b"{} {}",
]


@pytest.mark.parametrize("content", NOT_JSON, ids=range(len(NOT_JSON)))
@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/decisions:batch", "/v1/decisions:search"])
def test_what_is_not_plain_json_is_refused(client: Client, path: str, content: bytes) -> None:
    problem(client.post(path, content=content, headers=JSON), "malformed-json")


def test_a_whole_surrogate_pair_is_a_character(client: Client, body: dict[str, Any]) -> None:
    body["account"]["account_id"] = "ok \U0001f642"
    answered = client.post("/v1/decisions", content=json.dumps(body), headers=JSON)
    assert answered.json()["account_id"] == "ok \U0001f642"


@pytest.mark.parametrize("content", [b"null", b"[]", b"17", b'"text"', b"{}"])
def test_json_that_is_no_decision_is_refused(client: Client, content: bytes) -> None:
    problem(client.post("/v1/decisions", content=content, headers=JSON), "validation")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_another_kind_of_body_is_refused(
    client: Client, body: dict[str, Any], headers: dict[str, str]
) -> None:
    answered = client.post("/v1/decisions", content=json.dumps(body).encode(), headers=headers)
    problem(answered, "unsupported-media-type")


def test_unknown_addresses_and_methods_are_problems_too(client: Client) -> None:
    problem(client.get("/v1/nothing"), "not-found")
    problem(client.get("/v1/decisions/not-an-id"), "not-found")
    problem(client.get("/v1/decisions/0198a5b0-0000-7000-8000-000000000000"), "not-found")
    answered = client.get("/v1/decisions")
    problem(answered, "method-not-allowed")
    assert answered.headers["allow"] == "POST"


def test_a_failure_inside_tells_nothing(
    client: Client, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret of A-1001")

    monkeypatch.setattr("service.scoring.decide", broken)
    answered = client.post("/v1/decisions", json=body)
    problem(answered, "internal")
    assert "secret" not in answered.text


def test_many_wrong_fields_are_listed_up_to_a_bound(client: Client, body: dict[str, Any]) -> None:
    body["account"] = {f"unknown_{i}": "x" * 10_000 for i in range(500)}
    answered = client.post("/v1/decisions", json=body)
    assert len(problem(answered, "validation")["errors"]) == 20
    assert len(answered.content) < 20_000


def test_a_list_full_of_mistakes_costs_no_more_than_one(
    client: Client, body: dict[str, Any]
) -> None:
    item = body | {"payments": [{}] * 10_000}
    started = time.perf_counter()
    answered = client.post("/v1/decisions:batch", json={"items": [item] * 100})
    assert answered.json()["refused"] == 100
    assert time.perf_counter() - started < 10


def test_too_many_events_are_refused(client: Client, body: dict[str, Any]) -> None:
    payment = body["payments"][0]
    body["payments"] = [payment | {"payment_id": str(i)} for i in range(10_001)]
    found = problem(client.post("/v1/decisions", json=body), "validation")
    assert found["errors"][0]["pointer"] == "/payments"


def test_nothing_that_was_refused_is_recorded(client: Client, body: dict[str, Any]) -> None:
    client.post("/v1/decisions", json=changed(body, "/account/balance", None))
    client.post("/v1/decisions", json=changed(body, "/account/currency", "CNY"))
    assert client.post("/v1/decisions:search", json={}).json()["decisions"] == []


WRONG_OTHERS = [
    ({"at": "2025-07-02T13:30:01Z"}, "at", "lies after as_of"),
    ({"contact_id": "O-1"}, "contact_id", "is that of /debtor_contacts/0 too"),
    ({"promised_on": "2025-06-26"}, "promised_on", "lies before the day of the contact"),
    ({"channel": "fax"}, "channel", "is not one of the codes"),
    ({"account_id": "A-1001"}, "account_id", "names this account"),
]


@pytest.mark.parametrize(("wrong", "field", "said"), WRONG_OTHERS)
def test_contacts_on_other_accounts_are_checked_like_the_account_s_own(
    client: Client, body: dict[str, Any], wrong: dict[str, Any], field: str, said: str
) -> None:
    contact = body["contacts"][0]
    others = [
        contact | {"contact_id": "O-1", "account_id": "A-2"},
        contact | {"contact_id": "O-2", "account_id": None},
    ]
    sound = client.post("/v1/decisions", json=body | {"debtor_contacts": others})
    assert sound.status_code == 200, sound.text
    others[1] |= wrong
    answered = client.post("/v1/decisions", json=body | {"debtor_contacts": others})
    (error,) = problem(answered, "validation")["errors"]
    assert (error["pointer"], error["problem"]) == (f"/debtor_contacts/1/{field}", said)
    listed = client.post("/v1/decisions", json=body | {"debtor_contacts": others[0]})
    (error,) = problem(listed, "validation")["errors"]
    assert error["remedy"].startswith("Send a list of up to 10,000")


def test_contacts_on_other_accounts_are_a_part_of_the_inputs(
    client: Client, body: dict[str, Any]
) -> None:
    other = body["contacts"][0] | {"contact_id": "O-1"}
    hashes = [
        client.post("/v1/decisions", json=body | sent).json()["inputs_sha256"]
        for sent in ({}, {"debtor_contacts": None}, {"debtor_contacts": [other]})
    ]
    assert hashes[0] == hashes[1] != hashes[2]
