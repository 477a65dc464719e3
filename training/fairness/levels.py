"""The contact level that a policy proposes for judged rows."""

import numpy as np

from features.panel import Indices, Panel, View
from models.assessed import ratios_of
from models.intensity.ladder import ESCALATE, LEVELS
from models.intensity.policy import Policy
from models.intensity.value import NO_PRICES, Cases, weigh
from models.stage import stage_numbers
from training.evaluate import Judged


def levels(judged: Judged, panel: Panel, view: View, policy: Policy, currency: str) -> Indices:
    """Level 0 to 4 of each row by its value, before any rule and where nothing is scarce.

    Row i of the view is row i of `judged`. Statements do not tell how much of the balance is
    past due: what the last one asks for, or its balance where that is not known, stands for it.
    Raises InputError where the policy has no rate for the currency.
    """
    n, last = len(view.row), (view.row, view.stop - 1)
    asked, balance = panel.amount_due[last], panel.balance[last]
    days = panel.days_past_due[last]
    cases = Cases(
        log_odds=judged.log_odds,
        days_past_due=days,
        past_due=np.where(np.isnan(asked), balance, asked),
        balance=balance,
        rate=np.full(n, policy.rate(currency)),
        received=np.zeros(n),
        cap=np.full(n, ESCALATE),
        free=np.ones((n, len(LEVELS)), np.bool_),
        odds_ratio=ratios_of(policy, stage_numbers(days), panel, view).odds_ratio,
    )
    return weigh(policy.numbers, NO_PRICES, cases).unflagged
