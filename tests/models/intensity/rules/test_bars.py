"""What the counts close: channels, and levels that rest on them."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.tables import CHANNELS
from models.intensity.numbers import Numbers
from models.intensity.policy import load_policy
from models.intensity.rules import bars as bars_module
from models.intensity.rules.bars import BARRING, NO_RULE, Bars, bars
from models.intensity.rules.book import COUNTED
from models.intensity.rules.counts import Counts
from models.intensity.rules.reach import UNREACHABLE
from models.intensity.rules.rule import Frequency

TODAY = 20_600.0
VALID_DAYS = 2
POSITION = {rule.id: k for k, rule in enumerate(COUNTED)}
RESTS_ON = ("", "sms", "call", "letter", "visit")  # main channel of each level


def numbers(per_week: float = 1.0, main: tuple[str, ...] = RESTS_ON) -> Numbers:
    return load_policy().numbers._replace(
        main=np.array([CHANNELS.index(channel) if channel else -1 for channel in main]),
        main_per_week=np.array([0.0, *[per_week] * 4]),
        valid_days=VALID_DAYS,
    )


SPARSE = numbers(per_week=0.2)  # so few contacts that no rule minds the plan


class Left(NamedTuple):
    """What is left of one account, by name."""

    levels: list[int]
    closed: dict[str, tuple[float, str]]
    level_by: dict[int, str]


def left(
    free_in: dict[str, float] | None = None,
    policy: Numbers = SPARSE,
    *,
    bind: tuple[str, ...] = tuple(POSITION),
    unreachable: bool = False,
) -> Left:
    """What is left where rules that are used up are free again in so many days."""
    free_day = np.full((1, len(COUNTED)), TODAY)
    for rule, days in (free_in or {}).items():
        free_day[0, POSITION[rule]] += days
    binding = np.array([[rule.id in bind for rule in COUNTED]])
    counts = Counts(np.zeros((1, len(COUNTED)), np.int64), free_day)
    found = bars(policy, counts, binding, np.array([unreachable]), np.array([TODAY]))
    return named(found)


def named(found: Bars) -> Left:
    closed = {
        channel: (float(found.ready_day[0, c] - TODAY), BARRING[found.barred_by[0, c]].id)
        for c, channel in enumerate(CHANNELS)
        if found.ready_day[0, c] > TODAY
    }
    for c, channel in enumerate(CHANNELS):
        assert (found.barred_by[0, c] == NO_RULE) == (channel not in closed)
    taken = found.level_by[0].tolist()
    return Left(
        np.flatnonzero(found.free[0]).tolist(),
        closed,
        {level: BARRING[by].id for level, by in enumerate(taken) if by != NO_RULE},
    )


@pytest.mark.parametrize("rule", COUNTED, ids=lambda rule: rule.id)
def test_a_used_up_rule_closes_its_channels_and_the_levels_that_rest_on_them(
    rule: Frequency,
) -> None:
    found = left({rule.id: 5})
    assert found.closed == dict.fromkeys(rule.blocks, (5, rule.id))
    taken = [level for level, channel in enumerate(RESTS_ON) if channel in rule.blocks]
    assert found.level_by == dict.fromkeys(taken, rule.id)
    assert found.levels == [level for level in range(5) if level not in taken]


@pytest.mark.parametrize("rule", COUNTED, ids=lambda rule: rule.id)
def test_a_rule_that_does_not_bind_takes_nothing(rule: Frequency) -> None:
    others = tuple(each for each in POSITION if each != rule.id)
    assert left({rule.id: 5}, bind=others) == ([0, 1, 2, 3, 4], {}, {})


def test_a_level_goes_where_its_channel_stays_closed_as_long_as_the_decision_is_valid() -> None:
    before = left({"us.reg_f.calls": VALID_DAYS - 1})
    assert before.levels == [0, 1, 2, 3, 4]
    assert before.closed == {"call": (VALID_DAYS - 1, "us.reg_f.calls")}
    assert left({"us.reg_f.calls": VALID_DAYS}).level_by == {2: "us.reg_f.calls"}


def test_the_rule_that_closes_a_channel_longest_is_named() -> None:
    used_up = {"us.reg_f.calls": 3, "us_ny_nyc.dcwp.contacts": 4, "us.reg_f.interval": 2}
    found = left(used_up)
    assert found.closed == dict.fromkeys(CHANNELS, (4, "us_ny_nyc.dcwp.contacts"))
    assert left({**used_up, "us.reg_f.interval": 6}).closed["call"] == (6, "us.reg_f.interval")
    both = {"us_ma.cmr.calls_and_texts": 4, "us.reg_f.calls": 4}
    assert left(both).closed["call"] == (4, "us.reg_f.calls")


@pytest.mark.parametrize(
    ("rule", "channel", "per_week"),
    [
        ("us.reg_f.calls", "call", 7),
        ("us_ny_nyc.dcwp.contacts", "email", 3),
        ("us_ma.cmr.calls_and_texts", "sms", 2),
        ("us_ma.cmr.visits", "visit", 7 / 30),
    ],
)
def test_a_level_that_plans_more_than_a_rule_allows_goes(
    rule: str, channel: str, per_week: float
) -> None:
    main = ("", "push", "push", "push", channel)
    for planned, levels in (
        (per_week * 0.999, [0, 1, 2, 3, 4]),
        (per_week, [0, 1, 2, 3, 4]),
        (per_week * 1.001, [0, 1, 2, 3]),
    ):
        policy = numbers(planned, main)._replace(main_per_week=np.array([0, 0, 0, 0, planned]))
        found = left(policy=policy, bind=(rule,))
        assert found.levels == levels
        assert found.level_by == ({} if 4 in levels else {4: rule})
        assert found.closed == {}


def test_rules_on_outcomes_days_or_no_channel_do_not_bound_what_is_planned() -> None:
    attempts = {"us.reg_f.calls", "us_ny_nyc.dcwp.contacts"}
    attempts |= {"us_ma.cmr.calls_and_texts", "us_ma.cmr.visits"}
    others = tuple(rule for rule in POSITION if rule not in attempts)
    assert len(others) == len(COUNTED) - len(attempts)
    assert left(policy=numbers(21), bind=others).levels == [0, 1, 2, 3, 4]
    daily = tuple(replace(rule, days=6) for rule in COUNTED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bars_module, "_RULES", bars_module._table(daily))
        assert left(policy=numbers(21)).levels == [0, 1, 2, 3, 4]


def test_the_strictest_rule_that_a_plan_breaks_is_named() -> None:
    calls = ("us.reg_f.calls", "us_ny_nyc.dcwp.contacts", "us_ma.cmr.calls_and_texts")
    for most, strictest in ((1, calls[0]), (2, calls[1]), (3, calls[2])):
        assert left(policy=numbers(8), bind=calls[:most]).level_by[2] == strictest


def test_a_closed_channel_is_named_before_a_plan_that_is_too_dense() -> None:
    found = left({"us.reg_f.interval": 4}, numbers(8))
    assert found.level_by[2] == "us.reg_f.interval"


def test_unreachable_closes_calls_for_good_and_nothing_else() -> None:
    found = left({"us.reg_f.calls": 900}, unreachable=True)
    assert found.closed == {"call": (np.inf, "unreachable")}
    assert found.levels == [0, 1, 3, 4]
    assert found.level_by == {2: "unreachable"}
    assert BARRING[-1] is UNREACHABLE


RULES = st.lists(st.booleans(), min_size=len(COUNTED), max_size=len(COUNTED))


@settings(max_examples=200)
@given(
    st.lists(st.integers(0, 9), min_size=len(COUNTED), max_size=len(COUNTED)),
    RULES,
    RULES,
    st.booleans(),
    st.sampled_from([0.2, 1.0, 2.5, 4.0, 8.0]),
)
def test_more_binding_rules_never_leave_more(
    days: list[int], bind: list[bool], more: list[bool], unreachable: bool, per_week: float
) -> None:
    counts = Counts(
        np.zeros((2, len(COUNTED)), np.int64), np.full((2, len(COUNTED)), TODAY) + np.array(days)
    )
    binding = np.array([bind, [a or b for a, b in zip(bind, more, strict=True)]])
    reach = np.array([False, unreachable])
    found = bars(numbers(per_week), counts, binding, reach, np.full(2, TODAY))
    assert found.free[:, 0].all()
    assert (found.free[1] <= found.free[0]).all()
    assert (found.ready_day[1] >= found.ready_day[0]).all()
    assert ((found.level_by == NO_RULE) == found.free).all()
