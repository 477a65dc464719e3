"""What the OpenAPI document tells is what the service does."""

import re
from typing import Any

import pytest

from features.tables import ACCOUNTS, TABLES
from service.bodies.columns import Cell
from service.bodies.schemas import AccountBody
from tests.service.conftest import Client


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def test_every_call_may_be_answered_405(document: dict[str, Any]) -> None:
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            assert "application/problem+json" in call["responses"]["405"]["content"], (method, path)


def test_calls_without_a_key_never_ask_for_one(document: dict[str, Any]) -> None:
    for path in ("/healthz", "/readyz"):
        assert {"401", "403"}.isdisjoint(document["paths"][path]["get"]["responses"])


def test_a_body_may_come_too_slowly(document: dict[str, Any]) -> None:
    for calls in document["paths"].values():
        for call in calls.values():
            assert ("408" in call["responses"]) == ("requestBody" in call)


def test_patterns_are_those_of_the_columns(document: dict[str, Any]) -> None:
    fields = document["components"]["schemas"]["AccountBody"]["properties"]
    for name in ("currency", "jurisdiction"):
        assert fields[name]["pattern"] == f"^(?:{ACCOUNTS.column(name).pattern})$"
    assert fields["balance"]["description"].endswith("at most 4 decimals")
    assert fields["account_id"]["description"].endswith("printable characters only")


def test_a_text_is_taken_as_its_column_says(client: Client, body: dict[str, Any]) -> None:
    pattern = ACCOUNTS.column("jurisdiction").pattern
    for text in ("US", "US-NY-NYC", "GB-A-B-C-D-E", "USA", "US_NY", "U", "US-123456789"):
        body["account"]["jurisdiction"] = text
        answered = client.post("/v1/decisions", json=body)
        assert (answered.status_code == 200) == bool(re.fullmatch(pattern, text)), text


def test_every_text_column_of_a_body_says_what_to_send() -> None:
    cells = [
        part for field in AccountBody.model_fields.values() for part in field.metadata
        if isinstance(part, Cell)
    ]  # fmt: skip
    texts = {cell.column.name for cell in cells if cell.column.kind == "text"}
    assert texts == {column.name for column in TABLES["accounts"].columns if column.kind == "text"}
