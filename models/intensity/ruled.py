"""Ruled: what protections, holds and contact rules leave of accounts."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.clock import date_of
from models.account import Account
from models.intensity.asked import Asked
from models.intensity.ladder import ESCALATE
from models.intensity.policy import Policy
from models.intensity.rules.bars import Bars, bars
from models.intensity.rules.book import COUNTED, Applicable, applicable
from models.intensity.rules.counts import Counts
from models.intensity.rules.holds import PAYMENT_IN_TRANSIT, holds
from models.intensity.rules.protections import protections
from models.intensity.rules.reach import UNREACHABLE
from models.intensity.rules.rule import Cap, Hours
from models.intensity.value import Cases, in_transit

Flags = NDArray[np.bool_]

_POSITION = {rule.id: position for position, rule in enumerate(COUNTED)}


class Ruled(NamedTuple):
    """What the rules say of n accounts.

    `caps` stand strictest first; `hours` are those that bind, `binding` [n, R] the counted rules
    that do. `unreachable` [n]: so many dials did not reach the debtor that the rule applies.
    """

    applicable: list[Applicable]
    caps: list[list[Cap]]
    hours: list[tuple[Hours, ...]]
    binding: Flags
    unreachable: Flags
    bars: Bars


def ruled_of(policy: Policy, asked: Asked, without: frozenset[str]) -> Ruled:
    """What the rules leave of each account; those whose ids are in `without` are left out."""
    advisory = policy.advisory_rules == "apply"
    facts = asked.facts
    found = [
        _applicable(account.jurisdiction, day, advisory)
        for account, day in zip(asked.accounts, facts.today.tolist(), strict=True)
    ]
    held = zip(asked.accounts, facts.promise_ends.tolist(), facts.received.tolist(), strict=True)
    binding = np.array([each.binding for each in found], np.bool_).reshape(-1, len(COUNTED))
    unreachable = facts.unreached >= policy.treatment.unreachable_dials
    if without:
        binding[:, [_POSITION[rule] for rule in without if rule in _POSITION]] = False
        unreachable &= UNREACHABLE.id not in without
    return Ruled(
        found,
        [_caps(*each, without) for each in held],
        [_hours(each, without) for each in found],
        binding,
        unreachable,
        bars(policy.numbers, asked.counts, binding, unreachable, facts.today),
    )


@lru_cache(maxsize=4_096)
def _applicable(jurisdiction: str, today: float, advisory_binds: bool) -> Applicable:
    return applicable(jurisdiction, date_of(today), advisory_binds)


def _caps(
    account: Account, promise_ends: float, received: float, without: frozenset[str]
) -> list[Cap]:
    """The caps of an account, strictest first; those of one cap by the order of their names."""
    promised = promise_ends == promise_ends  # NaN where no promise holds
    plan, owed = account.plan, account.past_due_amount
    transit = received > 0 and in_transit(received, owed)
    found = holds(promised, plan is not None and plan.kept, transit)
    if account.flags:
        found += protections(account.flags)
    if len(found) > 1:
        # Flags are a set: sorting by name too makes the order the same in every process.
        found.sort(key=lambda rule: (rule.cap, rule.id))
    return [rule for rule in found if rule.id not in without] if without else found


def _hours(rules: Applicable, without: frozenset[str]) -> tuple[Hours, ...]:
    if not without:
        return rules.binding_hours
    return tuple(rule for rule in rules.binding_hours if rule.id not in without)


def cases_of(policy: Policy, asked: Asked, ruled: Ruled, without: frozenset[str]) -> Cases:
    """What each level is weighed by."""
    received = asked.facts.received
    days, past_due, balance, rate = (
        np.array(
            [
                (a.days_past_due, a.past_due_amount, a.balance, policy.rate(a.currency))
                for a in asked.accounts
            ],
            np.float64,
        )
        .reshape(-1, 4)
        .T.copy()
    )
    return Cases(
        asked.log_odds,
        days,
        past_due,
        balance,
        rate,
        np.zeros_like(received) if PAYMENT_IN_TRANSIT.id in without else received,
        np.array([_cap(each) for each in ruled.caps], np.int64),
        ruled.bars.free,
        asked.ratios.odds_ratio,
    )


def _cap(caps: list[Cap]) -> int:
    """The lowest cap but that of a payment in transit, which follows from the amounts."""
    return min((rule.cap for rule in caps if rule is not PAYMENT_IN_TRANSIT), default=ESCALATE)


def cases_without(
    policy: Policy, asked: Asked, ruled: Ruled, cases: Cases, leaving: Sequence[tuple[int, str]]
) -> Cases:
    """The cases of these accounts, by position, each without one more rule, by its id."""
    rows = np.array([i for i, _ in leaving])
    left = Cases._make(column[rows] for column in cases)
    counts = Counts._make(column[rows] for column in asked.counts)
    binding, unreachable = ruled.binding[rows], ruled.unreachable[rows]
    for k, (i, rule) in enumerate(leaving):
        if rule in _POSITION:
            binding[k, _POSITION[rule]] = False
        elif rule == UNREACHABLE.id:
            unreachable[k] = False
        elif rule == PAYMENT_IN_TRANSIT.id:
            left.received[k] = 0.0
        else:
            left.cap[k] = _cap([each for each in ruled.caps[i] if each.id != rule])
    today = asked.facts.today[rows]
    return left._replace(free=bars(policy.numbers, counts, binding, unreachable, today).free)
