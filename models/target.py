"""Targets: what a score is the probability of, and for which accounts."""

from dataclasses import dataclass
from typing import Literal, get_args

Target = Literal["cure", "early_warning"]
TARGETS: tuple[Target, ...] = get_args(Target)

# What an account did that reached its target, in words.
REACHED: dict[Target, str] = {"cure": "cured", "early_warning": "stayed current"}

SUSTAINED_CYCLES = 2  # further statements at which a sustained cure is still current


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is predicted: the target, within how many statements, and whether it must last.

    A `sustained` cure is one after which the account stays current for SUSTAINED_CYCLES further
    statements. Two scores can be compared only where their outcomes are equal.
    """

    target: Target
    horizon_cycles: int
    sustained: bool = False

    @property
    def label_cycles(self) -> int:
        """Statements after a snapshot that may be needed to know its label."""
        return self.horizon_cycles + (SUSTAINED_CYCLES if self.sustained else 0)

    def __str__(self) -> str:
        """As `cure within 1 cycle`."""
        cycles = "1 cycle" if self.horizon_cycles == 1 else f"{self.horizon_cycles} cycles"
        lasting = "sustained " if self.sustained else ""
        return f"{lasting}{self.target} within {cycles}"


def target_of(days_past_due: float) -> Target:
    """Late accounts may cure; the others may stay current."""
    return "cure" if days_past_due > 0 else "early_warning"
