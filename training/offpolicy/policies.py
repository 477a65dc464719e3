"""The level that each policy would have given to accounts as they stood at an assignment."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from features.panel import Flags, Floats, Indices, Panel
from models.account import Account
from models.intensity.asked import Asked
from models.intensity.facts import facts
from models.intensity.ladder import CALL, INTENSIVE, LEVELS, NONE, REMIND
from models.intensity.numbers import Numbers
from models.intensity.policy import Policy
from models.intensity.response import Ratios
from models.intensity.ruled import cases_of, ruled_of
from models.intensity.rules.counts import count
from models.intensity.value import NO_PRICES, Cases, Weighed, weigh
from models.score.tier import TIERS
from training.accounts import accounts_of
from training.assigned import Assigned
from training.tables import Tables

# What the probability alone leads to, by tier.
_BY_TIER: dict[str, int] = {"low": NONE, "medium": REMIND, "high": CALL, "doubtful": INTENSIVE}
_LEVEL_OF_TIER = np.array([_BY_TIER[tier] for tier in TIERS])
_NO_RULE_LEFT_OUT: frozenset[str] = frozenset()


class Situations(NamedTuple):
    """n accounts as they stood when they were assigned: what policies decide from.

    `accounts` have balance, amount past due and days past due of the time; flags, plan and all
    else are those of today's table, which keeps no history of them. `log_odds` [n] are of a cure
    under ordinary contact.
    """

    panel: Panel
    rows: Assigned
    accounts: list[Account]
    log_odds: Floats


def situations(tables: Tables, panel: Panel, rows: Assigned, log_odds: Floats) -> Situations:
    """The situations of the rows; the panel is that of the tables."""
    today = accounts_of(tables.accounts)
    days = panel.days_past_due[rows.account, rows.view.stop - 1]
    stood = zip(
        rows.account.tolist(),
        rows.balance.tolist(),
        rows.past_due.tolist(),
        days.tolist(),
        strict=True,
    )
    accounts = [
        replace(today[i], balance=balance, past_due_amount=past_due, days_past_due=int(late))
        for i, balance, past_due, late in stood
    ]
    return Situations(panel, rows, accounts, log_odds)


class Leaves(NamedTuple):
    """What a policy's rules and stage bounds leave of n accounts, and what it chooses of that.

    `lowest` and `highest` [n] are the stage's levels; `highest_free` is within the caps too.
    """

    weighed: Weighed
    allowed: Flags  # [n × 5], at or below every cap and free of rules; level none always
    lowest: Indices
    highest: Indices


def leaves(policy: Policy, given: Situations, ratios: Ratios, estimated: Flags | None) -> Leaves:
    """What the policy leaves and chooses, as if resources were plenty and nobody were drawn.

    `ratios` [n × 5] hold in the cells [5 stages × 5 levels] that are `estimated`; None: nowhere.
    """
    numbers = _numbers(policy, estimated)
    asked = _asked(policy, given, ratios)
    ruled = ruled_of(policy, asked, _NO_RULE_LEFT_OUT)
    cases = cases_of(policy, asked, ruled, _NO_RULE_LEFT_OUT)
    weighed = weigh(numbers, NO_PRICES, cases)
    return Leaves(
        weighed,
        _allowed(cases, weighed),
        numbers.lowest[weighed.stage],
        numbers.highest[weighed.stage],
    )


def plain_levels(left: Leaves) -> Mapping[str, Indices]:
    """The levels [n] of the policies that weigh nothing, by name."""
    n = len(left.weighed.level)
    return {
        "nothing": np.full(n, NONE),
        "call_everyone": _within(left, np.full(n, CALL)),
        "thresholds": _within(left, _LEVEL_OF_TIER[left.weighed.tier]),
    }


def _within(left: Leaves, wanted: Indices) -> Indices:
    """The wanted levels moved into the stage's bounds, then down to what the rules leave."""
    bounded = np.clip(wanted, left.lowest, left.highest)
    levels = np.arange(len(LEVELS))
    found: Indices = np.where(left.allowed & (levels <= bounded[:, None]), levels, NONE).max(axis=1)
    return found


def _allowed(cases: Cases, weighed: Weighed) -> Flags:
    cap = np.where(weighed.transit, np.minimum(cases.cap, REMIND), cases.cap)
    return np.asarray(cases.free & (np.arange(len(LEVELS)) <= cap[:, None]))


def _numbers(policy: Policy, estimated: Flags | None) -> Numbers:
    numbers = policy.numbers
    cells = np.zeros_like(numbers.estimated) if estimated is None else estimated
    return numbers._replace(estimated=np.ascontiguousarray(cells))


def _asked(policy: Policy, given: Situations, ratios: Ratios) -> Asked:
    view, panel = given.rows.view, given.panel
    known = facts(panel, view, given.accounts, policy)
    nothing = np.full(len(given.accounts), np.nan)
    return Asked(
        accounts=given.accounts,
        as_of=view.as_of,
        newest=panel.known_at[view.row, view.stop - 1],
        log_odds=given.log_odds,
        ability=nothing,  # treatments alone depend on these two
        willingness=nothing,
        standing_valid=np.zeros(len(nothing), np.bool_),
        facts=known,
        counts=count(panel, view, known.today),
        ratios=ratios,
    )
