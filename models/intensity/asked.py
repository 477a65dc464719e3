"""Asked: accounts with all that their levels follow from."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.clock import DAY_SECONDS
from models.account import Account
from models.intensity.facts import Facts
from models.intensity.plan import Plan
from models.intensity.policy import Policy
from models.intensity.response import Ratios
from models.intensity.rules.counts import Counts
from models.intensity.value import NO_PRICES

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

NOT_PLANNED = -1


class Asked(NamedTuple):
    """n accounts: `as_of` in UTC seconds, `log_odds` of the target under ordinary contact.

    `newest`, UTC seconds too, is when the last statement became known: it names the cycle.
    `ability` and `willingness` are percentiles, for treatments only where `standing_valid`;
    `ratios` are of the policy's estimate.
    """

    accounts: Sequence[Account]
    as_of: Floats
    newest: Floats
    log_odds: Floats
    ability: Floats
    willingness: Floats
    standing_valid: Flags
    facts: Facts
    counts: Counts
    ratios: Ratios


def rows_of(asked: Asked, rows: Indices) -> Asked:
    """Those accounts alone, by position."""
    plain = ("as_of", "newest", "log_odds", "ability", "willingness", "standing_valid")
    return asked._replace(
        accounts=[asked.accounts[i] for i in rows.tolist()],
        facts=Facts._make(column[rows] for column in asked.facts),
        counts=Counts._make(column[rows] for column in asked.counts),
        ratios=Ratios._make(column[rows] for column in asked.ratios),
        **{name: getattr(asked, name)[rows] for name in plain},
    )


class Scarcity(NamedTuple):
    """What resources are worth: `prices` [3] of a unit of each, in the policy's unit.

    `planned` [n] is the level that the capacity plan has for an account whose inputs have not
    changed since, NOT_PLANNED for the others. Where not `keeps_minimum`, capacity did not even
    suffice for the stages' lowest levels, and they give way.
    """

    prices: Floats
    keeps_minimum: bool
    planned: Indices


def scarcity_of(
    plan: Plan | None,
    policy: Policy,
    accounts: Sequence[Account],
    as_of: Floats,
    keys: NDArray[np.uint64],
) -> Scarcity:
    """The scarcity that a plan tells of accounts with these fingerprints, all in one currency.

    Its levels hold for as long as a decision of its own would be valid, its prices until the next.
    """
    n = len(accounts)
    planned = np.full(n, NOT_PLANNED, np.int64)
    if plan is None:
        return Scarcity(NO_PRICES, True, planned)
    since, most = plan.terms.as_of.timestamp(), policy.valid_days * DAY_SECONDS
    for i, (at, key) in enumerate(zip(as_of.tolist(), keys.tolist(), strict=False)):
        level = plan.level_of(key) if 0 <= at - since < most else None
        if level is not None:
            planned[i] = level
    prices = plan.prices_in(policy.currencies, accounts[0].currency)
    return Scarcity(prices, plan.terms.keeps_minimum, planned)
