"""What rules leave of accounts: which bind, where and when, and what `without` leaves out."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from features.errors import InputError
from features.tables import FLAGS
from models.account import Plan
from models.intensity.asked import Asked
from models.intensity.policy import load_policy
from models.intensity.ruled import Ruled, cases_of, ruled_of
from models.intensity.rules.book import COUNTED
from models.intensity.rules.protections import PROTECTIONS
from tests.asking import ACCOUNT, asked, counted, random_asked
from tests.policies import packaged_with

POLICY = load_policy()
EVERY = frozenset[str]()


def ruled(told: Asked, *without: str) -> Ruled:
    return ruled_of(POLICY, told, frozenset(without))


def free(told: Asked, *without: str) -> list[bool]:
    return ruled(told, *without).bars.free[0].tolist()


def cap(told: Asked, *without: str) -> int:
    left = frozenset(without)
    return int(cases_of(POLICY, told, ruled_of(POLICY, told, left), left).cap[0])


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_caps_unless_it_is_left_out(flag: str) -> None:
    flagged = asked(replace(ACCOUNT, flags=frozenset({flag})))
    assert [rule.id for rule in ruled(flagged).caps[0]] == [flag]
    assert cap(flagged) == PROTECTIONS[flag].cap
    assert (cap(flagged, flag), ruled(flagged, flag).caps) == (4, [[]])
    assert cap(flagged, "plan_kept") == PROTECTIONS[flag].cap


def test_caps_stand_strictest_first_and_then_by_name() -> None:
    account = replace(
        ACCOUNT,
        flags=frozenset({"vulnerable", "represented", "complaint"}),
        plan=Plan(6, 20.0, kept=True),
    )
    everything = asked(account, promise_ends=2e9, received=3_000.0)
    names = ["complaint", "represented", "payment_in_transit", "plan_kept", "promise_not_due"]
    assert [rule.id for rule in ruled(everything).caps[0]] == [*names, "vulnerable"]
    left = ruled(everything, "complaint", "plan_kept").caps[0]
    assert [rule.id for rule in left] == [names[1], names[2], names[4], "vulnerable"]


@pytest.mark.parametrize(
    ("received", "owed", "held"),
    [
        (2_999.99, 3_000.0, False),
        (2_999.9999, 3_000.0, False),
        (3_000.0, 3_000.0, True),
        (0.1 + 0.1 + 0.1, 0.3, True),
        (0.0, 0.0, False),
        (500.0, 0.0, False),
    ],
)
def test_a_payment_that_covers_what_is_past_due_holds(
    received: float, owed: float, held: bool
) -> None:
    paid = asked(replace(ACCOUNT, past_due_amount=owed), received=received)
    rules = ruled(paid)
    assert [rule.id for rule in rules.caps[0]] == (["payment_in_transit"] if held else [])
    # weigh makes its own of it, from the amounts, so that amounts can be changed.
    cases = cases_of(POLICY, paid, rules, EVERY)
    assert (cases.cap[0], cases.received[0]) == (4, received)
    left = frozenset({"payment_in_transit"})
    assert cases_of(POLICY, paid, ruled_of(POLICY, paid, left), left).received[0] == 0


def test_a_rule_left_out_frees_what_it_alone_took() -> None:
    spoken = counted(asked(), "us.reg_f.interval", used=1, free_in=6)
    both = counted(spoken, "us.reg_f.calls", used=7, free_in=5)
    barred, everything = [True, True, False, False, True], [True] * 5
    assert free(spoken) == free(both) == free(both, "us.reg_f.calls") == barred
    assert free(spoken, "us.reg_f.interval") == everything
    assert free(both, "us.reg_f.interval", "us.reg_f.calls") == everything
    assert free(both, "us_ma.cmr.visits") == barred


def test_the_unreachable_are_those_whom_so_many_dials_did_not_reach() -> None:
    dials = POLICY.treatment.unreachable_dials
    assert free(asked(unreached=dials - 1)) == [True] * 5
    assert free(asked(unreached=dials)) == [True, True, False, False, True]
    assert free(asked(unreached=dials), "unreachable") == [True] * 5
    assert ruled(asked(unreached=dials)).unreachable.tolist() == [True]


@pytest.mark.parametrize(
    ("jurisdiction", "local", "bars"),
    [
        ("US-NY-NYC", "2026-08-31T23:59:59-04:00", False),
        ("US-NY-NYC", "2026-09-01T00:00:00-04:00", True),
        ("US-NY", "2026-09-01T00:00:00-04:00", False),
        ("FR", "2026-08-31T00:00:00-04:00", True),  # the strictest of all, at any date
    ],
)
def test_a_rule_binds_from_its_day_on_at_the_debtors_place(
    jurisdiction: str, local: str, bars: bool
) -> None:
    account = replace(ACCOUNT, jurisdiction=jurisdiction)
    told = asked(account, datetime.fromisoformat(local).astimezone(UTC))
    used_up = counted(told, "us_ny_nyc.dcwp.contacts", used=3, free_in=7)
    assert free(used_up)[1] != bars


@pytest.mark.parametrize("rule", [rule.id for rule in COUNTED if rule.blocks])
def test_every_rule_closes_its_channels(rule: str) -> None:
    told = asked(replace(ACCOUNT, jurisdiction="FR"))
    (blocks,) = (each.blocks for each in COUNTED if each.id == rule)
    today = told.facts.today[0]
    used_up = ruled(counted(told, rule, used=99, free_in=1)).bars
    assert ((used_up.ready_day[0] > today).sum(), used_up.barred_by[0].max() >= 0) == (
        len(blocks),
        True,
    )
    assert (ruled(counted(told, rule, used=99, free_in=0)).bars.ready_day == today).all()


def test_hours_bind_unless_they_are_left_out_or_only_told() -> None:
    china = asked(replace(ACCOUNT, jurisdiction="CN", timezone="Asia/Shanghai"))
    names = ["cn.gbt_45251.hours", "cn.cba.hours"]
    assert [rule.id for rule in ruled(china).hours[0]] == names
    assert [rule.id for rule in ruled(china, names[0]).hours[0]] == names[1:]
    telling = packaged_with({"advisory_rules": "tell"})
    assert ruled_of(telling, china, EVERY).hours == [()]
    assert [rule.id for rule in ruled_of(telling, asked(), EVERY).hours[0]] == ["us.reg_f.hours"]


def test_cases_hold_the_accounts_as_they_are() -> None:
    told = random_asked(3, 50)
    cases = cases_of(POLICY, told, ruled_of(POLICY, told, EVERY), EVERY)
    for i, account in enumerate(told.accounts):
        assert (cases.days_past_due[i], cases.past_due[i], cases.balance[i], cases.rate[i]) == (
            account.days_past_due,
            account.past_due_amount,
            account.balance,
            POLICY.rate(account.currency),
        )
    assert np.array_equal(cases.log_odds, told.log_odds)
    assert np.array_equal(cases.odds_ratio, told.ratios.odds_ratio)
    assert all(part.flags.c_contiguous for part in cases)


def test_a_currency_without_a_rate_is_refused() -> None:
    told = asked(replace(ACCOUNT, currency="XAU"))
    with pytest.raises(InputError, match="XAU"):
        cases_of(POLICY, told, ruled(told), EVERY)
