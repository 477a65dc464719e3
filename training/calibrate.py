"""Calibration: the straight line in log-odds, and an offset per stage where it does not serve."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from features.panel import Floats, Indices
from models.score.calibration import Calibration
from models.stage import STAGES

LEAST_IN_STAGE = 100  # rows, and a tenth of them of either outcome, for an offset of its own
LEAST_SLOPE = 0.5  # of the plain line's, for offsets to be a correction and no more
FIRST_LATE = STAGES.index("M1")


def calibration_line(log_odds: Floats, label: Indices) -> tuple[float, float]:
    """Slope and intercept of the unpenalised logistic regression of label on log-odds."""
    line = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    line.fit(log_odds.reshape(-1, 1), label)
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def calibrated(margin: Floats, label: Indices, stage: Indices) -> Calibration:
    """The calibration of margins (log-odds) that were not fitted on these labels.

    Offsets per stage are taken where they raise the likelihood by more than Schwarz's criterion
    (BIC, Annals of Statistics 1978) asks for their number. They never rise from one late stage
    to the next, so that a later stage cannot raise the score; a stage with too few rows has the
    offset of the one before, and offsets that would take the margin's place are not taken.
    ValueError where the line does not rise.
    """
    line = calibration_line(margin, label)
    plain = Calibration(*line)
    own = [s for s in range(FIRST_LATE + 1, len(STAGES)) if _enough(label[stage == s])]
    if not own:
        return plain
    slope, intercept, offsets = _with_offsets(margin, label, stage, own, line)
    if slope < LEAST_SLOPE * line[0]:  # the stages alone would be the score
        return plain
    gain = _loss(plain.log_odds(margin, stage), label) - _loss(
        slope * margin + intercept + offsets[stage], label
    )
    if 2 * gain <= np.count_nonzero(offsets) * np.log(len(label)):
        return plain
    return Calibration(slope, intercept, tuple(offsets.tolist()))


def _with_offsets(
    margin: Floats, label: Indices, stage: Indices, own: list[int], line: tuple[float, float]
) -> tuple[float, float, Floats]:
    """Slope, intercept and offset of every stage that fit best, each step down or none."""
    # Column k: the step at stage own[k], which all later stages take too.
    steps = np.column_stack([stage >= s for s in own]).astype(np.float64)
    design = np.column_stack([margin, np.ones(len(margin)), steps])

    def loss(weights: Floats) -> tuple[float, Floats]:
        log_odds = design @ weights
        return _loss(log_odds, label), design.T @ (expit(log_odds) - label)

    found = minimize(
        loss,
        np.array([*line, *np.zeros(len(own))]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(1e-6, None), (None, None), *[(None, 0.0)] * len(own)],
        options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 1_000},
    ).x
    offsets = np.zeros(len(STAGES))
    for step, s in zip(found[2:], own, strict=True):
        offsets[s:] += step
    return float(found[0]), float(found[1]), offsets


def _enough(label: Indices) -> bool:
    rarer = min(int(label.sum()), len(label) - int(label.sum()))
    return len(label) >= LEAST_IN_STAGE and rarer >= LEAST_IN_STAGE // 10


def _loss(log_odds: Floats, label: Indices) -> float:
    """Minus the log-likelihood."""
    return float(np.sum(np.logaddexp(0.0, log_odds) - label * log_odds))
