"""The page on which changes to a recorded decision are supposed."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from models.generation import Generation
from models.intensity.policy import load_policy, policy_content
from models.intensity.words.names import level_told
from models.intensity.words.rules import RULES
from models.score.bundle import load
from service.bodies import examples
from service.bodies.inputs import told_of
from service.log.records import Record
from service.review.formats import percent
from service.review.what_if.moved import shares
from service.review.what_if.typed import ALIKE, NEW_AMOUNT, NEW_AT, recorded_fields, supposed
from service.served.kept import keep_policy
from tests.bundles import small_bundle
from tests.nightinputs import random_inputs
from tests.service.pages import submit
from tests.service.reviewers import Reviewers, rows_of, settings_of
from tests.service.test_replaying import recorded

SIGNING_IN = {"keys", "key_uses", "sessions"}  # tables that any request may touch

Body = dict[str, Any]


@pytest.fixture
def at_work(
    engine: sa.Engine, tmp_path: Path, bundle_dir: Path, generation: Generation
) -> Reviewers:
    return Reviewers(engine, settings_of(tmp_path, bundle_dir), generation)


def address(record: Record) -> str:
    return f"/review/decisions/{record['decision_id']}/what-if"


def typed(html: str) -> dict[str, str]:
    """The form as a browser would send it back."""
    form = html[html.index('<form class="suppose"') :]
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        told = dict(re.findall(r'(\w[\w-]*)="([^"]*)"', tag))
        if told.get("type") == "checkbox":
            if " checked" in tag:
                fields[told["name"]] = "on"
        elif told["name"] != "csrf":
            fields[told["name"]] = unescape(told["value"])
    return fields


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def explained(at_work: Reviewers, body: Body, **changes: Any) -> Record:
    """What the API says of these changes."""
    answered = at_work.strategy.post(
        "/v1/decisions:explain?reasons=all", json=body | {"changes": changes}
    )
    assert answered.status_code == 200, answered.text
    told: Record = answered.json()
    return told


def test_the_form_holds_the_recorded_figures(at_work: Reviewers) -> None:
    record = at_work.decided(hardship=True)
    answered = at_work.anna.get(address(record))
    assert answered.status_code == 200
    fields = typed(answered.text)
    body = examples.decision("USD") | {"account": examples.decision("USD")["account"]}
    body["account"]["hardship"] = True
    assert fields == recorded_fields(body)
    assert fields["account.balance"] == "1840.55"
    assert fields["statement.days_past_due"] == "10"
    assert fields["flag.hardship"] == "on"
    assert "flag.dispute" not in fields
    assert fields[NEW_AT] == "2025-07-02T09:30"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_supposed_is_what_the_api_explains(at_work: Reviewers, language: Any) -> None:
    record = at_work.decided()
    page = at_work.anna.get(f"{address(record)}?lang={language}")
    fields = typed(page.text) | {
        "account.days_past_due": "45",
        "account.past_due_amount": "900.5",
        "flag.hardship": "on",
    }
    before = rows_of(at_work.engine)
    answered = submit(at_work.anna, address(record), **fields)
    assert answered.status_code == 200
    after = rows_of(at_work.engine)
    assert before.keys() == after.keys()
    for table in before.keys() - SIGNING_IN:
        assert before[table] == after[table], table
    body = examples.decision("USD")
    statements = body["statements"]
    statements[-1] = statements[-1] | {"days_past_due": 43}  # the two days since go on
    told = explained(
        at_work,
        examples.decision("USD"),
        account={"days_past_due": 45, "past_due_amount": 900.5, "hardship": True},
        statements=statements,
    )
    text = text_of(answered.text)
    for side in (record, told["after"]):
        assert percent(side["score"]["probability"], language) in text
    assert told["after"]["score"]["stage"] == "M2"
    assert "M2" in text
    levels = [each["intensity"]["level"] for each in (record, told["after"])]
    assert levels == [1, 1]
    assert " ".join([level_told(1, language)] * 2) in text
    assert RULES["hardship"].of(language) in text
    assert {"en": "The original is the record", "zh": "原决策即为记录"}[language] in text
    assert typed(answered.text) == fields


def test_a_payment_is_added_altered_and_left_out(at_work: Reviewers) -> None:
    record = at_work.decided()
    fields = typed(at_work.anna.get(address(record)).text)
    assert fields["payment.0"] == "86.7"
    more = {"payment.0": "", NEW_AMOUNT: "92", NEW_AT: "2025-07-02T08:15"}
    answered = submit(at_work.anna, address(record), **fields | more)
    assert answered.status_code == 200
    payment = {
        "payment_id": "P-9",
        "received_at": "2025-07-02T08:15:00-04:00",
        "amount": 92,
        "reversed": False,
    }
    told = explained(at_work, examples.decision("USD"), payments=[payment])
    text = text_of(answered.text)
    assert percent(told["after"]["score"]["probability"], "en") in text
    assert "left out" in text
    assert "A payment that covers the past due amount is in transit" in text


def test_the_statement_is_altered_by_itself_where_the_box_is_not_ticked() -> None:
    body = examples.decision("USD")
    fields = recorded_fields(body) | {"account.balance": "2000", "account.days_past_due": "45"}
    both = supposed(body, fields)
    assert both.carried == ("days_past_due", "balance")
    assert both.changes["statements"][-1]["balance"] == 2000
    assert both.changes["statements"][:-1] == body["statements"][:-1]
    alone = supposed(body, {name: value for name, value in fields.items() if name != ALIKE})
    assert alone.changes == {"account": {"balance": 2000, "days_past_due": 45}}
    own = supposed(body, fields | {"statement.balance": "1900.00"})
    assert own.changes["statements"][-1]["balance"] == 1900
    assert own.carried == ("days_past_due",)


def test_figures_that_differ_are_not_altered_together() -> None:
    body = examples.decision("USD")
    body["account"]["days_past_due"] = 40
    made = supposed(body, recorded_fields(body) | {"account.days_past_due": "50"})
    assert made.changes == {"account": {"days_past_due": 50}}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("account.days_past_due", "soon", "Type a whole number from 0 to 36,500"),
        ("account.days_past_due", "", "Type a whole number from 0 to 36,500"),
        ("account.days_past_due", "12.5", "Type a whole number from 0 to 36,500"),
        ("account.balance", "1,840.55", "with at most 4 decimals and no separators"),
        ("account.balance", "9" * 5_000, "with at most 4 decimals and no separators"),
        ("account.past_due_amount", "1840.56", "Type a number from 0 up to the balance"),
        ("statement.amount_due", "-1", "Type a number of 0 or more"),
        ("statement.amount_paid", "1.23456", "Type a number of 0 or more"),
        ("payment.0", "-5", "Type a number of 0 or more"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(
    at_work: Reviewers, field: str, value: str, said: str
) -> None:
    record = at_work.decided()
    fields = typed(at_work.anna.get(address(record)).text) | {field: value}
    answered = submit(at_work.anna, address(record), **fields)
    assert answered.status_code == 422
    assert typed(answered.text) == fields
    (tag,) = re.findall(rf'<input [^>]*name="{re.escape(field)}"[^>]*>', answered.text)
    assert 'aria-invalid="true"' in tag
    (described,) = re.findall(r'aria-describedby="([^"]+)"', tag)
    (words,) = re.findall(rf'<small id="{described}" class="wrong">([^<]+)<', answered.text)
    assert said in words
    assert answered.text.count("aria-invalid") == 1


@pytest.mark.parametrize("at", ["2025-07-02T09:31", "", "tomorrow"])
def test_a_payment_is_received_before_the_decision(at_work: Reviewers, at: str) -> None:
    record = at_work.decided()
    fields = typed(at_work.anna.get(address(record)).text) | {NEW_AMOUNT: "10", NEW_AT: at}
    answered = submit(at_work.anna, address(record), **fields)
    assert answered.status_code == 422
    (tag,) = re.findall(rf'<input [^>]*name="{NEW_AT}"[^>]*>', answered.text)
    assert 'aria-invalid="true"' in tag
    assert "up to that of the decision" in answered.text


def test_how_late_a_payment_may_be_is_told_in_the_zone_of_its_field(at_work: Reviewers) -> None:
    record = at_work.decided_on(examples.decision("USD") | {"as_of": "2025-07-02T13:30:00Z"})
    fields = typed(at_work.anna.get(address(record)).text)
    assert fields[NEW_AT] == "2025-07-02T09:30"
    late = {NEW_AMOUNT: "50", NEW_AT: "2025-07-02T12:00"}
    answered = submit(at_work.anna, address(record), **fields | late)
    assert answered.status_code == 422
    assert "up to that of the decision, Jul 2, 2025, 09:30:00 -04:00" in text_of(answered.text)


def test_an_account_that_owes_nothing_cannot_be_late(at_work: Reviewers) -> None:
    record = at_work.decided()
    fields = typed(at_work.anna.get(address(record)).text) | {"account.past_due_amount": "0"}
    answered = submit(at_work.anna, address(record), **fields)
    assert answered.status_code == 422
    assert "Nothing is owed" in answered.text
    (tag,) = re.findall(r'<input [^>]*name="account.past_due_amount"[^>]*>', answered.text)
    assert 'aria-invalid="true"' in tag


def test_a_stage_without_a_model_is_said(at_work: Reviewers) -> None:
    record = at_work.decided()
    fields = typed(at_work.anna.get(address(record)).text) | {"account.days_past_due": "0"}
    answered = submit(at_work.anna, address(record), **fields)
    assert answered.status_code == 422
    assert "No model serves this stage" in answered.text


def test_another_model_s_reasons_are_not_held_against_these(
    at_work: Reviewers, tmp_path: Path, bundle_dir: Path, generation: Generation
) -> None:
    other = load(small_bundle(tmp_path / "early_warning", target="early_warning"))
    at_work.generation = replace(
        generation,
        bundles=generation.bundles | {"early_warning": other},
        models=generation.models | {"early_warning": "early_warning/1"},
    )
    record = at_work.decided()
    fields = typed(at_work.anna.get(address(record)).text) | {"account.days_past_due": "0"}
    answered = submit(at_work.anna, address(record), **fields)
    assert answered.status_code == 200
    text = text_of(answered.text)
    assert "another model scores this stage" in text
    assert "Another model scores the supposed account" in text
    assert "pre_due" in text


def test_nothing_changed_is_said(at_work: Reviewers) -> None:
    record = at_work.decided()
    fields = typed(at_work.anna.get(address(record)).text) | {"account.balance": "1840.550"}
    answered = submit(at_work.anna, address(record), **fields)
    assert answered.status_code == 422
    assert "change a figure first" in answered.text


def test_what_decided_then_decides_what_is_supposed(
    at_work: Reviewers, generation: Generation
) -> None:
    record = at_work.decided()
    text = policy_content().decode()
    tighter = text.replace("annoyance_per_contact = 0.10", "annoyance_per_contact = 9")
    assert tighter != text
    path = at_work.settings.home / "other.toml"
    path.write_text(tighter)
    keep_policy(at_work.settings.cache, path)
    at_work.generation = replace(generation, policy=load_policy(path))
    fields = typed(at_work.anna.get(address(record)).text) | {"flag.hardship": "on"}
    answered = submit(at_work.anna, address(record), **fields)
    assert "The original is the record" in answered.text
    assert "Contact level 1 (reminder) 1 (reminder) the same level" in text_of(answered.text)


def test_where_it_is_gone_both_versions_are_named(
    at_work: Reviewers, generation: Generation
) -> None:
    record = at_work.decided()
    for path in at_work.settings.cache.iterdir():
        path.rename(path.with_name(f"gone-{path.name}"))
    at_work.generation = replace(generation, models={"cure": "cure/2"})
    fields = typed(at_work.anna.get(address(record)).text) | {"flag.hardship": "on"}
    answered = submit(at_work.anna, address(record), **fields)
    assert answered.status_code == 200
    text = text_of(answered.text)
    assert "What decided then cannot be asked again here" in text
    assert f"model {record['versions']['model']}" in text
    assert "model cure/2" in text
    assert "The original is the record" not in text


def test_a_person_s_level_is_compared_with_what_the_rules_decide(at_work: Reviewers) -> None:
    record = at_work.decided()
    fields = {"level": "0", "reason": "legal_advice", "text": ""}
    done = submit(at_work.anna, f"/review/decisions/{record['decision_id']}/override", **fields)
    made = at_work.read(done.headers["location"].split("/")[-1].partition("?")[0])
    fields = typed(at_work.anna.get(address(made)).text) | {"flag.dispute": "on"}
    text = text_of(submit(at_work.anna, address(made), **fields).text)
    assert "A person gave level 0 (no contact) here" in text
    assert "Contact level 1 (reminder) 0 (no contact) ▼ less contact" in text


def test_inputs_that_were_united_are_not_united_again(at_work: Reviewers) -> None:
    """What becomes known later was not known when it was decided."""
    record = at_work.decided()
    at = datetime.fromisoformat(examples.decision("USD")["as_of"]) - timedelta(hours=1)
    payment = {"payment_id": "P-7", "account_id": "A-1001", "received_at": at.isoformat()}
    answered = at_work.strategy.post(
        "/v1/payments", json=payment | {"amount": 92.0, "reversed": False}
    )
    assert answered.status_code == 200, answered.text
    fields = typed(at_work.anna.get(address(record)).text) | {"account.balance": "1900"}
    text = text_of(submit(at_work.anna, address(record), **fields).text)
    assert "The original is the record" in text
    assert "in transit" not in text


def test_inputs_of_a_nightly_run_are_supposed_as_well(
    at_work: Reviewers, generation: Generation
) -> None:
    ids = recorded(at_work.engine, generation, random_inputs(3, 20))
    assert ids
    for decision_id in ids:
        record = at_work.read(str(decision_id))
        fields = typed(at_work.anna.get(address(record)).text)
        fields.pop("flag.dispute", None) or fields.update({"flag.dispute": "on"})
        answered = submit(at_work.anna, address(record), **fields)
        assert answered.status_code == 200, text_of(answered.text)
        assert "The original is the record" in answered.text


def test_what_is_shown_adds_up(at_work: Reviewers) -> None:
    record = at_work.decided()
    body = told_of(_inputs(at_work, record))
    fields = recorded_fields(body) | {"account.days_past_due": "45", NEW_AMOUNT: "50"}
    raw = body | {"changes": supposed(body, fields).changes}
    parts = at_work.anna.app.state.parts
    before, after = parts.explaining.explain(raw, at_work.generation, unite=False)
    found = shares(before, after, "en")
    assert found is not None
    assert len(found.rows) > 3
    for column, total, others in zip(
        ("before", "after", "adds"), found.total, found.others, strict=True
    ):
        base = 0 if column == "adds" else found.base
        parts_of = [base, others, *(getattr(row, column) for row in found.rows)]
        assert round(sum(parts_of), 4) == total
    for row in found.rows:
        assert round(row.before + row.adds, 4) == row.after
    assert found.total[0] == round(before.score.log_odds, 4)
    assert found.total[1] == round(after.score.log_odds, 4)
    assert [abs(row.adds) for row in found.rows] == sorted(
        (abs(row.adds) for row in found.rows), reverse=True
    )


def _inputs(at_work: Reviewers, record: Record) -> bytes:
    content = at_work.anna.app.state.parts.log.inputs(UUID(record["decision_id"]))
    assert isinstance(content, bytes)
    return content


def test_no_decision_is_not_found(at_work: Reviewers) -> None:
    for decision_id in ("0197d028-6e00-7000-8f4a-6b6a27ac5d88", "nothing"):
        assert at_work.anna.get(f"/review/decisions/{decision_id}/what-if").status_code == 404


def test_an_account_without_payments_or_optional_figures(at_work: Reviewers) -> None:
    body = examples.decision("USD")
    body["payments"] = None
    body["account"]["account_id"] = "X" * 64
    for name in ("amount_due", "amount_paid", "credit_limit"):
        body["statements"][-1][name] = None
    record = at_work.decided_on(body)
    page = at_work.anna.get(address(record))
    fields = typed(page.text)
    assert "No payments were sent with this account" in page.text
    assert fields["statement.credit_limit"] == ""
    answered = submit(at_work.anna, address(record), **fields | {"statement.amount_due": "75.5"})
    assert answered.status_code == 200
    assert "The original is the record" in answered.text
