"""What a rule is: a cap on the level, with its source."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from models.intensity.ladder import Treatment

# How surely the cited source says it; `own` marks a rule of this product, read from no law.
Confidence = Literal["high", "medium-high", "medium", "own"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: where it applies, the level is at most `cap` (4 takes no level away).

    `treatment` is what is to be done where the rule applies, None that of the level.
    `effective_from` is the first day on which it holds; None, as for every protection and
    hold, has no beginning: such a rule is never judged by date.
    """

    id: str
    citation: str
    cap: int
    confidence: Confidence
    treatment: Treatment | None = None
    effective_from: date | None = None
