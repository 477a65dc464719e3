"""Response: what the probability of the target would be under each level of contact.

The served score is a probability under ordinary contact, so it holds the effect of contact
already. With R the odds ratio of a level against none and w its share of ordinary contact,
    served probability = sum over levels of w·aR / (1 + aR)
is solved for a, the odds without contact; those under a level are aR. No effect counts twice.
"""

import math
from typing import NamedTuple

import numpy as np

from features.compiled import compiled
from models.intensity.ladder import LEVELS
from models.intensity.numbers import Floats, Numbers

# A score that is surer than this (log-odds) is taken for as sure: no cent depends on it, and
# products of odds stay finite.
MOST_LOG_ODDS = 100.0
_MOST_STEPS = 100


class Ratios(NamedTuple):
    """Estimated odds ratios of the target under each level against none, of n accounts, [n × 5].

    `low` and `high` are bounds of 95%. NaN where nothing has been estimated.
    """

    odds_ratio: Floats
    low: Floats
    high: Floats


def assumed(n: int) -> Ratios:
    """Those of n accounts for which nothing has been estimated."""
    return Ratios._make(np.full((len(Ratios._fields), n, len(LEVELS)), np.nan))


@compiled
def put_ratios(numbers: Numbers, own: Floats, stage: int, tier: int, ratio: Floats) -> None:
    """Put in the odds ratio [5] of each level against none, of an account in a stage and tier.

    `own` [5] are the account's estimated ones: they hold, whatever its tier, where the level's
    effect is estimated in the stage; what the policy assumes holds elsewhere.
    """
    for level in range(len(ratio)):
        estimated = numbers.estimated[stage, level]
        ratio[level] = own[level] if estimated else numbers.odds_ratio[stage, tier, level]


@compiled
def served(log_odds: float) -> tuple[float, float]:
    """Probability and odds of these log-odds.

    The probability is that of models.score.calibration to the last bit; the odds are bounded.
    """
    bounded = min(max(log_odds, -MOST_LOG_ODDS), MOST_LOG_ODDS)
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds)), math.exp(bounded)
    grown = math.exp(log_odds)
    return grown / (1.0 + grown), math.exp(bounded)


@compiled
def log_odds_of(probability: float) -> float:
    """Log-odds of a probability above 0 and below 1."""
    return math.log(probability) - math.log1p(-probability)


@compiled
def untreated(odds: float, odds_ratio: Floats, logging: Floats) -> float:
    """Odds without contact where ordinary contact, in these shares [5], leads to `odds`.

    `odds_ratio` [5] is of each level against none. Newton's method on P/Q = odds, where P is the
    mean probability and Q = 1 - P is summed by itself, so that both tails keep their digits.
    P/Q is a harmonic mean less 1: concave and rising in the odds without contact. So from its
    tangent at 0 the steps rise to the root and never pass it, and no bracket is needed.
    """
    steepest = 0.0
    for level in range(len(odds_ratio)):
        steepest += logging[level] * odds_ratio[level]
    none = odds / steepest
    for _ in range(_MOST_STEPS):
        reached, missed, slope = 0.0, 0.0, 0.0
        for level in range(len(odds_ratio)):
            stays = 1.0 / (1.0 + none * odds_ratio[level])
            share = logging[level] * stays
            missed += share
            reached += share * none * odds_ratio[level]
            slope += share * stays * odds_ratio[level]
        step = (odds * missed - reached) * missed / (slope * (reached + missed))
        none += step
        if abs(step) <= 1e-9 * none:  # the next one would be about its square
            break
    return none


@compiled
def ordinary(none: float, odds_ratio: Floats, logging: Floats) -> float:
    """Probability under ordinary contact where the odds without contact are `none`."""
    probability = 0.0
    for level in range(len(odds_ratio)):
        odds = none * odds_ratio[level]
        probability += logging[level] * odds / (1.0 + odds)
    return probability


@compiled
def effects(
    odds: float, odds_ratio: Floats, logging: Floats, probability: Floats, gain: Floats
) -> float:
    """Put in each level's probability [5] and what it adds to level none's [5].

    `odds` are those of the served score. Returns the odds without contact.
    """
    none = untreated(odds, odds_ratio, logging)
    left = 1.0 / (1.0 + none)
    for level in range(len(odds_ratio)):
        stays = 1.0 / (1.0 + none * odds_ratio[level])
        probability[level] = none * odds_ratio[level] * stays
        # The difference of the two without its cancellation.
        gain[level] = none * (odds_ratio[level] - 1.0) * stays * left
    return none
