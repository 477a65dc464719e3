"""Assessed accounts: all that their decisions follow from, beside the generation, as arrays."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.panel import Panel, View
from models.account import Account
from models.fingerprint import fingerprints
from models.generation import Generation
from models.intensity.facts import Facts, facts
from models.intensity.rules.counts import Counts, count
from models.intensity.rules.version import RULES_VERSION
from models.score.bundle import Bundle
from models.scored import Scored, scored
from models.target import target_of

Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]


class Assessed(NamedTuple):
    """n accounts as they stand at `as_of` (UTC seconds); `newest` is when the last statement
    became known.

    `keys` are the fingerprints by which a capacity plan knows its accounts; none, where no plan
    is at hand or made.
    """

    as_of: Floats
    newest: Floats
    scored: Scored
    facts: Facts
    counts: Counts
    keys: Keys


def assess(
    generation: Generation,
    accounts: Sequence[Account],
    panel: Panel,
    view: View,
    reasons: int | None,
    keyed: bool,
) -> Assessed:
    """Assess accounts that can be decided; row i of the view belongs to accounts[i].

    Their `reasons` largest reasons are kept, None: every one. `keyed`: with fingerprints.
    """
    targets = [target_of(account.days_past_due) for account in accounts]
    known = facts(panel, view, accounts, generation.policy)
    keys = np.empty(0, np.uint64)
    if keyed:
        salts = {target: salt(generation, bundle) for target, bundle in generation.bundles.items()}
        keys = fingerprints(accounts, panel, view, [salts[target] for target in targets])
    return Assessed(
        view.as_of,
        panel.known_at[view.row, view.stop - 1],
        scored(generation.bundles, targets, panel, view, reasons),
        known,
        count(panel, view, known.today),
        keys,
    )


def salt(generation: Generation, bundle: Bundle) -> bytes:
    """What a plan's fingerprints depend on beside the account: the score, the policy, the rules."""
    return f"{bundle.sha256} {generation.policy.sha256} {RULES_VERSION}".encode()
