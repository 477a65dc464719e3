"""Assessed accounts: all that their decisions follow from, beside the generation, as arrays."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.matrix import matrix
from features.panel import Panel, View
from models.account import Account
from models.fingerprint import fingerprints
from models.generation import Generation
from models.intensity.facts import Facts, facts
from models.intensity.policy import Policy
from models.intensity.response import Ratios, assumed
from models.intensity.rules.counts import Counts, count
from models.intensity.rules.version import RULES_VERSION
from models.score.bundle import Bundle
from models.scored import Scored, scored
from models.stage import stage_numbers
from models.target import target_of

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Keys = NDArray[np.uint64]


class Assessed(NamedTuple):
    """n accounts as they stand at `as_of` (UTC seconds); `newest` is when the last statement
    became known.

    `keys` are the fingerprints by which a capacity plan knows its accounts; none, where no plan
    is at hand or made. `ratios` are of the policy's estimate, `challenger_ratios` of that of the
    challenger's: NaN where there is none, and of accounts that are not late.
    """

    as_of: Floats
    newest: Floats
    scored: Scored
    facts: Facts
    counts: Counts
    keys: Keys
    ratios: Ratios
    challenger_ratios: Ratios


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
    stage = stage_numbers(np.array([account.days_past_due for account in accounts], np.float64))
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
        ratios_of(generation.policy, stage, panel, view),
        ratios_of(generation.challenger, stage, panel, view),
    )


def ratios_of(policy: Policy | None, stage: Indices, panel: Panel, view: View) -> Ratios:
    """The odds ratios of the policy's estimate for the rows of the view [n], in these stages.

    NaN for those that are not late, and where there is no estimate.
    """
    found = assumed(len(stage))
    estimate = None if policy is None else policy.estimate
    if estimate is None:
        return found
    late = stage > 0
    if late.any():
        own = estimate.ratios(matrix(panel, view.take(late)), stage[late])
        for every, part in zip(found, own, strict=True):
            every[late] = part
    return found


def salt(generation: Generation, bundle: Bundle) -> bytes:
    """What a plan's fingerprints depend on beside the account: score, policy, estimate, rules."""
    policy = generation.policy
    parts = (bundle.sha256, policy.sha256, RULES_VERSION, policy.estimate_sha256)
    return " ".join(part for part in parts if part is not None).encode()
