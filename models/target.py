"""Targets: what a score is the probability of, and for which accounts."""

from typing import Literal, get_args

Target = Literal["cure", "early_warning"]
TARGETS: tuple[Target, ...] = get_args(Target)


def target_of(days_past_due: float) -> Target:
    """Late accounts may cure; the others may stay current."""
    return "cure" if days_past_due > 0 else "early_warning"
