"""Stored inputs, as rows or as columns, are the body that was decided."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from service.bodies import examples
from service.bodies.decoding import decode_decision
from service.bodies.inputs import LISTS, body_of, decided_on

NOW = datetime(2025, 7, 3, 12, tzinfo=UTC)


def in_columns(body: dict[str, Any]) -> dict[str, Any]:
    """The body's lists as columns, null where a row has nothing, as a nightly run stores them."""
    lists = {name: body[name] for name in LISTS if name in body}
    return body | {name: _columns(rows) for name, rows in lists.items()}


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def test_rows_and_columns_are_the_same_body(body: dict[str, Any]) -> None:
    rows = decode_decision(msgspec.json.encode(body), NOW)
    assert body_of(rows.inputs) == rows.inputs
    columns = msgspec.json.encode(in_columns(msgspec.json.decode(rows.inputs)))
    assert columns != rows.inputs
    assert decode_decision(body_of(columns), NOW) == rows
    assert decided_on(columns) == decided_on(rows.inputs) == rows.body


def test_a_list_without_rows_is_known_to_be_empty_and_one_left_out_is_not_known() -> None:
    body = examples.decision("USD")
    body["payments"] = []
    del body["contacts"]
    columns = in_columns(body)
    assert columns["payments"] == {}
    decided = decided_on(msgspec.json.encode(columns))
    assert decided.payments == []
    assert decided.contacts is None


def test_what_is_not_known_is_left_out_of_the_rows() -> None:
    body = examples.decision("USD")
    first, second = body["statements"][:2]
    body["statements"] = [first | {"amount_due": 12.5}, second]
    second.pop("amount_due", None)
    told = msgspec.json.decode(body_of(msgspec.json.encode(in_columns(body))))
    assert told["statements"] == body["statements"]


@pytest.mark.parametrize(
    "inputs",
    [
        b"",
        b"[]",
        b'{"as_of":"2025-07-03T12:00:00+00:00"}',
        b'{"statements":{"balance":[1.0,2.0],"status":["open"]}}',
    ],
)
def test_what_is_no_body_is_refused(inputs: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decided_on(inputs)


def test_inputs_without_their_instant_are_refused(body: dict[str, Any]) -> None:
    del body["as_of"]
    with pytest.raises(ValueError, match="an instant"):
        decided_on(msgspec.json.encode(body))
