"""Decide: from accounts and their histories to decisions, the one path for all callers."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from features.clock import DAY_SECONDS
from features.panel import Panel, View
from models.account import Account
from models.assessed import Assessed, assess
from models.decision import BindingRule, Decision, Intensity, Reasons, Score
from models.generation import Generation
from models.intensity.asked import Asked, Scarcity, scarcity_of
from models.intensity.choose import Challenger, Chosen, choose
from models.intensity.settle import open_levels, taking
from models.refusal import Refusal, refusal
from models.score.bundle import Bundle
from models.score.tier import TIERS, Tier
from models.scored import NO_REASON, Scored, names_of
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
    part = view if len(rows) == len(accounts) else view.take(np.array(rows, np.int64))
    known = assess(generation, kept, panel, part, reasons, keyed=generation.plan is not None)
    decisions = iter(conclude(generation, kept, known))
    return [next(decisions) if refused is None else refused for refused in refusals]


class Beyond(NamedTuple):
    """A level that rules keep from an account: which rules do, and the levels that none keeps."""

    rules: tuple[BindingRule, ...]
    allowed: tuple[int, ...]


def decide_at(
    generation: Generation,
    account: Account,
    panel: Panel,
    view: View,
    level: int,
    reasons: int | None = None,
) -> Decision | Refusal | Beyond:
    """The decision of one account with the level that a person gives it.

    It is that of `decide` but for the level and what follows from it; the policy's bounds of the
    stage do not hold, the rules do.
    """
    refused = refusal(generation, account, panel, view, 0)
    if refused is not None:
        return refused
    known = assess(generation, [account], panel, view, reasons, keyed=generation.plan is not None)
    chosen = _chosen(generation, [account], known, given=np.array([level]))
    (row,) = chosen.rows
    rules = taking(row, level)
    if rules:
        return Beyond(rules, open_levels(row))
    (decision,) = _concluded(generation, [account], known, chosen)
    return decision


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
    return _concluded(
        generation, accounts, known, _chosen(generation, accounts, known, scarcity, without)
    )


def _chosen(
    generation: Generation,
    accounts: Sequence[Account],
    known: Assessed,
    scarcity: Scarcity | None = None,
    without: frozenset[str] = frozenset(),
    given: NDArray[np.int64] | None = None,
) -> Chosen:
    scarce = scarcity or scarcity_of(
        generation.plan, generation.policy, accounts, known.as_of, known.keys
    )
    other = generation.challenger
    challenger = None if other is None else Challenger(other, known.challenger_ratios)
    asked = asked_of(generation, accounts, known)
    return choose(generation.policy, scarce, asked, without, challenger, given)


def _concluded(
    generation: Generation, accounts: Sequence[Account], known: Assessed, chosen: Chosen
) -> list[Decision]:
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
    scored = known.scored
    return Asked(
        accounts,
        known.as_of,
        known.newest,
        scored.log_odds,
        scored.ability,
        scored.willingness,
        generation.standing_valid[scored.target],
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
    reasons: Reasons
    others: float


def _rows(generation: Generation, known: Assessed) -> Iterator[_Row]:
    scored = known.scored
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
        _reasons(generation, scored),
        zip(*(each.tolist() for each in numbers), strict=True),
        strict=True,
    ):
        target, *parts, others = row
        yield _Row._make((generation.bundles[TARGETS[target]], *parts, told, others))


def _reasons(generation: Generation, scored: Scored) -> Iterator[Reasons]:
    """The reasons of each account: its part of the arrays, without what fills the rows."""
    names = {TARGETS.index(target): names_of(each) for target, each in generation.bundles.items()}
    feature = scored.feature.astype(np.uint16)
    kept = (scored.feature != NO_REASON).sum(axis=1).tolist()
    for i, (target, r) in enumerate(zip(scored.target.tolist(), kept, strict=True)):
        yield Reasons(feature[i, :r], scored.value[i, :r], scored.share[i, :r], names[target])


def _decision(
    generation: Generation,
    account: Account,
    row: _Row,
    intensity: Intensity,
    stage: Stage,
    tier: Tier,
) -> Decision:
    challenged = intensity.arm == "challenger"
    as_of, valid_until = _span(row.as_of, account.timezone, generation.policy.valid_days)
    return Decision(
        account_id=account.account_id,
        as_of=as_of,
        valid_until=valid_until,
        data_age_days=round((row.as_of - row.newest) / DAY_SECONDS, 4),
        currency=account.currency,
        status="proposed" if intensity.needs_approval else "effective",
        score=_score(row, stage, tier),
        reasons=row.reasons,
        other_contributions=row.others,
        intensity=intensity,
        versions=generation.versions[row.bundle.target, challenged],
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


@lru_cache(maxsize=4_096)
def _span(as_of: float, timezone: str, days: int) -> tuple[str, str]:
    """The instant, and that so many calendar days later, as the debtor's place has them."""
    start = datetime.fromtimestamp(as_of, ZoneInfo(timezone))
    return start.isoformat(), (start + timedelta(days=days)).isoformat()
