"""Fairness of judged rows of a population, with the contact levels of the packaged policy."""

from typing import Any

from models.intensity.policy import load_policy
from training.evaluate import Judged
from training.fairness.levels import levels
from training.fairness.measures import fairness
from training.labels import Snapshots
from training.population import Population


def fairness_document(
    judged: Judged, rows: Snapshots, population: Population, draws: int, seed: int
) -> dict[str, Any]:
    """Fairness by segment as training.fairness.measures has it; {} without a segments table.

    Row i of `rows`, which are of the population, is row i of `judged`.
    """
    if population.segments is None:
        return {}
    policy, currency = load_policy(), population.currency
    level = levels(judged, population.panel, rows.view, policy, currency)
    return fairness(judged, level, population.segments, population.account_ids, draws, seed)
