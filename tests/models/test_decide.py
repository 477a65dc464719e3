from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.panel import Panel, View, known_at, panel
from models.account import Account
from models.decide import Generation, Refusal, decide
from models.decision import Decision, Reason
from models.intensity.policy import load_policy
from models.score.bundle import load
from models.score.scores import score
from tests.bundles import OFFSETS, small_bundle
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


@pytest.fixture(scope="module")
def by_stage(tmp_path_factory: pytest.TempPathFactory, generation: Generation) -> Generation:
    """Both targets served, with stage offsets in the bundle of cures."""
    folder = tmp_path_factory.mktemp("bundles")
    cure = load(small_bundle(folder / "cure", offsets=OFFSETS))
    early = load(small_bundle(folder / "early", target="early_warning"))
    return replace(
        generation,
        bundles={"cure": cure, "early_warning": early},
        models={"cure": "cure/2", "early_warning": "early_warning/1"},
    )


@pytest.mark.parametrize("most", [0, 1, 2, 5, 20, None])
@pytest.mark.parametrize(("late", "offset"), [(30, 0.0), (60, -0.25), (120, -1.5)])
def test_the_stage_offset_is_a_reason_of_its_own_and_all_adds_up(
    by_stage: Generation, late: int, offset: float, most: int | None
) -> None:
    history = drawn(HISTORY.replace("0 30 1000", f"0 {late} 1000"), payments="", contacts="")
    view = at(history, "2024-03-03T12:00")
    account = replace(ACCOUNT, days_past_due=late + 3)
    (decision,) = decide(by_stage, [account], history, view, most)
    assert isinstance(decision, Decision)
    told = [reason.contribution for reason in decision.reasons]
    assert len(told) == (len(by_stage.bundles["cure"].features) + 1 if most is None else most)
    total = decision.score.base_log_odds + sum(told) + decision.other_contributions
    assert abs(total - decision.score.log_odds) < 1e-9
    assert [abs(share) for share in told] == sorted(map(abs, told), reverse=True)
    own = [reason for reason in decision.reasons if reason.feature == "stage_offset"]
    if most is None:
        assert own == [Reason("stage_offset", "calibration", float(late), "days", offset)]
    elif most == 1:
        assert bool(own) == (offset == -1.5)


def test_without_offsets_there_is_no_reason_for_the_stage(generation: Generation) -> None:
    history = drawn(HISTORY, payments="", contacts="")
    decision = one(generation, ACCOUNT, history, at(history, "2024-03-03T12:00"))
    assert "stage_offset" not in {reason.feature for reason in decision.reasons}


def test_the_bundle_of_an_account_s_stage_decides(by_stage: Generation) -> None:
    history = drawn(HISTORY.replace("0 30 1000", "50 0 1000"), payments="", contacts="")
    view = at(history, "2024-03-03T12:00")
    current = replace(ACCOUNT, days_past_due=0, past_due_amount=0.0)
    early, late = (one(by_stage, account, history, view) for account in (current, ACCOUNT))
    for decision, target, stage in ((early, "early_warning", "pre_due"), (late, "cure", "M1")):
        bundle = by_stage.bundles[target]
        scores = score(bundle, history, view)
        assert (decision.score.target, decision.score.stage) == (target, stage)
        assert decision.score.probability == scores.probability[0]
        assert decision.versions["bundle_sha256"] == bundle.sha256
        assert decision.versions["model"] == by_stage.models[target]
    assert early.score.probability != late.score.probability
    assert early.intensity.level <= 1


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


def test_an_account_alone_is_decided_as_in_a_batch(
    generation: Generation, by_stage: Generation
) -> None:
    history = panel(*random_tables(11, accounts=60))
    as_of = np.random.default_rng(1).uniform(19_080, 19_300, 60) * 86_400
    view = known_at(history, np.arange(60), as_of)
    late = np.random.default_rng(2).choice([0, 30, 60, 120], 60)
    accounts = [
        replace(ACCOUNT, account_id=f"a-{i}", days_past_due=int(late[i])) for i in range(60)
    ]
    for served in (generation, by_stage):
        together = decide(served, accounts, history, view)
        assert {type(result) for result in together} == {Decision, Refusal}
        for i in range(60):
            (alone,) = decide(served, accounts[i : i + 1], history, view.take(np.array([i])))
            assert alone == together[i]
    assert {r.score.target for r in together if isinstance(r, Decision)} == {*by_stage.bundles}
