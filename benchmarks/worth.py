"""What policies are truly worth, and what a log says they are worth, under one response law."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.truths import (
    Drawn,
    Oracle,
    Score,
    bound,
    drawn,
    in_cures,
    levels,
    oracle,
    per_thousand,
    scored,
    true_net,
)
from features.panel import Floats
from models.intensity.estimate import estimated_of, ratios_of
from models.intensity.policy import Policy, load_policy, parse_policy, policy_content
from training.config import TrainingConfig
from training.offpolicy.figures import Rows, figures
from training.progress import silent
from training.response.learner import Learned, effect_columns, learn

MONTHS = 36  # of the log
FRESH_MONTHS = 18  # of the portfolios that the score, the oracle and the true values are from
SCORE, LOG, FRESH, ORACLE = 301, 302, 303, 304  # seeds
DRAWS = 1_000
PACKAGED, CHEAP = "packaged", "cheap"
_TENTH = re.compile(rb"^(unit_cost|annoyance_per_contact) = ([\d.]+)", re.MULTILINE)

Say = Callable[[str], None]


class Shares(NamedTuple):
    """Accounts of the portfolios beside the log, as shares of its own."""

    score: float = 0.2
    fresh: float = 0.6


def settings() -> dict[str, Policy]:
    """The packaged policy, and one in whose file a contact costs and annoys a tenth of that."""
    cheap = _TENTH.sub(
        lambda found: b"%s = %.4f" % (found[1], float(found[2]) / 10), policy_content()
    )
    return {PACKAGED: load_policy(), CHEAP: parse_policy(cheap, CHEAP)}


class Known(NamedTuple):
    """A law's score and the best that features can tell of its effects."""

    score: Score
    best: Oracle


def known_of(folder: Path, law: str, accounts: int, config: TrainingConfig, say: Say) -> Known:
    """Fit both, each on a portfolio of its own."""
    say(f"{law}: fitting the score")
    number = round(accounts * Shares().score)
    score = scored(folder / "score", number, FRESH_MONTHS, SCORE, law, config)
    say(f"{law}: fitting the oracle")
    truth = drawn(folder / "oracle", accounts, FRESH_MONTHS, ORACLE, law, score)
    return Known(score, oracle(truth))


def worth(folder: Path, law: str, accounts: int, known: Known, say: Say) -> dict[str, Any]:
    """Figures of every setting and policy: true on a fresh portfolio, true and told on the log."""
    say(f"{law}: drawing the log")
    log = drawn(folder / "log", accounts, MONTHS, LOG, law, known.score)
    say(f"{law}: estimating on {len(log.rows):,} assignments")
    learned = learn(log.features, log.rows, LOG, silent)
    say(f"{law}: drawing the fresh portfolio")
    number = round(accounts * Shares().fresh)
    fresh = drawn(folder / "fresh", number, FRESH_MONTHS, FRESH, law, known.score)
    of_log, of_fresh = (known.best.effects(each.features) for each in (log, fresh))
    found: dict[str, Any] = {
        "law": law,
        "accounts": accounts,
        "log": len(log.rows),
        "fresh": len(fresh.rows),
        "rounds": learned.rounds,
        "doubt": None if learned.doubt is None else learned.doubt._asdict(),
        "cells": cells_of(learned, log),
    }
    for name, policy in settings().items():
        say(f"{law}: valuing policies, {name}")
        found[name] = {
            "true": _true(policy, fresh, of_fresh, learned),
            "log": told(policy, log, of_log, learned),
        }
    return found


def cells_of(learned: Learned, log: Drawn) -> list[dict[str, Any]]:
    """The cells with their true mean effects."""
    effect = log.truth - log.truth[:, :1]
    stages = [each.stage for each in learned.cells]
    number = {stage: k for k, stage in enumerate(dict.fromkeys(stages), start=1)}
    return [
        each.model_dump()
        | {"true": float(effect[log.rows.stage == number[each.stage], each.level].mean())}
        for each in learned.cells
    ]


def _true(policy: Policy, fresh: Drawn, effects: Floats, learned: Learned) -> dict[str, float]:
    """True values on accounts of which the log knows nothing, by the estimate of all of it."""
    own = fresh.features[:, effect_columns()]
    margin = np.asarray(learned.booster.predict(own, raw_score=True, num_threads=1))
    ratios = ratios_of(learned.lines, margin, fresh.rows.stage)
    given = levels(policy, fresh, effects, ratios, estimated_of(learned.cells))
    rewarded = fresh.rewards(policy)
    return {name: per_thousand(true_net(each, rewarded)) for name, each in given.items()}


def told(policy: Policy, log: Drawn, effects: Floats, learned: Learned) -> dict[str, Any]:
    """Of each policy the true value on the log, what the log says of it, and the bound."""
    given = levels(policy, log, effects, learned.ratios, estimated_of(learned.cells))
    true = log.rewards(policy)
    rows = Rows(log.rows.account, log.rows.stage)
    seen = figures(given, rows, true._replace(outcome=learned.outcome), DRAWS, LOG)
    found: dict[str, Any] = {}
    for name, each in given.items():
        part: Mapping[str, Any] = seen[name]
        found[name] = {
            "true": per_thousand(true_net(each, true)),
            "net_dr": part["net_dr"],
            "net_snips": part["net_snips"],
            "effective_size": part["effective_size"],
            "largest_share": part["largest_share"],
            "bound": None if each.as_done else bound(each, true).half_width,
            "cures": {
                "true": per_thousand(true_net(each, in_cures(true))),
                "dr": part["extra_cures_dr"],
                "bound": None if each.as_done else bound(each, in_cures(true)).half_width,
            },
        }
    return found
