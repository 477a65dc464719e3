"""Where no rules of the account's jurisdiction are known: the strictest of all that are."""

from collections.abc import Iterable
from dataclasses import replace

from models.intensity.rules.rule import Frequency, Hours, Rule

STRICTEST = "strictest"  # named in decisions in place of a jurisdiction


def strictest(jurisdictions: Iterable[tuple[Rule, ...]]) -> tuple[Rule, ...]:
    """Every frequency and hours rule of every jurisdiction, at any date and under its own id."""
    return tuple(
        replace(rule, effective_from=None)
        for rules in jurisdictions
        for rule in rules
        if isinstance(rule, Frequency | Hours)
    )
