from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.panel import Panel, View, known_at, panel
from models.account import Account
from models.decide import Generation, Refusal, decide
from models.decision import Decision
from models.intensity.policy import load_policy
from models.score.bundle import load
from tests.histories import at, drawn, random_tables

ACCOUNT = Account(
    account_id="a-1",
    product="credit_card",
    security="none",
    currency="USD",
    balance=500.0,
    past_due_amount=60.0,
    days_past_due=30,
    jurisdiction="US",
    timezone="America/New_York",
)
HISTORY = """
    2024-01-31 400 40 40  0 1000
    2024-02-29 500 50  0 30 1000
"""


@pytest.fixture(scope="module")
def generation(bundle_dir: Path) -> Generation:
    bundle = load(bundle_dir)
    return Generation(
        bundles={"cure": bundle},
        models={"cure": "cure/1"},
        policy=load_policy(None),
        code="test",
        tzdata="test",
    )


def one(generation: Generation, account: Account, history: Panel, view: View) -> Decision:
    (result,) = decide(generation, [account], history, view)
    assert isinstance(result, Decision)
    return result


def test_a_decision_holds_score_reasons_level_and_versions(generation: Generation) -> None:
    history = drawn(HISTORY, payments="", contacts="")
    decision = one(generation, ACCOUNT, history, at(history, "2024-03-03T12:00"))
    score = decision.score
    assert decision.as_of == "2024-03-03T07:00:00-05:00"
    assert decision.data_age_days == 2.5
    assert (score.stage, score.target, score.horizon_cycles) == ("M1", "cure", 1)
    total = score.base_log_odds + sum(reason.contribution for reason in decision.reasons)
    assert abs(total - score.log_odds) < 1e-6
    assert abs(1 / (1 + np.exp(-total)) - score.probability) < 1e-6
    shares = [abs(reason.contribution) for reason in decision.reasons]
    assert shares == sorted(shares, reverse=True)
    assert len(decision.reasons) == len(generation.bundles["cure"].features)
    by_name = {reason.feature: reason for reason in decision.reasons}
    assert by_name["dpd_last"].value == 30
    assert by_name["dpd_before_previous"].value is None
    assert decision.versions["bundle_sha256"] == generation.bundles["cure"].sha256
    assert decision.versions["model"] == "cure/1"
    assert decision.status == "effective"


def test_a_protection_takes_the_level_but_not_the_score(generation: Generation) -> None:
    history = drawn(HISTORY, payments="", contacts="")
    view = at(history, "2024-03-03T12:00")
    plain = one(generation, ACCOUNT, history, view)
    bankrupt = one(generation, replace(ACCOUNT, flags=frozenset({"bankruptcy"})), history, view)
    assert bankrupt.score == plain.score
    assert bankrupt.intensity.level == 0 < plain.intensity.level
    assert [rule.rule for rule in bankrupt.intensity.binding_rules] == ["bankruptcy"]


def test_a_promise_in_the_history_holds(generation: Generation) -> None:
    contacts = "2024-03-02T10:00 call out promise 60 2024-03-08"
    history = drawn(HISTORY.replace("500 50  0 30", "500 50  0 60"), payments="", contacts=contacts)
    late = replace(ACCOUNT, days_past_due=60)
    before, after = (
        one(generation, late, history, at(history, instant))
        for instant in ("2024-03-03T12:00", "2024-03-20T12:00")
    )
    assert before.intensity.level == 1 < after.intensity.level
    assert [rule.rule for rule in before.intensity.binding_rules] == ["promise_not_due"]


@pytest.mark.parametrize(
    ("changes", "kind", "pointer"),
    [
        ({"days_past_due": 0}, "no-model-for-stage", "/account/days_past_due"),
        ({"currency": "EUR"}, "currency-mismatch", "/account/currency"),
        ({"balance": 0.0}, "nothing-owed", "/account/balance"),
        ({"past_due_amount": 0.0}, "nothing-owed", "/account/past_due_amount"),
    ],
)
def test_what_cannot_be_decided_is_refused(
    generation: Generation, changes: dict[str, object], kind: str, pointer: str
) -> None:
    history = drawn(HISTORY)
    account = replace(ACCOUNT, **changes)
    (refusal,) = decide(generation, [account], history, at(history, "2024-03-03T12:00"))
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.pointer) == (kind, pointer)
    assert refusal.remedy


def test_an_account_without_a_known_statement_is_refused(generation: Generation) -> None:
    history = drawn(HISTORY)
    (refusal,) = decide(generation, [ACCOUNT], history, at(history, "2024-01-31T12:00"))
    assert isinstance(refusal, Refusal)
    assert refusal.kind == "no-statement"


@pytest.mark.parametrize("status", ["restructured", "paid_off", "charged_off", "sold"])
def test_an_account_that_has_ended_is_refused(generation: Generation, status: str) -> None:
    history = drawn(f"2024-01-31 400 40 40 0 1000\n2024-02-29 500 50 0 30 1000 {status}")
    before, after = (
        decide(generation, [ACCOUNT], history, at(history, instant))[0]
        for instant in ("2024-02-29T12:00", "2024-03-01T00:00")
    )
    assert isinstance(before, Decision)
    assert isinstance(after, Refusal)
    assert (after.kind, after.value) == ("account-ended", status)


def test_an_account_alone_is_decided_as_in_a_batch(generation: Generation) -> None:
    history = panel(*random_tables(11, accounts=60))
    as_of = np.random.default_rng(1).uniform(19_080, 19_300, 60) * 86_400
    view = known_at(history, np.arange(60), as_of)
    late = np.random.default_rng(2).choice([0, 30, 60, 120], 60)
    accounts = [
        replace(ACCOUNT, account_id=f"a-{i}", days_past_due=int(late[i])) for i in range(60)
    ]
    together = decide(generation, accounts, history, view)
    assert {type(result) for result in together} == {Decision, Refusal}
    for i in range(60):
        (alone,) = decide(generation, accounts[i : i + 1], history, view.take(np.array([i])))
        assert alone == together[i]
