"""What the guards against leaks found, as the run's document tells it."""

from collections.abc import Sequence
from typing import Any

from training.guards.plausible import Histories
from training.guards.powers import Power, implausible
from training.labels import Left

STRONGEST = 10  # features whose power is told


def guards_document(
    left: Left,
    histories: Histories,
    moved: Sequence[str],
    found: Sequence[Power],
    implausible_auc: float,
) -> dict[str, Any]:
    """The key `guards` of the run's document, ready for JSON.

    `found` is in the order of training.powers.powers. `passed` says that no feature moved and
    none is implausible.
    """
    flagged = implausible(found, implausible_auc)
    return {
        "passed": not moved and not flagged,
        "rows": dict(vars(left)),
        "histories": dict(vars(histories)),
        "moved_features": list(moved),
        "implausible_auc": implausible_auc,
        "implausible_features": list(flagged),
        "strongest_features": [power._asdict() for power in found[:STRONGEST]],
    }
