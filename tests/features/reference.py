"""The reference: every feature a second time, plain and slow, from its sentence alone.

It shares nothing with the compiled features but the flat tables: no panel, no view.
"""

import math

from tests.features import reference_late, reference_met, reference_owed, reference_paid
from tests.features.reference_known import RULES, Known

FAMILIES = (reference_late, reference_paid, reference_owed, reference_met)  # they enter the rules


def reference(known: Known) -> dict[str, float]:
    """Every feature by name, NaN for not known."""
    if not known.statements:
        return dict.fromkeys(RULES, math.nan)
    values = {name: rule(known) for name, rule in RULES.items()}
    return {name: math.nan if value is None else float(value) for name, value in values.items()}
