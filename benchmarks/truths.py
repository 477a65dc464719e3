"""Simulated assignments of which the truth is known, and what policies are truly worth there."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.catalogue import CATALOGUE
from features.matrix import matrix
from features.panel import Flags, Floats, Indices, Panel
from models.intensity.estimate import QUANTILE
from models.intensity.ladder import LEVELS, NONE
from models.intensity.policy import Policy
from models.intensity.response import Ratios, assumed
from models.score.calibration import Calibration
from training.assigned import Assigned, assigned
from training.boosting import margins
from training.config import TrainingConfig
from training.fit import fit
from training.labels import CURE
from training.offpolicy.estimators import PER, Given, Rewards, rewards
from training.offpolicy.policies import Leaves, Situations, leaves, plain_levels, situations
from training.panels import panel_of
from training.population import Window, read_population
from training.progress import silent
from training.sources.simulate import simulate
from training.tables import Tables, read_tables

RATE = 1.0  # simulated amounts are in the policy's unit
ORACLE_TREES = 400
_ORACLE = {
    "objective": "l2",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "max_depth": 5,
    "min_child_samples": 50,
    "max_bin": 63,
    "feature_fraction": 0.5,
    "seed": 0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


class Score(NamedTuple):
    """A score as training fits it: what gives log-odds of a cure under ordinary contact."""

    booster: lightgbm.Booster
    calibration: Calibration


class Drawn(NamedTuple):
    """n assignments of a simulated portfolio, with what is known of them and what is true.

    `features` [n × catalogue]; `truth` [n × 5] is the true probability of a cure by level.
    """

    rows: Assigned
    features: Floats
    truth: Floats
    given: Situations

    def rewards(self, policy: Policy) -> Rewards:
        """What counts by this policy, with the truth as the outcome."""
        return rewards(policy, self.rows, RATE, self.truth)


def scored(
    folder: Path, accounts: int, months: int, seed: int, law: str, config: TrainingConfig
) -> Score:
    """A score fitted on a portfolio of its own."""
    simulate(folder, accounts, months, seed, law)
    population = read_population(folder, CURE, config.seed, Window(), config.most_snapshots)
    known = matrix(population.panel, population.snapshots.view)
    found = fit(known, population.snapshots, CATALOGUE, config, silent)
    return Score(found.booster, found.calibration)


class Recorded(NamedTuple):
    """What a bank knows of a simulated portfolio: `ids` are the panel's accounts in its order."""

    tables: Tables
    panel: Panel
    ids: NDArray[np.str_]
    rows: Assigned
    features: Floats


def recorded(folder: Path, accounts: int, months: int, seed: int, law: str) -> Recorded:
    """The assignments of a portfolio that is simulated into the folder, and their features."""
    simulate(folder, accounts, months, seed, law)
    tables = read_tables(folder)
    panel, ids = panel_of(tables)
    rows = assigned(tables, panel, CURE)
    return Recorded(tables, panel, ids, rows, matrix(panel, rows.view))


def drawn(folder: Path, accounts: int, months: int, seed: int, law: str, score: Score) -> Drawn:
    """The same, with their truth and what policies decide from."""
    log = recorded(folder, accounts, months, seed, law)
    rows, known = log.rows, log.features
    log_odds = score.calibration.log_odds(margins(score.booster, known, threads=1), rows.stage)
    given = situations(log.tables, log.panel, rows, log_odds)
    return Drawn(rows, known, _truth(folder, log.ids[rows.account], rows.day), given)


def _truth(folder: Path, ids: NDArray[np.str_], day: Floats) -> Floats:
    names = [f"probability_{level}" for level in LEVELS]
    frame = pd.read_parquet(
        folder / "truth.parquet", columns=["account_id", "statement_date", *names]
    )
    days = frame["statement_date"].to_numpy("datetime64[D]").astype(np.int64)
    frame.index = pd.MultiIndex.from_arrays([frame["account_id"], days])
    wanted = pd.MultiIndex.from_arrays([ids, day.astype(np.int64)])
    return frame[names].reindex(wanted).to_numpy(np.float64)


class Oracle(NamedTuple):
    """True effects of the levels above none, regressed on the features: one booster for each."""

    boosters: tuple[lightgbm.Booster, ...]

    def effects(self, features: Floats) -> Floats:
        """What each level adds to the probability of a cure, [n × 5]."""
        above = [np.asarray(each.predict(features, num_threads=1)) for each in self.boosters]
        return np.column_stack([np.zeros(len(features)), *above])


def oracle(known: Drawn) -> Oracle:
    """The best that features can tell of effects: fitted on the truth itself, without noise."""
    data = lightgbm.Dataset(known.features, free_raw_data=False)
    boosters = []
    for level in LEVELS[1:]:
        data.set_label(known.truth[:, level] - known.truth[:, NONE])
        boosters.append(lightgbm.train(_ORACLE, data, ORACLE_TREES))
    return Oracle(tuple(boosters))


def levels(
    policy: Policy, known: Drawn, effects: Floats, ratios: Ratios, cells: Flags
) -> dict[str, Given]:
    """The levels that every policy gives, under the same rules.

    `effects` [n × 5] are those by which the oracle decides; `ratios` [n × 5] and `cells`
    [5 stages × 5 levels] are those of an estimate.
    """
    left = leaves(policy, known.given, assumed(len(known.rows)), None)
    found: Mapping[str, Indices] = {
        **plain_levels(left),
        "assumed": left.weighed.level,
        "estimated": leaves(policy, known.given, ratios, cells).weighed.level,
        "oracle": _best(effects, known.rewards(policy), left),
    }
    done = Given(known.rows.level, as_done=True)
    return {"done": done, **{name: Given(level) for name, level in found.items()}}


def _best(effects: Floats, rewarded: Rewards, left: Leaves) -> Indices:
    """The level of the largest net that stage and rules leave; else the highest left below."""
    ladder = np.array(LEVELS)
    below = left.allowed & (ladder <= left.highest[:, None])
    within = below & (ladder >= left.lowest[:, None])
    net = np.where(within, effects * rewarded.worth[:, None] - rewarded.cost, -np.inf)
    lower: Indices = np.where(below, ladder, NONE).max(axis=1)
    return np.where(within.any(axis=1), net.argmax(axis=1), lower)


def true_net(given: Given, rewarded: Rewards) -> Floats:
    """True net value of each assignment [n] over that of no contact; the outcome is the truth.

    Of what was done it is the mean over the draw of the level.
    """
    gain = rewarded.worth[:, None] * (rewarded.outcome - rewarded.outcome[:, [NONE]])
    net = gain - rewarded.cost + rewarded.cost[NONE]
    if given.as_done:
        return np.asarray((rewarded.propensity * net).sum(axis=1))
    return np.asarray(net[np.arange(len(net)), given.level])


def in_cures(rewarded: Rewards) -> Rewards:
    """The same assignments where all that counts is a cure, whatever the amount or the cost."""
    return rewarded._replace(worth=np.ones(len(rewarded.worth)), cost=np.zeros(len(rewarded.cost)))


def per_thousand(net: Floats) -> float:
    """The mean of nets, for as many assignments as values are told of."""
    return float(PER * net.mean())


class Bound(NamedTuple):
    """The least that an unbiased estimate's interval can be, half, at one assignment and at n."""

    of_one: float
    half_width: float

    def rows_for(self, half_width: float) -> float:
        """Assignments that an interval of this half-width needs at least."""
        return (self.of_one / half_width) ** 2


def bound(given: Given, rewarded: Rewards) -> Bound:
    """The efficiency bound of a policy's value over no contact (Hahn, 1998, Econometrica 66:315).

    With p the true probability and e the propensity, of the policy's level and of none,
        variance = E[1{contact} worth² (p(1-p)/e + p0(1-p0)/e0)] + Var(net),
    assignments being independent; where e is 0 nothing is added, so that the bound stays one.
    """
    worth = np.where(given.level == NONE, 0.0, rewarded.worth)
    noise = _noise(rewarded, given.level) + _noise(rewarded, np.full(len(worth), NONE))
    variance = float((worth**2 * noise).mean() + true_net(given, rewarded).var())
    of_one = float(QUANTILE * PER * np.sqrt(variance))
    return Bound(of_one, of_one / float(np.sqrt(len(worth))))


def _noise(rewarded: Rewards, level: Indices) -> Floats:
    every = np.arange(len(level))
    p, e = rewarded.outcome[every, level], rewarded.propensity[every, level]
    return np.divide(p * (1 - p), e, out=np.zeros(len(p)), where=e > 0)
