"""Logistic regression on the features themselves."""

from collections.abc import Sequence

import numpy as np
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from features.panel import Floats, Indices
from training.baselines.penalty import Inputs, chosen_penalty, regression
from training.split import Fold

TAIL = 0.5  # percent of the known values at either end, which are cut to the rest


def logistic(features: Floats, label: Indices, folds: Sequence[Fold]) -> Pipeline:
    """A pipeline whose `decision_function` gives log-odds of rows × features.

    Values beyond the TAIL percentiles have the percentile's: amounts and ratios have tails that
    would rule the line. What is missing has the median, and an indicator beside it; inputs that
    do not vary are left out; the others are standardised.
    """
    strength = chosen_penalty(features, label, folds, _prepare)
    inputs = _inputs(features)
    line = regression(inputs.fit_transform(features), label, strength)
    return Pipeline([*inputs.steps, ("line", line)])


def _prepare(features: Floats, label: Indices) -> Inputs:
    fitted: Inputs = _inputs(features).fit(features).transform
    return fitted


def _inputs(features: Floats) -> Pipeline:
    low, high = _ends(features)
    return make_pipeline(
        FunctionTransformer(np.clip, kw_args={"a_min": low, "a_max": high}),
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        VarianceThreshold(),
        StandardScaler(),
    )


def _ends(features: Floats) -> tuple[Floats, Floats]:
    """Lowest and highest value of each column without its tails; no bounds where none is known."""
    low, high = np.full((2, features.shape[1]), np.array([[-np.inf], [np.inf]]))
    known = ~np.isnan(features).all(axis=0)
    low[known], high[known] = np.nanpercentile(features[:, known], (TAIL, 100 - TAIL), axis=0)
    return low, high
