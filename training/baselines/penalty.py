"""The penalty of a logistic regression, chosen on folds with all that comes before it."""

from collections.abc import Callable, Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from features.panel import Floats, Indices
from training.split import Fold

INVERSE_PENALTIES = (0.001, 0.01, 0.1, 1.0)  # scikit-learn's C, the strongest penalty first

Inputs = Callable[[Floats], Floats]  # features of any rows -> what the regression reads


def chosen_penalty(
    features: Floats,
    label: Indices,
    folds: Sequence[Fold],
    prepare: Callable[[Floats, Indices], Inputs],
) -> float:
    """The one of INVERSE_PENALTIES with the lowest mean log loss over the folds.

    `prepare` is fitted in each fold anew: bins that have seen the rows validated make weak
    penalties look good, the more so the fewer the rows.
    """
    losses = np.mean([_losses(features, label, fold, prepare) for fold in folds], axis=0)
    return INVERSE_PENALTIES[int(np.argmin(losses))]


def regression(inputs: Floats, label: Indices, inverse_penalty: float) -> LogisticRegression:
    """L2-penalised; `inputs` is rows × inputs, without NaN and of like scale."""
    # Newton's method: a few steps where there are far more rows than inputs, and no draws.
    return LogisticRegression(C=inverse_penalty, solver="newton-cholesky").fit(inputs, label)


def _losses(
    features: Floats,
    label: Indices,
    fold: Fold,
    prepare: Callable[[Floats, Indices], Inputs],
) -> list[float]:
    inputs = prepare(features[fold.train], label[fold.train])
    fit, valid = inputs(features[fold.train]), inputs(features[fold.valid])
    lines = [regression(fit, label[fold.train], strength) for strength in INVERSE_PENALTIES]
    return [
        float(log_loss(label[fold.valid], line.predict_proba(valid)[:, 1], labels=[0, 1]))
        for line in lines
    ]
