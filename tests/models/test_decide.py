from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from features.catalogue import NAMES
from features.clock import instant_of
from features.errors import InputError
from features.panel import Panel, View, known_at, panel
from models.account import Account
from models.assessed import Assessed, assess
from models.decide import asked_of, conclude, decide
from models.decision import Decision, Reason
from models.generation import Generation
from models.intensity.ladder import RESOURCES
from models.intensity.plan import Terms, read_plan, write_plan
from models.intensity.policy import Policy, load_policy, parse_policy, policy_content
from models.intensity.response import Ratios
from models.intensity.rules.version import RULES_VERSION
from models.intensity.stakes import share, stakes_of
from models.refusal import Refusal
from models.score.bundle import load, write
from models.score.scores import score
from models.scored import NO_REASON, Scored, names_of, scored
from tests.bundles import OFFSETS, content, small_bundle
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
    contacts = "2024-02-20T10:00 call out promise 60 2024-03-08"
    history = drawn(HISTORY.replace("500 50  0 30", "500 50  0 60"), payments="", contacts=contacts)
    late = replace(ACCOUNT, days_past_due=60, past_due_amount=900.0, balance=2000.0)
    before, after = (
        one(generation, late, history, at(history, instant))
        for instant in ("2024-03-03T15:00", "2024-03-20T15:00")
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


# --- Capacity plans


def planned(
    generation: Generation, plans: Path, prices: float, known: Assessed, levels: Sequence[int]
) -> Generation:
    """With a plan that has these levels for the assessed accounts."""
    nothing = dict.fromkeys(RESOURCES, 0.0)
    terms = Terms(
        run_id="night",
        as_of=instant_of(float(known.as_of.min())),
        decided_at=datetime(2024, 3, 3, 13, tzinfo=UTC),
        prices=nothing | {"agent_minutes": prices},
        capacity=dict.fromkeys(RESOURCES),
        use=nothing,
        value=0.0,
        bound=0.0,
        keeps_minimum=True,
        bundles={target: bundle.sha256 for target, bundle in generation.bundles.items()},
        policy_sha256=generation.policy.sha256,
        currencies=dict(generation.policy.currencies),
        rules=RULES_VERSION,
        n=len(levels),
    )
    folder = write_plan(plans, terms, known.keys, np.array(levels, np.uint8))
    return replace(generation, plan=read_plan(folder))


LATE = replace(ACCOUNT, days_past_due=60, past_due_amount=3_000.0, balance=9_000.0)
LATE_HISTORY = HISTORY.replace("500 50  0 30", "500 50  0 60")
NIGHT, NOON, DAY_AFTER = "2024-03-03T03:00", "2024-03-03T15:00", "2024-03-04T15:00"


def at_night(generation: Generation, history: Panel) -> Assessed:
    return assess(generation, [LATE], history, at(history, NIGHT), 5, keyed=True)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_an_unchanged_account_gets_the_planned_level_at_noon(
    generation: Generation, tmp_path: Path, level: int
) -> None:
    history = drawn(LATE_HISTORY, payments="", contacts="2024-02-01T10:00 call out no_answer")
    alone = one(generation, LATE, history, at(history, NOON)).intensity
    served = planned(generation, tmp_path, 0.0, at_night(generation, history), [level])
    assert alone.level == 3
    for instant in (NIGHT, NOON, DAY_AFTER):
        decision = one(served, LATE, history, at(history, instant))
        assert (decision.intensity.level, decision.intensity.planned) == (level, True)
        assert decision.versions["prices"] == "night"


def test_a_plan_s_levels_last_as_long_as_a_decision_and_never_reach_back(
    generation: Generation, tmp_path: Path
) -> None:
    history = drawn(LATE_HISTORY, payments="", contacts="2024-02-01T10:00 call out no_answer")
    served = planned(generation, tmp_path, 0.0, at_night(generation, history), [0])
    for instant, holds in (
        ("2024-03-03T02:59", False),
        ("2024-03-05T02:59", True),
        ("2024-03-05T03:00", False),
    ):
        decided = one(served, LATE, history, at(history, instant))
        assert (decided.intensity.planned, decided.intensity.level == 0) == (holds, holds)


def test_whatever_is_known_anew_ends_the_plan_s_hold(
    generation: Generation, tmp_path: Path
) -> None:
    known = drawn(LATE_HISTORY, payments="", contacts="2024-02-01T10:00 call out no_answer")
    served = planned(generation, tmp_path, 5.0, at_night(generation, known), [3])
    assert one(served, LATE, known, at(known, NOON)).intensity.level == 3
    called = drawn(
        LATE_HISTORY,
        payments="",
        contacts="""2024-02-01T10:00 call out no_answer
        2024-03-03T09:00 call out no_answer""",
    )
    paid = drawn(
        LATE_HISTORY,
        payments="2024-03-03T09:00 10",
        contacts="2024-02-01T10:00 call out no_answer",
    )
    for history in (called, paid):
        before, after = (
            one(served, LATE, history, at(history, instant)).intensity
            for instant in ("2024-03-03T08:59", NOON)
        )
        assert (before.level, before.planned) == (3, True)
        assert (after.level, after.planned) == (1, False)
        assert [rule.rule for rule in after.binding_rules] == ["capacity"]
    owing_less = replace(LATE, past_due_amount=2_999.0)
    assert not one(served, owing_less, known, at(known, NOON)).intensity.planned
    other = parse_policy(policy_content() + b"\n# another file", "policy.toml")
    by_other = replace(served, policy=other)
    assert not one(by_other, LATE, known, at(known, NOON)).intensity.planned


def test_rules_that_begin_to_bind_go_below_the_plan(generation: Generation, tmp_path: Path) -> None:
    history = drawn(LATE_HISTORY, payments="", contacts="2024-03-02T18:00 call out conversation")
    free = planned(generation, tmp_path, 0.0, at_night(generation, history), [3])
    decision = one(free, LATE, history, at(history, NOON))
    assert (decision.intensity.level, decision.intensity.planned) == (1, True)
    assert decision.intensity.binding_rules[0].rule == "us.reg_f.interval"


def test_a_portfolio_decided_with_its_plan_keeps_to_the_capacity(
    by_stage: Generation, tmp_path: Path
) -> None:
    history, accounts, view = portfolio(21, 300)
    decidable = [
        i
        for i, result in enumerate(decide(by_stage, accounts, history, view))
        if isinstance(result, Decision)
    ]
    kept, part = [accounts[i] for i in decidable], view.take(np.array(decidable))
    known = assess(by_stage, kept, history, part, 5, keyed=True)
    use = by_stage.policy.numbers.use
    free = use[[d.intensity.level for d in conclude(by_stage, kept, known)]].sum(axis=0)
    capacity = np.array([free[0] * 0.4, np.inf, np.inf])
    shared = share(stakes_of(by_stage.policy, asked_of(by_stage, kept, known)), use, capacity)
    served = planned(by_stage, tmp_path, float(shared.prices[0]), known, shared.level.tolist())
    decided = decide(served, kept, history, part, 5)
    levels = np.array([d.intensity.level for d in decided if isinstance(d, Decision)])
    assert decided == conclude(served, kept, known)
    assert (levels == shared.level).all()
    assert 0.9 * capacity[0] < use[levels].sum(axis=0)[0] <= capacity[0] * (1 + 1e-12)


def portfolio(seed: int, n: int) -> tuple[Panel, list[Account], View]:
    """Accounts of all stages at instants within two days."""
    history = panel(*random_tables(seed, accounts=n))
    as_of = np.random.default_rng(seed).uniform(19_258, 19_260, n) * 86_400
    late = np.random.default_rng(seed + 1).choice([0, 30, 60, 90, 120], n).tolist()
    owed = np.random.default_rng(seed + 2).lognormal(5, 1, n).round(2).tolist()
    accounts = [
        replace(
            ACCOUNT,
            account_id=f"a-{i}",
            days_past_due=late[i],
            past_due_amount=owed[i] if late[i] else 0.0,
            balance=owed[i] * 4,
        )
        for i in range(n)
    ]
    return history, accounts, known_at(history, np.arange(n), as_of)


def test_without_a_rule_its_level_comes_back(generation: Generation) -> None:
    history = drawn(LATE_HISTORY, payments="", contacts="")
    flagged = replace(LATE, flags=frozenset({"dispute"}))
    known = assess(generation, [flagged], history, at(history, NOON), 5, keyed=False)
    (barred,) = conclude(generation, [flagged], known)
    (freed,) = conclude(generation, [flagged], known, without=frozenset({"dispute"}))
    assert (barred.intensity.level, freed.intensity.level) == (0, 3)
    assert (
        freed.intensity.changes
        == one(generation, LATE, history, at(history, NOON)).intensity.changes
    )


def test_nobody_can_be_decided(generation: Generation) -> None:
    history = drawn(HISTORY)
    view = at(history, NOON)
    assert decide(generation, [], history, view.take(np.empty(0, np.int64))) == []
    refused = replace(ACCOUNT, currency="EUR")
    assert [type(r) for r in decide(generation, [refused], history, view)] == [Refusal]


# --- Scored accounts of two bundles


def test_bundles_with_different_numbers_of_features_share_one_table(
    tmp_path: Path, by_stage: Generation
) -> None:
    few = NAMES[:7]
    write(tmp_path / "early", content(target="early_warning", features=few))
    bundles = by_stage.bundles | {"early_warning": load(tmp_path / "early")}
    history, accounts, view = portfolio(5, 12)
    targets = ["early_warning" if a.days_past_due == 0 else "cure" for a in accounts]
    most = len(bundles["cure"].features) + 1
    table = scored(bundles, targets, history, view, None)
    assert table.feature.shape == (12, most)
    for i, target in enumerate(targets):
        own = Scored._make(values[i : i + 1] for values in table)
        alone = scored(bundles, targets[i : i + 1], history, view.take(np.array([i])), None)
        width = len(few) if target == "early_warning" else most
        assert alone.feature.shape == (1, width)
        assert (own.feature[0, width:] == NO_REASON).all()
        assert np.isnan(own.share[0, width:]).all()
        assert own.others[0] == 0
        for told, single in zip(own[:5], alone[:5], strict=True):
            assert np.array_equal(told, single)
        for told, single in zip(own[5:8], alone[5:8], strict=True):
            assert np.array_equal(told[:, :width], single, equal_nan=True)
    some = scored(bundles, targets, history, view, 3)
    assert np.array_equal(some.feature, table.feature[:, :3])
    left = np.nansum(table.share[:, 3:], axis=1)
    assert some.others == pytest.approx(left, abs=1e-12)
    mixed = replace(by_stage, bundles=bundles)
    for decision, target in zip(decide(mixed, accounts, history, view), targets, strict=True):
        if isinstance(decision, Decision):
            assert len(decision.reasons) == (len(few) if target == "early_warning" else most)


@pytest.mark.parametrize("kind", ["generation", "by_stage"])
def test_reasons_are_named_by_their_position(kind: str, request: pytest.FixtureRequest) -> None:
    made: Generation = request.getfixturevalue(kind)
    bundle = made.bundles["cure"]
    names = names_of(bundle)
    assert names is names_of(bundle)
    assert tuple(name.feature for name in names[: len(bundle.features)]) == bundle.features
    own = names[len(bundle.features) :]
    assert own == ((("stage_offset", "calibration", "days"),) if kind == "by_stage" else ())
    history = drawn(HISTORY, payments="", contacts="")
    view = at(history, "2024-03-03T12:00")
    reasons = one(made, ACCOUNT, history, view).reasons
    table = scored(made.bundles, ["cure"], history, view, None)
    assert reasons.names is names
    assert reasons.feature.dtype == np.uint16
    assert [len(names), *table.feature[0]] == [len(reasons), *reasons.feature]
    assert np.array_equal(table.value[0], reasons.value, equal_nan=True)
    assert np.array_equal(table.share[0], reasons.contribution)
    assert [r.value is None for r in reasons] == np.isnan(reasons.value).tolist()
    assert np.isnan(reasons.value).any()


# --- Exploration and challengers

DRAWING = """
[exploration]
experiment = "tests"
key = "a secret of the tests"
share = 0.4
challenger_share = 0.3
"""


def policy_with(*changes: tuple[str, str], more: str = "") -> Policy:
    """The packaged policy with these texts replaced and more added at its end."""
    text = policy_content().decode()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return parse_policy(f"{text}{more}".encode(), "policy.toml")


MILDER = policy_with(
    ('name = "default"', 'name = "milder"'),
    ("low_from = 0.60", "low_from = 0.31"),
    ('highest = "intensive"', 'highest = "remind"'),
)


@pytest.fixture(scope="module")
def drawing(by_stage: Generation) -> Generation:
    return replace(by_stage, policy=policy_with(more=DRAWING), challenger=MILDER)


def decided(generation: Generation, at_once: tuple[Panel, list[Account], View]) -> list[Decision]:
    history, accounts, view = at_once
    results = decide(generation, accounts, history, view, 3)
    return [each for each in results if isinstance(each, Decision)]


def test_each_arm_is_decided_and_named_by_its_policy(
    by_stage: Generation, drawing: Generation
) -> None:
    accounts = portfolio(33, 400)
    by_itself = replace(by_stage, policy=MILDER)
    seen = set()
    for found, own, milder in zip(
        *(decided(each, accounts) for each in (drawing, by_stage, by_itself)), strict=True
    ):
        arm = found.intensity.arm
        other = milder if arm == "challenger" else own
        named = drawing.challenger if arm == "challenger" else drawing.policy
        assert named is not None
        assert found.versions["policy"] == f"{named.name}@{named.sha256[:12]}"
        assert found.versions["estimate"] is None
        assert found.score == other.score
        assert found.intensity.recommended == other.intensity.level
        if arm != "explore":
            assert found.intensity.level == other.intensity.level
            assert found.intensity.changes == other.intensity.changes
        late = found.score.target == "cure"
        assert (found.intensity.experiment == "tests") <= late
        seen.add((arm, found.intensity.level == own.intensity.level, found.score == own.score))
    assert {("ordinary", True, True), ("explore", False, True), ("explore", True, True)} < seen
    assert {("challenger", False, True), ("challenger", True, False)} < seen


def test_a_decision_that_explores_is_the_same_alone(drawing: Generation) -> None:
    history, accounts, view = portfolio(34, 60)
    for i, found in enumerate(decide(drawing, accounts, history, view)):
        (alone,) = decide(drawing, accounts[i : i + 1], history, view.take(np.array([i])))
        assert alone == found


def test_what_is_drawn_lasts_until_the_next_statement(drawing: Generation) -> None:
    rows = "2024-01-31 400 40 40 0 1000\n2024-02-29 500 50 0 60 1000\n2024-03-31 500 50 0 90 1000"
    history = drawn(rows, payments="", contacts="")
    explored, changed = 0, 0
    for i in range(60):
        account = replace(LATE, account_id=f"A-{i}")
        first, same, later = (
            one(drawing, account, history, at(history, instant)).intensity
            for instant in ("2024-03-02T15:00", "2024-03-28T15:00", "2024-04-02T15:00")
        )
        assert (first.arm, first.level) == (same.arm, same.level)
        assert first.propensities == same.propensities
        explored += first.arm == "explore"
        changed += first.arm != later.arm
    assert explored > 10
    assert changed > 10


def test_a_challenger_with_other_rules_is_no_challenger(by_stage: Generation) -> None:
    other = policy_with(("promise_grace_days = 2", "promise_grace_days = 9"))
    with pytest.raises(InputError, match="promise_grace_days of the challenger"):
        replace(by_stage, challenger=other)


class Estimated:
    """An estimate in which calls are estimated, more so the more days past due."""

    sha256 = "ab" * 32
    estimated = np.zeros((5, 5), np.bool_)
    estimated[1:, 2] = True

    def why(self, stage: int, level: int) -> str | None:
        return None if self.estimated[stage, level] else "few_assignments"

    def ratios(self, features: np.ndarray, _: np.ndarray) -> Ratios:
        strength = 1.1 + features[:, NAMES.index("dpd_last"), None] / 100
        ratio = strength ** np.array([0.0, 1.0, 2.0, 2.0, 2.0])
        return Ratios(ratio, ratio**0.5, ratio**1.5)


def test_an_estimate_shows_in_the_decisions_that_it_decides(by_stage: Generation) -> None:
    policy = policy_with(more=DRAWING.replace("0.4", "0.0"))
    challenger = policy_with(('name = "default"', 'name = "estimating"'))
    challenger._estimate = Estimated()
    generation = replace(by_stage, policy=policy, challenger=challenger)
    arms = {"ordinary": 0, "challenger": 0}
    for each in decided(generation, portfolio(35, 300)):
        intensity, theirs = each.intensity, each.intensity.arm == "challenger"
        arms[intensity.arm] += 1
        assert each.versions["estimate"] == (Estimated.sha256 if theirs else None)
        assert intensity.response_model == "assumed"
        assert [level.estimated for level in intensity.levels] == [False, False, theirs] + [
            False
        ] * 2
        because = "few_assignments" if theirs else "no_estimate"
        for level in intensity.levels:
            if level.estimated:
                adds = level.probability - intensity.levels[0].probability
                assert level.effect_low is not None
                assert level.effect_high is not None
                assert level.effect_low < adds < level.effect_high
                assert level.assumed_because is None
            else:
                assert (level.effect_low, level.effect_high) == (None, None)
                assert level.assumed_because == (because if level.level else None)
    assert min(arms.values()) > 30
