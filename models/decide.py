"""Decide: from accounts and their histories to decisions, the one path for all callers."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from features.catalogue import BY_NAME
from features.clock import DAY_SECONDS, instant_of
from features.panel import Panel, View
from models.account import Account
from models.assessed import Assessed, assess
from models.decision import Decision, Intensity, Reason, Score
from models.generation import Generation
from models.intensity.asked import Asked, Scarcity, scarcity_of
from models.intensity.choose import Challenger, choose
from models.intensity.policy import Policy
from models.intensity.rules.version import RULES_VERSION
from models.refusal import Refusal, refusal
from models.score.bundle import Bundle
from models.score.calibration import STAGE_FEATURE
from models.score.reasons import CALIBRATION, STAGE_OFFSET
from models.score.tier import TIERS, Tier
from models.scored import NO_REASON
from models.stage import STAGES, Stage
from models.target import TARGETS


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
    refusals = [refusal(generation, account, panel, view, i) for i, account in enumerate(accounts)]
    rows = [i for i, refused in enumerate(refusals) if refused is None]
    kept = [accounts[i] for i in rows]
    part = view.take(np.array(rows, np.int64))
    known = assess(generation, kept, panel, part, reasons, keyed=generation.plan is not None)
    decisions = iter(conclude(generation, kept, known))
    return [next(decisions) if refused is None else refused for refused in refusals]


def conclude(
    generation: Generation,
    accounts: Sequence[Account],
    known: Assessed,
    scarcity: Scarcity | None = None,
    without: frozenset[str] = frozenset(),
) -> list[Decision]:
    """The decision of each assessed account, in order.

    `scarcity` None is that of the generation's plan; `without` names rules that are left out,
    to see what they take away.
    """
    if not accounts:
        return []
    scarce = scarcity or scarcity_of(
        generation.plan, generation.policy, accounts, known.as_of, known.keys
    )
    other = generation.challenger
    challenger = None if other is None else Challenger(other, known.challenger_ratios)
    asked = asked_of(generation, accounts, known)
    chosen = choose(generation.policy, scarce, asked, without, challenger)
    return [
        _decision(generation, account, row, intensity, STAGES[stage], TIERS[tier])
        for account, row, intensity, stage, tier in zip(
            accounts,
            _rows(generation, known),
            chosen.intensities,
            chosen.weighed.stage.tolist(),
            chosen.weighed.tier.tolist(),
            strict=True,
        )
    ]


def asked_of(generation: Generation, accounts: Sequence[Account], known: Assessed) -> Asked:
    """What the levels of assessed accounts follow from."""
    valid = np.array(
        [t in generation.bundles and generation.bundles[t].standing_valid for t in TARGETS]
    )
    scored = known.scored
    return Asked(
        accounts,
        known.as_of,
        known.newest,
        scored.log_odds,
        scored.ability,
        scored.willingness,
        valid[scored.target],
        known.facts,
        known.counts,
        known.ratios,
    )


class _Row(NamedTuple):
    """One account of the assessed, as Python's own numbers."""

    bundle: Bundle
    as_of: float
    newest: float
    log_odds: float
    probability: float
    ability: float
    willingness: float
    reasons: tuple[Reason, ...]
    others: float


def _rows(generation: Generation, known: Assessed) -> Iterator[_Row]:
    scored = known.scored
    reasons = zip(
        scored.feature.tolist(), scored.value.tolist(), scored.share.tolist(), strict=True
    )
    numbers = (
        scored.target,
        known.as_of,
        known.newest,
        scored.log_odds,
        scored.probability,
        scored.ability,
        scored.willingness,
        scored.others,
    )
    for told, row in zip(
        reasons, zip(*(each.tolist() for each in numbers), strict=True), strict=True
    ):
        target, *parts, others = row
        bundle = generation.bundles[TARGETS[target]]
        yield _Row._make((bundle, *parts, _reasons(bundle, *told), others))


def _decision(
    generation: Generation,
    account: Account,
    row: _Row,
    intensity: Intensity,
    stage: Stage,
    tier: Tier,
) -> Decision:
    as_of = instant_of(row.as_of).astimezone(_zone(account.timezone))
    policy = _decided_by(generation, intensity)
    return Decision(
        account_id=account.account_id,
        as_of=as_of.isoformat(),
        valid_until=(as_of + timedelta(days=policy.valid_days)).isoformat(),
        data_age_days=round((row.as_of - row.newest) / DAY_SECONDS, 4),
        currency=account.currency,
        status="proposed" if intensity.needs_approval else "effective",
        score=_score(row, stage, tier),
        reasons=row.reasons,
        other_contributions=row.others,
        intensity=intensity,
        versions=_versions(generation, policy, row.bundle),
    )


def _score(row: _Row, stage: Stage, tier: Tier) -> Score:
    bundle = row.bundle
    return Score(
        target=bundle.outcome.target,
        probability=row.probability,
        log_odds=row.log_odds,
        base_log_odds=bundle.base_log_odds,
        horizon_cycles=bundle.outcome.horizon_cycles,
        stage=stage,
        tier=tier,
        ability=row.ability,
        willingness=row.willingness,
        sustained=bundle.outcome.sustained,
        standing_valid=bundle.standing_valid,
    )


def _decided_by(generation: Generation, intensity: Intensity) -> Policy:
    challenger = generation.challenger
    return challenger if challenger and intensity.arm == "challenger" else generation.policy


def _versions(generation: Generation, policy: Policy, bundle: Bundle) -> dict[str, str | None]:
    plan = generation.plan
    return {
        "code": generation.code,
        "model": generation.models[bundle.target],
        "bundle_sha256": bundle.sha256,
        "policy": f"{policy.name}@{policy.sha256[:12]}",
        "estimate": policy.estimate_sha256,
        "rules": RULES_VERSION,
        "prices": None if plan is None else plan.terms.run_id,
        "tzdata": generation.tzdata,
    }


def _reasons(
    bundle: Bundle, features: list[int], values: list[float], shares: list[float]
) -> tuple[Reason, ...]:
    return tuple(
        _reason(bundle, *told)
        for told in zip(features, values, shares, strict=True)
        if told[0] != NO_REASON
    )


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
