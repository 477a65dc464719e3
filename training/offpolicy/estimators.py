"""Off-policy estimates: what levels that were not given would have been worth.

The reward of an assignment is cured × worth - cost of its level. With e the propensity of the
level that a policy gives, I whether it was the one assigned, r the reward and m its mean by the
outcome model, the value of a policy is estimated in two ways:

    SNIPS   Σ (I / e) r / Σ (I / e)              (Swaminathan and Joachims, NIPS 2015)
    DR      mean of  m + (I / e) (r - m)         (Dudík et al., Statistical Science 2014)

Both are of the value over that of no contact at all, in which assignments that the policy does
not contact cancel. Where e is 0 the assignments say nothing: SNIPS leaves such rows out, and in
DR the outcome model speaks alone.
"""

from enum import IntEnum, auto
from typing import NamedTuple

import numpy as np

from features.panel import Flags, Floats, Indices
from models.intensity.ladder import NONE
from models.intensity.numbers import WEEKS
from models.intensity.policy import Policy
from models.target import TARGETS
from training.assigned import Assigned

PER = 1_000  # assignments that values are told of
_CURE = TARGETS.index("cure")


class Rewards(NamedTuple):
    """What counts of n assignments, in the policy's unit.

    `worth` [n] is what a cure is worth, `cost` [5] what a level costs in a cycle and `contacts`
    [5] how many it makes. `outcome` [n × 5] is the modelled probability of a cure by level.
    """

    level: Indices
    propensity: Floats
    cured: Floats
    worth: Floats
    cost: Floats
    contacts: Floats
    outcome: Floats


def rewards(policy: Policy, rows: Assigned, rate: float, outcome: Floats) -> Rewards:
    """The rewards of rows by this policy; amounts are in a currency of which 1 unit is `rate`."""
    numbers = policy.numbers
    amount = rows.balance if numbers.of_balance[_CURE] else rows.past_due
    contacts = [sum(rung.contacts_per_week.values()) * WEEKS for rung in policy.rungs]
    return Rewards(
        rows.level,
        rows.propensity,
        rows.cured,
        numbers.margin[_CURE] * np.maximum(amount, 0.0) / rate,
        numbers.cost,
        np.array(contacts),
        outcome,
    )


class Term(IntEnum):
    """What is summed over the rows of a policy; each estimate is made of such sums."""

    ROWS = 0
    NET = auto()  # DR, of the value over that of no contact
    CURES = auto()  # DR
    BASE_CURES = auto()  # DR, without contact
    CONTACTS = auto()
    WEIGHT = auto()  # of rows that agree with the policy
    WEIGHTED_CURES = auto()
    # SNIPS against no contact, of supported rows: all of them, those where the two differ, and
    # of these the weights of each side with the weighted rewards.
    SUPPORTED = auto()
    DIFFERING = auto()
    OWN_WEIGHT = auto()
    OWN_REWARD = auto()
    BASE_WEIGHT = auto()
    BASE_REWARD = auto()


class Given(NamedTuple):
    """A policy's levels [n]; `as_done`: they are those assigned, so that nothing is estimated."""

    level: Indices
    as_done: bool = False


def weights(given: Given, propensity: Floats, level: Indices) -> Floats:
    """What each row [n] stands for: 1 / propensity where its level is the policy's, else 0.

    0 too where the policy's level had no propensity; 1 everywhere for what was done.
    """
    if given.as_done:
        return np.ones(len(level))
    chance = _at(propensity, given.level)
    return np.where((given.level == level) & (chance > 0), 1 / np.where(chance > 0, chance, 1), 0.0)


def supported(given: Given, propensity: Floats) -> Flags:
    """Whether the policy's level [n] could have been assigned at all."""
    if given.as_done:
        return np.ones(len(propensity), np.bool_)
    return np.asarray(_at(propensity, given.level) > 0)


def terms(given: Given, rows: Rewards) -> Floats:
    """The terms [n × Term] of a policy that are summed for its estimates."""
    base = Given(np.full(len(rows.level), NONE))
    own_weight, base_weight = (weights(each, rows.propensity, rows.level) for each in (given, base))
    cures, base_cures = cures_of(given, rows), cures_of(base, rows)
    reward = rows.cured * rows.worth - rows.cost[rows.level]
    differs = given.level != NONE
    gain = rows.worth * (cures - base_cures) - rows.cost[given.level] + rows.cost[NONE]
    if given.as_done:  # what was given depends on a draw: those without contact count as well
        differs = np.ones(len(differs), np.bool_)
    own, without = supported(given, rows.propensity), supported(base, rows.propensity)
    both = differs & own & without
    found = np.empty((len(reward), len(Term)))
    found[:, Term.ROWS] = 1
    found[:, Term.NET] = np.where(differs, gain, 0.0)
    found[:, Term.CURES] = cures
    found[:, Term.BASE_CURES] = base_cures
    found[:, Term.CONTACTS] = rows.contacts[given.level]
    found[:, Term.WEIGHT] = own_weight
    found[:, Term.WEIGHTED_CURES] = own_weight * rows.cured
    found[:, Term.SUPPORTED] = both | ~differs
    found[:, Term.DIFFERING] = both
    found[:, Term.OWN_WEIGHT] = both * own_weight
    found[:, Term.OWN_REWARD] = both * own_weight * reward
    found[:, Term.BASE_WEIGHT] = both * base_weight
    found[:, Term.BASE_REWARD] = both * base_weight * reward
    return found


def cures_of(given: Given, rows: Rewards) -> Floats:
    """The doubly robust estimate [n] of each row's cure under the policy; may leave 0 to 1."""
    if given.as_done:
        return rows.cured
    weight = weights(given, rows.propensity, rows.level)
    return _at(rows.outcome, given.level) + weight * (rows.cured - _at(rows.outcome, rows.level))


class Estimates(NamedTuple):
    """What a policy is worth, by sums of terms; arrays of any one shape, NaN where not defined.

    `net_dr`, `net_snips`: over the value of no contact, for 1,000 assignments. `extra_cures_dr`:
    cures of 1,000 assignments over those without contact. `contacts`: of an assignment's cycle.
    """

    net_dr: Floats
    net_snips: Floats
    cure_rate_dr: Floats
    cure_rate_snips: Floats
    extra_cures_dr: Floats
    contacts: Floats
    contacts_per_cure_dr: Floats
    contacts_per_cure_snips: Floats


def estimates(sums: Floats) -> Estimates:
    """The estimates that sums [… × Term] of terms lead to."""
    term = {each: sums[..., each] for each in Term}
    n = term[Term.ROWS]
    cure_rate, contacts = _over(term[Term.CURES], n), _over(term[Term.CONTACTS], n)
    snips_rate = _over(term[Term.WEIGHTED_CURES], term[Term.WEIGHT])
    own = _over(term[Term.OWN_REWARD], term[Term.OWN_WEIGHT])
    gain = own - _over(term[Term.BASE_REWARD], term[Term.BASE_WEIGHT])
    differing = _over(term[Term.DIFFERING], term[Term.SUPPORTED])
    return Estimates(
        net_dr=PER * _over(term[Term.NET], n),
        net_snips=PER * np.where(differing == 0, 0.0, differing * gain),
        cure_rate_dr=cure_rate,
        cure_rate_snips=snips_rate,
        extra_cures_dr=PER * _over(term[Term.CURES] - term[Term.BASE_CURES], n),
        contacts=contacts,
        contacts_per_cure_dr=_over(contacts, cure_rate),
        contacts_per_cure_snips=_over(contacts, snips_rate),
    )


def effective_size(weight: Floats) -> float:
    """Kish's effective number of rows: (Σ w)² / Σ w²; 0 where every weight is 0."""
    squares = float((weight**2).sum())
    return float(weight.sum()) ** 2 / squares if squares else 0.0


def _at(values: Floats, level: Indices) -> Floats:
    """Each row's value of a level, of [n × 5]."""
    return np.asarray(values[np.arange(len(level)), level])


def _over(above: Floats, below: Floats) -> Floats:
    """The quotient, NaN where there is nothing to divide by, or less."""
    found = np.full(np.broadcast(above, below).shape, np.nan)
    np.divide(above, below, out=found, where=below > 0)
    return found
