"""Warming: run what deciding runs once, so that no request waits for a compiler or a first use."""

import lightgbm
import numpy as np

from features.catalogue import NAMES
from features.matrix import matrix
from features.panel import Contacts, Fixed, Panel, Payments, Statements, known_at, panel
from models.account import Account
from models.decide import decide
from models.decision import Decision
from models.fingerprint import fingerprints
from models.generation import Generation
from models.intensity.asked import Asked, scarcity_of
from models.intensity.choose import choose
from models.intensity.facts import facts
from models.intensity.policy import Policy
from models.intensity.response import assumed
from models.intensity.rules.counts import count
from models.score.calibration import probability
from models.score.contributions import Explainer
from models.score.standing import group_sum, percentile
from models.target import Target

_ONE = np.zeros(1)
_ROWS = 50  # fewer than LightGBM ever splits
_DAYS: dict[Target, int] = {"cure": 40, "early_warning": 0}  # past due, of an account it scores


def warm(policy: Policy) -> None:
    """Run every compiled function once, on a history of one account."""
    history = _one_account()
    view = known_at(history, np.zeros(1, np.int64), np.array([86_400.0 * 32]))
    features = matrix(history, view)
    rows = lightgbm.Dataset(np.zeros((_ROWS, features.shape[1])), np.zeros(_ROWS))
    constant = lightgbm.train({"num_threads": 1, "verbose": -1}, rows, num_boost_round=1)
    explained = Explainer(constant).explain(features)
    probability(explained.margin)
    percentile(_ONE, group_sum(explained.contributions, NAMES, "ability"))
    account = _account(next(iter(policy.currencies)))
    fingerprints([account], history, view, [b""])
    known = facts(history, view, [account], policy)
    asked = Asked(
        [account],
        view.as_of,
        newest=view.as_of,
        log_odds=_ONE,
        ability=_ONE,
        willingness=_ONE,
        standing_valid=np.zeros(1, np.bool_),
        facts=known,
        counts=count(history, view, known.today),
        ratios=assumed(1),
    )
    choose(policy, scarcity_of(None, policy, [account], view.as_of, np.empty(0, np.uint64)), asked)


def rehearse(generation: Generation) -> list[Decision]:
    """Decide on one account of each target that the generation serves, and forget it."""
    targets: tuple[Target, ...] = tuple(generation.bundles)
    history = _one_account()
    history = history._replace(status=np.zeros_like(history.status))  # the first status: open
    view = known_at(history, np.zeros(1, np.int64), np.array([86_400.0 * 32]))
    decided = []
    for target in targets:
        days = _DAYS[target]
        account = _account(generation.bundles[target].currency, days)
        outcome = decide(generation, [account], history, view)[0]
        assert isinstance(outcome, Decision), outcome
        decided.append(outcome)
    return decided


def _account(currency: str, days_past_due: int = _DAYS["cure"]) -> Account:
    return Account(
        account_id="warm",
        product="other",
        security="none",
        currency=currency,
        balance=1_000.0,
        past_due_amount=100.0,
        days_past_due=days_past_due,
        jurisdiction="US",
        timezone="UTC",
    )


def _one_account() -> Panel:
    account, known = np.zeros(1, np.int64), np.ones(1, np.bool_)
    return panel(
        Fixed(_ONE, _ONE, _ONE, known, known),
        Statements(account, *(_ONE.copy() for _ in Statements._fields[1:])),
        Payments(account, *(_ONE.copy() for _ in Payments._fields[1:])),
        Contacts(account, *(_ONE.copy() for _ in Contacts._fields[1:])),
    )
