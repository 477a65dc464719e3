"""The book of rules: which of them apply to an account, where and when."""

from datetime import date
from typing import NamedTuple

import numpy as np

from features.panel import Flags
from models.intensity.rules import cn, gb, india, us, us_ma, us_ny_nyc
from models.intensity.rules.holds import HOLDS
from models.intensity.rules.protections import PROTECTIONS, VISIT_APPOINTMENT
from models.intensity.rules.reach import UNREACHABLE
from models.intensity.rules.rule import Cap, Frequency, Hours, Rule
from models.intensity.rules.unknown import STRICTEST, strictest

# A jurisdiction has its own rules and those of every jurisdiction that it is part of: US-NY-NYC
# has those of US too.
JURISDICTIONS: dict[str, tuple[Rule, ...]] = {
    "US": us.RULES,
    "US-NY-NYC": us_ny_nyc.RULES,
    "US-MA": us_ma.RULES,
    "CN": cn.RULES,
    "GB": gb.RULES,
    "IN": india.RULES,
}
EVERYWHERE: tuple[Cap, ...] = (*PROTECTIONS.values(), *HOLDS, VISIT_APPOINTMENT, UNREACHABLE)
RULES: tuple[Rule, ...] = (
    *EVERYWHERE,
    *(rule for rules in JURISDICTIONS.values() for rule in rules),
)
# What is counted, in the order of every array over rules.
COUNTED: tuple[Frequency, ...] = tuple(rule for rule in RULES if isinstance(rule, Frequency))

_UNKNOWN = strictest(JURISDICTIONS.values())


class Applicable(NamedTuple):
    """The rules of one jurisdiction on one day; positions are those in COUNTED.

    `rules_of` names the jurisdiction whose rules they are, `strictest` where none are known for
    the account's. `told` are the positions of what is shown among the limits, `binding` [R] marks
    those of them that take something away. `hours` are the rules on hours, `binding_hours` those
    of them that bind.
    """

    rules_of: str
    binding: Flags
    told: tuple[int, ...]
    hours: tuple[Hours, ...]
    binding_hours: tuple[Hours, ...]


def applicable(jurisdiction: str, day: date, advisory_binds: bool) -> Applicable:
    """The rules in force in a jurisdiction on `day`, the date at the debtor's place."""
    rules_of, rules = _rules_of(jurisdiction)
    force = [r for r in rules if r.effective_from is None or r.effective_from <= day]
    told = {rule.id for rule in force}
    binding = {rule.id for rule in force if advisory_binds or not rule.advisory}
    hours = tuple(rule for rule in force if isinstance(rule, Hours))
    return Applicable(
        rules_of=rules_of,
        binding=np.array([rule.id in binding for rule in COUNTED]),
        told=tuple(k for k, rule in enumerate(COUNTED) if rule.id in told),
        hours=hours,
        binding_hours=tuple(rule for rule in hours if rule.id in binding),
    )


def _rules_of(jurisdiction: str) -> tuple[str, tuple[Rule, ...]]:
    """The longest known part of the jurisdiction's name, with its rules and its parents'."""
    parts = jurisdiction.split("-")
    names = ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    known = [name for name in names if name in JURISDICTIONS]
    if not known:
        return STRICTEST, _UNKNOWN
    return known[0], tuple(rule for name in known for rule in JURISDICTIONS[name])
