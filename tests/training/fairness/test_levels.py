"""The level of the policy's table for judged rows."""

from dataclasses import replace

import numpy as np

from features.panel import known_at, panel
from models.intensity.policy import Policy, Row, load_policy
from models.score.tier import tier
from models.stage import STAGES
from tests.histories import random_tables
from training.evaluate import Judged
from training.fairness.levels import levels

ROWS = 300


def sparing(amount_from: float) -> Policy:
    """A policy that only reminds doubtful accounts, which owe at least so much."""
    policy = load_policy()
    doubtful = replace(policy.tiers.doubtful, probability_below=0.25, amount_from=amount_from)
    row = Row(low="remind", medium="call", high="intensive", doubtful="remind")
    return policy.model_copy(
        update={
            "tiers": replace(policy.tiers, doubtful=doubtful),
            "table": policy.table.model_copy(update={"M3": row, "M4_plus": row}),
        }
    )


def test_a_row_gets_the_level_of_its_stage_and_tier() -> None:
    history = panel(*random_tables(1, ROWS, months=6))
    row = np.arange(ROWS)
    view = known_at(history, row, np.nanmedian(history.known_at, axis=1))
    rng = np.random.default_rng(1)
    stage = rng.integers(0, len(STAGES), ROWS)
    judged = Judged(np.zeros(ROWS, np.int64), rng.normal(-1, 2, ROWS), row, stage, {})
    amounts = [float(history.balance[i, view.stop[i] - 1]) for i in row]
    policy = sparing(amount_from=float(np.nanmedian(amounts)))

    def expected(amounts: list[float]) -> list[int]:
        rows = zip(judged.probability.tolist(), stage, amounts, strict=True)
        return [policy.levels[STAGES[s], tier(p, STAGES[s], a, policy.tiers)] for p, s, a in rows]

    found = levels(judged, history, view, policy).tolist()
    assert found == expected(amounts)
    assert found != expected([0.0] * ROWS)
    assert set(found) == {0, 1, 2, 3}
