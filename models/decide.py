"""Decide: from accounts and their histories to decisions, the one path for all callers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from features.catalogue import BY_NAME
from features.clock import DAY_SECONDS, instant_of
from features.panel import Panel, View
from features.tables import STATEMENTS
from models.account import Account
from models.decision import Decision, Reason, Score
from models.intensity.choose import choose
from models.intensity.policy import Policy
from models.intensity.rules.version import RULES_VERSION
from models.intensity.situation import situation
from models.score.bundle import Bundle
from models.score.calibration import STAGE_FEATURE
from models.score.reasons import CALIBRATION, STAGE_OFFSET
from models.score.scores import Scores, score
from models.score.tier import Tier, tier
from models.stage import Stage, stage_of
from models.target import Target, target_of

RefusalKind = Literal[
    "no-model-for-stage", "currency-mismatch", "no-statement", "account-ended", "nothing-owed"
]

_STATUSES = STATEMENTS.column("status").codes
_LIVING = "open"


@dataclass(frozen=True)
class Generation:
    """What one request, batch or nightly run decides with, unchanged from start to end.

    `bundles` holds one bundle per target, `models` the name and version of each as served.
    """

    bundles: dict[Target, Bundle]
    models: dict[Target, str]
    policy: Policy
    code: str
    tzdata: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an account cannot be decided: `pointer` is the JSON pointer of the field at fault."""

    kind: RefusalKind
    pointer: str
    problem: str
    remedy: str
    value: object = None


class _Scored(NamedTuple):
    """Row `i` of scores, and the bundle that they are from."""

    bundle: Bundle
    scores: Scores
    i: int


def decide(
    generation: Generation,
    accounts: Sequence[Account],
    panel: Panel,
    view: View,
    reasons: int | None = None,
) -> list[Decision | Refusal]:
    """One decision or refusal per account, in order; row i of the view belongs to accounts[i].

    A decision keeps its `reasons` largest reasons, None: every one. An account's decision does
    not depend on the other accounts.
    """
    results: list[Decision | Refusal | None] = [
        _refusal(generation, account, panel, view, i) for i, account in enumerate(accounts)
    ]
    for target, bundle in generation.bundles.items():
        rows = [
            i
            for i, account in enumerate(accounts)
            if results[i] is None and target_of(account.days_past_due) == target
        ]
        if rows:
            scores = score(bundle, panel, view.take(np.array(rows, dtype=np.int64)))
            for position, i in enumerate(rows):
                row = _Scored(bundle, scores, position)
                results[i] = _decision(generation, accounts[i], row, reasons, panel, view, i)
    assert all(result is not None for result in results)
    return [result for result in results if result is not None]


def _refusal(
    generation: Generation, account: Account, panel: Panel, view: View, i: int
) -> Refusal | None:
    target = target_of(account.days_past_due)
    bundle = generation.bundles.get(target)
    if bundle is None:
        return Refusal(
            "no-model-for-stage",
            "/account/days_past_due",
            f"accounts in stage {stage_of(account.days_past_due)} are not scored: no model with "
            f"target {target} is served",
            f"send accounts of these targets: {', '.join(generation.bundles)}",
            account.days_past_due,
        )
    if account.currency != bundle.currency:
        return Refusal(
            "currency-mismatch",
            "/account/currency",
            f"the model was trained on amounts in {bundle.currency}",
            f"send accounts in {bundle.currency}, or serve a model trained in this currency",
            account.currency,
        )
    return _owes_nothing(account) or _has_no_open_statement(panel, view, i)


def _owes_nothing(account: Account) -> Refusal | None:
    if account.days_past_due == 0 or (account.balance > 0 and account.past_due_amount > 0):
        return None
    field = "balance" if account.balance <= 0 else "past_due_amount"
    return Refusal(
        "nothing-owed",
        f"/account/{field}",
        "the account is late but owes nothing",
        "send the amount that is owed, or days_past_due 0 where nothing is",
        getattr(account, field),
    )


def _has_no_open_statement(panel: Panel, view: View, i: int) -> Refusal | None:
    row, last = view.row[i], view.stop[i] - 1
    if last < panel.first[row]:
        return Refusal(
            "no-statement",
            "/statements",
            "no statement is known at as_of",
            "send at least one statement dated before the day of as_of",
        )
    status = _STATUSES[int(panel.status[row, last])]
    if status == _LIVING:
        return None
    return Refusal(
        "account-ended",
        "/statements",
        f"the last statement says that the account is {status}",
        "send accounts whose last statement is open: models are trained on those alone",
        status,
    )


def _decision(
    generation: Generation,
    account: Account,
    row: _Scored,
    most_reasons: int | None,
    panel: Panel,
    view: View,
    i: int,
) -> Decision:
    policy = generation.policy
    stage = stage_of(account.days_past_due)
    probability = float(row.scores.probability[row.i])
    risk = tier(probability, stage, account.past_due_amount, policy.tiers)
    known = situation(panel, view, i, account, policy.promise_grace_days)
    intensity = choose(policy, account, stage, risk, known)
    as_of = instant_of(float(view.as_of[i])).astimezone(_zone(account.timezone))
    newest = float(panel.known_at[view.row[i], view.stop[i] - 1])
    reasons, others = _reasons(row, most_reasons)
    return Decision(
        account_id=account.account_id,
        as_of=as_of.isoformat(),
        valid_until=(as_of + timedelta(days=policy.valid_days)).isoformat(),
        data_age_days=round((float(view.as_of[i]) - newest) / DAY_SECONDS, 4),
        currency=account.currency,
        status="proposed" if intensity.needs_approval else "effective",
        score=_score(row, probability, stage, risk),
        reasons=reasons,
        other_contributions=others,
        intensity=intensity,
        versions=_versions(generation, row.bundle),
    )


def _score(row: _Scored, probability: float, stage: Stage, risk: Tier) -> Score:
    bundle, scores, i = row
    return Score(
        target=bundle.outcome.target,
        probability=probability,
        log_odds=float(scores.log_odds[i]),
        base_log_odds=scores.base_log_odds,
        horizon_cycles=bundle.outcome.horizon_cycles,
        stage=stage,
        tier=risk,
        ability=float(scores.ability[i]),
        willingness=float(scores.willingness[i]),
        sustained=bundle.outcome.sustained,
        standing_valid=bundle.standing_valid,
    )


def _versions(generation: Generation, bundle: Bundle) -> dict[str, str | None]:
    policy = generation.policy
    return {
        "code": generation.code,
        "model": generation.models[bundle.target],
        "bundle_sha256": bundle.sha256,
        "policy": f"{policy.name}@{policy.sha256[:12]}",
        "rules": RULES_VERSION,
        "prices": None,
        "tzdata": generation.tzdata,
    }


def _reasons(row: _Scored, most: int | None) -> tuple[tuple[Reason, ...], float]:
    """The `most` largest shares of features and stage offset, and the sum of the others.

    Features of equal share stay in their order.
    """
    bundle, scores, i = row
    values, shares = scores.features[i], scores.contributions[i]
    if bundle.calibration.by_stage:
        values = np.append(values, values[bundle.features.index(STAGE_FEATURE)])
        shares = np.append(shares, scores.stage_offset[i])
    order = np.argsort(-np.abs(shares), kind="stable")
    kept, others = order[:most], order[len(order) if most is None else most :]
    told = zip(kept.tolist(), values[kept].tolist(), shares[kept].tolist(), strict=True)
    return tuple(_reason(bundle, *each) for each in told), float(shares[others].sum())


def _reason(bundle: Bundle, j: int, value: float, share: float) -> Reason:
    """The reason of the feature at position `j`; after the last stands the stage offset."""
    known = None if value != value else value
    if j == len(bundle.features):
        return Reason(STAGE_OFFSET, CALIBRATION, known, BY_NAME[STAGE_FEATURE].unit, share)
    feature = BY_NAME[bundle.features[j]]
    return Reason(feature.name, feature.group, known, feature.unit, share)


@lru_cache(maxsize=1_024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
