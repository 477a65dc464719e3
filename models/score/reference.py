"""The reference of a bundle: how its score, features and reasons were spread where it trained.

What is decided later is compared with it.
"""

from collections.abc import Collection
from itertools import pairwise
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

TOLERANCE = 1e-9  # of a sum of shares


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


def _check_shares(shares: Collection[float]) -> None:
    if min(shares, default=0.0) < 0 or abs(sum(shares) - 1) > TOLERANCE:
        raise ValueError("the shares do not add up to 1")
