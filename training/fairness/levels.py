"""The contact level that the policy's table proposes for judged rows."""

import numpy as np

from features.panel import Indices, Panel, View
from models.intensity.policy import Policy
from models.score.tier import tier
from models.stage import STAGES
from training.evaluate import Judged


def levels(judged: Judged, panel: Panel, view: View, policy: Policy) -> Indices:
    """Level 0 to 4 of each row by its stage and tier, before any protection or hold.

    Row i of the view is row i of `judged`. Statements do not tell how much of the balance is
    past due: the balance of the last one, the most it can be, stands for it, so that a policy
    with a least amount for doubtful accounts finds some here that it would not find in service.
    """
    balance = panel.balance[view.row, view.stop - 1]
    rows = zip(judged.probability.tolist(), judged.stage.tolist(), balance.tolist(), strict=True)
    return np.array(
        [
            policy.levels[STAGES[stage], tier(probability, STAGES[stage], amount, policy.tiers)]
            for probability, stage, amount in rows
        ],
        dtype=np.int64,
    )
