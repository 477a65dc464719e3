"""Records: what is stored of a decision, and what is shown of old and new ones."""

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from models.decision import Change, Decision, Level
from service.answers import RecordAnswer, SearchAnswer
from service.log.decisions import DecisionLog
from service.log.records import entry, shown, whole
from service.tables import DECISIONS
from tests.records import EXPLORED, INTENSITY, decided, first_record, second_record
from tests.service.conftest import Client
from tests.storing import AT, made, put, store_whole, stored


def recorded(**changes: Any) -> dict[str, Any]:
    """The record of a decision, with changes to its intensity."""
    return entry(decided(**changes), b"{}", decided_at=AT, actor="test", generation=1)[1]


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
        whole(second_record()),
        whole(first_record()),
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


@pytest.mark.parametrize("changes", [{}, EXPLORED, {"plan": None, "changes": ()}])
def test_a_record_is_read_as_it_was_answered_byte_for_byte(
    engine: sa.Engine, changes: dict[str, Any]
) -> None:
    ((one, record),) = made(engine, decided(**changes))
    put(engine, [one])
    read = DecisionLog(engine).read(one.decision_id)
    assert read is not None
    for reasons in (0, 1, None):
        answered = msgspec.json.encode(shown(record, reasons, "zh"))
        assert msgspec.json.encode(shown(read, reasons, "zh")) == answered


def test_all_reasons_of_a_real_decision_are_read_with_the_same_bits(
    engine: sa.Engine, decision: Decision
) -> None:
    """Also one whose value is not known."""
    values = decision.reasons.value.copy()
    values[3] = np.nan
    ((one, record),) = made(
        engine, replace(decision, reasons=replace(decision.reasons, value=values))
    )
    put(engine, [one])
    read = DecisionLog(engine).read(one.decision_id)
    assert read is not None
    assert read == record
    assert read["reasons"][3].value is None
    for name in ("feature", "value", "contribution"):
        was, now = getattr(decision.reasons, name), getattr(read["reasons"], name)
        assert now.tobytes() == (values if name == "value" else was).tobytes()


def test_what_is_left_out_is_summed_up(decision: Decision) -> None:
    _, record = entry(decision, b"{}", decided_at=AT, actor="test", generation=1)
    total = record["score"]["log_odds"] - record["score"]["base_log_odds"]
    for reasons in (0, 5, None):
        told = shown(record, reasons, "en")
        parts = [reason["contribution"] for reason in told["reasons"]]
        assert sum(parts, told["other_contributions"]) == pytest.approx(total, abs=1e-9)


@pytest.fixture
def first(engine: sa.Engine) -> dict[str, Any]:
    """A record of schema 1 in the log."""
    record = first_record()
    store_whole(engine, record)
    return record


def test_an_old_record_is_read_as_it_was_stored(client: Client, first: dict[str, Any]) -> None:
    read = client.get(f"/v1/decisions/{first['decision_id']}").json()
    RecordAnswer.model_validate(read)
    assert read["schema"] == 1
    assert read["intensity"].pop("treatment_text") == "Remind the customer of what is due."
    assert read["intensity"] == first["intensity"]


def test_a_record_of_schema_2_is_read_as_it_was_stored(client: Client, engine: sa.Engine) -> None:
    record = second_record()
    store_whole(engine, record)
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
    store_whole(engine, second_record())
    stored(engine, decided(), first=86_400)
    found = client.post("/v1/decisions:search", json={"level": 1}).json()
    SearchAnswer.model_validate(found)
    assert [record["schema"] for record in found["decisions"]] == [3, 2, 1]
    held = client.post("/v1/decisions:search", json={"rule": "promise_not_due"}).json()
    assert [record["decision_id"] for record in held["decisions"]] == [first["decision_id"]]
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(DECISIONS)).scalar() == 3
