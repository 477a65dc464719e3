"""The reference of a bundle: how its score, features and reasons were spread where it trained.

What is decided later is compared with it.
"""

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

TOLERANCE = 1e-9  # of a sum of shares
# Of nothing there is no logarithm: an empty bin counts as half a row, but as one in ten thousand
# where rows are many. Shares in training are held to the same least, so that a bin which is empty
# in both, or too small for so few rows to meet, adds nothing.
EMPTY_ROWS, FLOOR = 0.5, 1e-4
PSI_LOOK, PSI_SHIFTED = 0.10, 0.25  # Siddiqi, Credit Risk Scorecards, 2006

Drift = Literal["not_defined", "stable", "chance", "look", "shifted"]
Floats = NDArray[np.float64]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class _Histogram(_Part):
    """Shares of the values that are known, between inner edges; `missing` of all are not."""

    edges: list[float]
    shares: list[float]
    missing: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if any(high <= low for low, high in pairwise(self.edges)):
            raise ValueError("the edges do not rise")
        if len(self.shares) != len(self.edges) + 1:
            raise ValueError("there must be one share more than edges")
        _check_shares(self.shares)
        return self


class _Reference(_Part):
    score: _Histogram
    features: dict[str, _Histogram]
    reasons: dict[str, float]

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        _check_shares(self.reasons.values())
        return self


def check_reference(document: Any, features: Collection[str]) -> None:
    """ValueError where the document is not the reference of a bundle with these features.

    It is `{"score": histogram, "features": {name: histogram}, "reasons": {name: share}}`, a
    histogram `{"edges", "shares", "missing"}` with one share more than edges; the score is in
    log-odds, and a reason's share is that of the rows whose largest contribution it is.
    """
    try:
        reference = _Reference.model_validate(document)
    except ValidationError as failure:
        first = failure.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"reference, {field}: {first['msg']}") from None
    if set(reference.features) != set(features):
        raise ValueError("the reference is not one of the bundle's features")
    if not set(reference.reasons) <= set(features):
        raise ValueError("the reference has reasons that are no features of the bundle")


def shares_of(histogram: Mapping[str, Any]) -> Floats:
    """The share of all in each bin of a histogram; the last is that of NaN. They sum to 1."""
    known = 1.0 - histogram["missing"]
    return np.array([*(known * share for share in histogram["shares"]), histogram["missing"]])


def stability_index(shares: Floats, counts: Floats) -> float | None:
    """PSI = Σ (p − q) · ln(p / q) over bins; None where nothing was counted.

    p is the share in training (`shares`), q that of the rows counted now.
    """
    rows = counts.sum()
    if not rows:
        return None
    least = max(FLOOR, EMPTY_ROWS / rows)
    p, q = np.maximum(shares, least), np.maximum(counts / rows, least)
    return float(((p - q) * np.log(p / q)).sum())


def drift_of(psi: float | None, limit: float | None) -> Drift:
    """What a PSI says; `limit` is what chance seldom exceeds, None where it gives none."""
    if psi is None:
        return "not_defined"
    if psi < PSI_LOOK:
        return "stable"
    if limit is not None and psi <= limit:
        return "chance"
    return "look" if psi < PSI_SHIFTED else "shifted"


def _check_shares(shares: Collection[float]) -> None:
    if min(shares, default=0.0) < 0 or abs(sum(shares) - 1) > TOLERANCE:
        raise ValueError("the shares do not add up to 1")
