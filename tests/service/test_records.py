"""Records: what is stored of a decision, and what is shown of old and new ones."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from models.decision import Change, Level
from service.answers import RecordAnswer, SearchAnswer
from service.database import DECISIONS
from service.decisions import DecisionLog
from service.records import Entry, entry, shown
from tests.records import EXPLORED, INTENSITY, SECOND, decided, first_record, second_record
from tests.service.conftest import Client

AT = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)


def recorded(**changes: Any) -> dict[str, Any]:
    """The record of a decision, with changes to its intensity, as it is read from the log."""
    made = entry(decided(**changes), {}, decided_at=AT, actor="test")
    record: dict[str, Any] = json.loads(made.record_json)
    assert record == made.record
    return record


def test_the_intensity_is_stored_with_objects_in_its_lists() -> None:
    record = recorded()
    intensity = record["intensity"]
    assert record["schema"] == 3
    assert intensity["levels"][2] == dict(zip(Level._fields, INTENSITY.levels[2], strict=True))
    assert intensity["limits"][0] == {
        "counter": "dials",
        "per": "account",
        "window": "7 days",
        "max": 7,
        "used": 7,
        "rule": "us.reg_f.calls",
    }
    assert intensity["binding_rules"][2] == {
        "rule": "us.reg_f.calls",
        "citation": "12 CFR 1006.14(b)",
        "took_away": "channel:call",
    }
    for name in ("because", "rules_of", "planned", "runner_up", "earliest_contact_at", "plan"):
        assert intensity[name] == getattr(INTENSITY, name)
    for name in ("recommended", "arm", "experiment", "propensities"):
        assert recorded(**EXPLORED)["intensity"][name] == EXPLORED[name]
    assert "treatment_text" not in intensity


def test_a_change_holds_numbers_of_one_kind_in_each_field() -> None:
    intensity = recorded()["intensity"]
    assert intensity["smallest_change"] == {
        "kind": "probability",
        "was_probability": 0.41,
        "to_probability": 0.423123,
        "level": 2,
    }
    assert intensity["other_changes"] == [
        {
            "kind": "amount",
            "field": "past_due_amount",
            "was_amount": 920.0,
            "to_amount": 1310.2501,
            "level": 2,
        },
        {
            "kind": "price",
            "resource": "agent_minutes",
            "was_price": 0.5,
            "to_price": 0.25,
            "level": 2,
        },
        {"kind": "days", "was_days": 28, "to_days": 31, "level": 2},
        {"kind": "rule", "rule": "us_ny_nyc.dcwp.contacts", "level": 2},
    ]
    assert isinstance(intensity["other_changes"][2]["to_days"], int)
    nothing = recorded(changes=())["intensity"]
    assert (nothing["smallest_change"], nothing["other_changes"]) == (None, [])


@pytest.mark.parametrize(
    "record",
    [
        recorded(),
        recorded(plan=None, changes=()),
        recorded(**EXPLORED),
        second_record(),
        first_record(),
    ],
)
def test_every_record_is_shown_as_the_answer_says(record: dict[str, Any]) -> None:
    RecordAnswer.model_validate(shown(record, 5, "en"))
    with pytest.raises(ValidationError, match="treatment_text"):
        RecordAnswer.model_validate(shown(record, 5, "en") | {"intensity": record["intensity"]})


def test_a_change_of_one_kind_with_a_number_of_another_is_no_answer() -> None:
    record = shown(recorded(changes=(Change("probability", None, 0.41, 43.0, 2),)), 5, "en")
    with pytest.raises(ValidationError, match="to_probability"):
        RecordAnswer.model_validate(record)


def test_the_treatment_is_told_in_the_language_asked_for() -> None:
    record = recorded()
    texts = {
        language: shown(record, 5, language)["intensity"]["treatment_text"]
        for language in ("en", "zh")
    }
    assert texts["en"].startswith("Offer the customer a repayment plan. Ability to pay is low")
    assert texts["en"].endswith("Plan: 5 months, 184.00 USD a month at most.")
    assert texts["zh"].startswith("向客户提供分期还款计划。还款能力较低")
    assert "treatment_text" not in record["intensity"]


@pytest.fixture
def first(engine: sa.Engine) -> dict[str, Any]:
    """A record of schema 1 in the log."""
    record = first_record()
    DecisionLog(engine).record([Entry(record, json.dumps(record), "{}")])
    return record


def test_an_old_record_is_read_as_it_was_stored(client: Client, first: dict[str, Any]) -> None:
    read = client.get(f"/v1/decisions/{first['decision_id']}").json()
    RecordAnswer.model_validate(read)
    assert read["schema"] == 1
    assert read["intensity"].pop("treatment_text") == "Remind the customer of what is due."
    assert read["intensity"] == first["intensity"]


def test_a_record_of_schema_2_is_read_as_it_was_stored(client: Client, engine: sa.Engine) -> None:
    record, text = second_record(), SECOND.read_text().strip()
    DecisionLog(engine).record([Entry(record, text, "{}")])
    read = client.get(f"/v1/decisions/{record['decision_id']}").json()
    RecordAnswer.model_validate(read)
    assert read["intensity"].pop("treatment_text").startswith("Offer the customer a repayment")
    assert read["reasons"][0].pop("text")
    assert read == record
    assert (read["schema"], read["intensity"]["arm"]) == (2, None)
    assert "estimated" not in read["intensity"]["levels"][1]


def test_old_records_are_found_beside_a_new_one(
    client: Client, engine: sa.Engine, first: dict[str, Any]
) -> None:
    log = DecisionLog(engine)
    log.record([Entry(second_record(), SECOND.read_text(), "{}")])
    log.record([entry(decided(), {}, decided_at=datetime(2027, 1, 1, tzinfo=UTC), actor="test")])
    found = client.post("/v1/decisions:search", json={"level": 1}).json()
    SearchAnswer.model_validate(found)
    assert [record["schema"] for record in found["decisions"]] == [3, 2, 1]
    held = client.post("/v1/decisions:search", json={"rule": "promise_not_due"}).json()
    assert [record["decision_id"] for record in held["decisions"]] == [first["decision_id"]]
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(DECISIONS)).scalar() == 3
