"""The rule that needs no model: who is less late does better."""

from collections.abc import Sequence

from features.panel import Floats

FEATURE = "dpd_last"


def days_past_due(features: Floats, names: Sequence[str]) -> Floats:
    """Minus the days past due at the last statement, a ranking score for each row.

    `features` is rows × `names`, which must hold the feature dpd_last.
    """
    return -features[:, list(names).index(FEATURE)]
