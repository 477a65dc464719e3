"""The treatment: every line of its table, what goes before what, and that it fits the account."""

from dataclasses import dataclass, replace
from math import nan
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.tables import REASONS
from models.intensity.instalments import Instalments, instalments
from models.intensity.ladder import (
    CALL,
    ESCALATE,
    INTENSIVE,
    LEVELS,
    NONE,
    REMIND,
    LevelTreatment,
    Treatment,
)
from models.intensity.treatment import BECAUSE, Because, Hold, Treated, treat

OWN: tuple[LevelTreatment, ...] = ("wait", "remind", "negotiate", "negotiate", "escalate")
PLAN = Instalments(10, 30)


@dataclass(frozen=True)
class Case:
    """An account without anything of note: able, willing, reachable, 300 past due."""

    level: int = CALL
    asked: Treatment | None = None
    held: Hold | None = None
    barred: bool = False
    drawn: bool = False
    unreachable: bool = False
    stated: str | None = None
    ability: float = 50
    willingness: float = 50
    standing_valid: bool = True
    past_due: float = 300
    paid_month: float = 30
    overridden: bool = False

    def treated(self) -> Treated:
        return treat(
            self.level,
            OWN[self.level],
            asked=self.asked,
            held=self.held,
            barred=self.barred,
            drawn=self.drawn,
            overridden=self.overridden,
            unreachable=self.unreachable,
            stated=self.stated,
            ability=self.ability,
            willingness=self.willingness,
            standing_valid=self.standing_valid,
            past_due=self.past_due,
            paid_month=self.paid_month,
            low_below=20,
            plan_months=12,
        )


LINES: list[tuple[Case, Treatment, Because, Instalments | None]] = [
    (Case(NONE, asked="wait"), "wait", "protected", None),
    (Case(REMIND, asked="hardship_review"), "hardship_review", "hardship_flagged_plan", PLAN),
    (Case(NONE, asked="hardship_review"), "hardship_review", "hardship_flagged", None),
    (
        Case(REMIND, asked="hardship_review", held="plan_kept"),
        "hardship_review",
        "hardship_flagged",
        None,
    ),
    (
        Case(REMIND, asked="hardship_review", paid_month=nan),
        "hardship_review",
        "hardship_flagged",
        None,
    ),
    (Case(NONE), "wait", "not_worth", None),
    (Case(NONE, unreachable=True), "wait", "not_worth", None),
    (Case(NONE, barred=True), "wait", "barred", None),
    (Case(NONE, barred=True, unreachable=True), "trace", "unreachable", None),
    (Case(NONE, drawn=True), "wait", "drawn", None),
    (Case(NONE, barred=True, drawn=True, unreachable=True), "wait", "drawn", None),
    (Case(REMIND, drawn=True), "remind", "level", None),
    (Case(NONE, overridden=True), "wait", "overridden", None),
    (Case(NONE, asked="wait", overridden=True), "wait", "protected", None),
    (Case(NONE, barred=True, unreachable=True, overridden=True), "wait", "overridden", None),
    (Case(REMIND, overridden=True), "remind", "level", None),
    (Case(REMIND, held="promise_not_due"), "remind", "promise_not_due", None),
    (Case(REMIND, held="plan_kept"), "remind", "plan_kept", None),
    (Case(REMIND, held="payment_in_transit"), "remind", "payment_in_transit", None),
    (Case(REMIND, unreachable=True), "trace", "unreachable", None),
    (Case(ESCALATE, unreachable=True), "trace", "unreachable", None),
    (Case(ESCALATE), "escalate", "escalate", None),
    (Case(ESCALATE, stated="lost_job"), "escalate", "escalate_hardship_stated", None),
    (Case(ESCALATE, stated="illness"), "escalate", "escalate_hardship_stated", None),
    (Case(ESCALATE, stated="cash_flow"), "escalate", "escalate", None),
    (Case(ESCALATE, ability=1, willingness=1), "escalate", "escalate", None),
    (Case(REMIND, stated="lost_job"), "hardship_review", "hardship_stated", None),
    (Case(INTENSIVE, stated="illness"), "hardship_review", "hardship_stated", None),
    (Case(stated="illness", past_due=0), "hardship_review", "hardship_stated", None),
    (Case(ability=19.9, willingness=19.9), "hardship_review", "low_both", None),
    (Case(stated="cash_flow"), "offer_plan", "shortage_stated", PLAN),
    (Case(REMIND, stated="family"), "offer_plan", "shortage_stated", PLAN),
    (Case(stated="cash_flow", willingness=1), "offer_plan", "shortage_stated", PLAN),
    (Case(ability=19.9), "offer_plan", "low_ability", PLAN),
    (Case(ability=19.9, willingness=20), "offer_plan", "low_ability", PLAN),
    (Case(ability=20), "negotiate", "level", None),
    (Case(ability=19.9, paid_month=0), "hardship_review", "nothing_paid", None),
    (Case(ability=19.9, paid_month=24.99), "hardship_review", "plan_too_long", None),
    (Case(ability=19.9, paid_month=nan), "hardship_review", "payments_unknown", None),
    (Case(stated="family", paid_month=0), "hardship_review", "nothing_paid", None),
    (Case(willingness=19.9), "negotiate", "low_willingness", None),
    (Case(willingness=20), "negotiate", "level", None),
    (Case(REMIND, willingness=1), "remind", "level", None),
    (Case(stated="unwilling"), "negotiate", "unwilling_stated", None),
    (Case(REMIND, stated="unwilling"), "remind", "level", None),
    (Case(REMIND, stated="forgot"), "remind", "forgot_stated", None),
    (Case(stated="forgot"), "remind", "forgot_stated", None),
    (Case(stated="forgot", willingness=1), "negotiate", "low_willingness", None),
    (Case(INTENSIVE, stated="forgot"), "negotiate", "level", None),
    (Case(REMIND), "remind", "level", None),
    (Case(), "negotiate", "level", None),
    (Case(stated="dispute"), "negotiate", "level", None),
    (Case(stated="other"), "negotiate", "level", None),
    # Nothing is past due: the percentiles are others', and there is nothing to plan.
    (Case(REMIND, ability=1, willingness=1, past_due=0), "remind", "level", None),
    (Case(REMIND, ability=1, past_due=0), "remind", "level", None),
    (Case(REMIND, stated="cash_flow", past_due=0), "remind", "level", None),
]


@pytest.mark.parametrize(("case", "treatment", "because", "plan"), LINES, ids=lambda x: str(x)[:90])
def test_every_line(
    case: Case, treatment: Treatment, because: Because, plan: Instalments | None
) -> None:
    assert case.treated() == (treatment, because, plan)


def test_every_reason_is_reached() -> None:
    assert {because for _, _, because, _ in LINES} == set(BECAUSE)


def test_what_goes_before_what() -> None:
    """With everything at once, each next line shows when the one before is taken away."""
    case = Case(REMIND, "wait", "plan_kept", False, False, True, "lost_job", 1, 1)
    steps: list[tuple[Case, Because]] = [
        (case, "protected"),
        (case := replace(case, asked="hardship_review"), "hardship_flagged"),
        (case := replace(case, asked=None), "plan_kept"),
        (case := replace(case, held=None), "unreachable"),
        (replace(case, level=NONE), "not_worth"),
        (case := replace(case, unreachable=False), "hardship_stated"),
        (case := replace(case, stated="cash_flow"), "low_both"),
        (case := replace(case, willingness=50), "shortage_stated"),
        (case := replace(case, stated="forgot"), "low_ability"),
        (case := replace(case, ability=50), "forgot_stated"),
        (replace(case, stated=None), "level"),
    ]
    assert [step.treated().because for step, _ in steps] == [because for _, because in steps]


cases = st.builds(
    Case,
    level=st.sampled_from(LEVELS),
    asked=st.sampled_from([None, "wait", "hardship_review"]),
    held=st.sampled_from([None, *get_args(Hold)]),
    barred=st.booleans(),
    drawn=st.booleans(),
    unreachable=st.booleans(),
    stated=st.sampled_from([None, *REASONS]),
    ability=st.floats(0, 100),
    willingness=st.floats(0, 100),
    standing_valid=st.booleans(),
    past_due=st.sampled_from([0.0, 0.01, 300, 1e9]),
    paid_month=st.sampled_from([nan, 0.0, 0.001, 30, 1e9]),
    overridden=st.booleans(),
)


@given(cases, st.floats(0, 100), st.floats(0, 100))
def test_a_standing_that_is_not_valid_changes_nothing(
    case: Case, ability: float, willingness: float
) -> None:
    case = replace(case, standing_valid=False)
    other = replace(case, ability=ability, willingness=willingness)
    assert case.treated() == other.treated()


@given(cases)
def test_a_treatment_fits_the_account(case: Case) -> None:
    treatment, because, plan = case.treated()
    assert because in BECAUSE
    if plan is not None:
        assert not case.held
        assert plan == instalments(case.past_due, case.paid_month, 12)
    assert (treatment == "offer_plan") <= (plan is not None)
    assert (treatment == "escalate") <= (case.level == ESCALATE)
    assert (treatment == "negotiate") <= (case.level >= CALL)
    assert (treatment == "trace") <= case.unreachable
    waiting = because in ("protected", "not_worth", "barred", "drawn", "overridden")
    assert (treatment == "wait") == (waiting or (case.level == NONE and because == case.held))
    if case.level == NONE:
        assert treatment in ("wait", "hardship_review", "trace")
