"""What contact changes by stage and level: estimated with intervals, beside what is assumed."""

from typing import Any, NamedTuple

import numpy as np

from models.intensity.cells import CONTACTS, Cell
from models.intensity.estimate import QUANTILE, Estimate
from models.intensity.ladder import LEVELS
from models.intensity.policy import Policy
from models.intensity.words.catalogue import told
from models.intensity.words.effects import ASSUMED
from models.score.reasons import Language
from models.score.tier import TIERS
from models.stage import STAGES
from service.review import formats, intervals
from service.review.charts import Axis, Chart, Series, across
from service.review.labels.catalogue import LABELS
from service.review.policy.view import level_name

Row = dict[str, Any]


class _Ratio(NamedTuple):
    """An odds ratio against no contact, and its interval of 95%."""

    value: float
    low: float
    high: float


class _Effect(NamedTuple):
    """A level in a stage: what is assumed for each tier, and what was estimated, if anything."""

    stage: int
    level: int
    assumed: tuple[float, ...]
    why: str | None
    estimated: _Ratio | None
    cell: Cell | None


def effects_view(policy: Policy, language: Language) -> Row:
    """Each level above none in each stage, the chart of them, and what the estimate is made of."""
    effects = [
        _effect(policy, stage, level) for stage in range(len(STAGES)) for level in LEVELS[1:]
    ]
    estimate = policy.estimate
    return {
        "rows": [_row(each, language) for each in effects],
        "estimated": sum(each.estimated is not None for each in effects),
        "total": len(effects),
        "whys": _whys(effects, language),
        "chart": _chart(effects, language),
        "estimate": None if estimate is None else _made_of(estimate),
    }


def average_ratios(estimate: Estimate, stage: int) -> list[_Ratio]:
    """The odds ratio of each level above none for the average account of a late stage.

    There every centre is taken off, so that the logarithms are sums of offsets along the ways
    from none (models.intensity.estimate.log_ratios).
    """
    line = estimate.lines[stage - 1]
    offset, covariance = np.array(line.offset), np.array(line.covariance)
    found = []
    for path in line.paths:
        log = float(offset[path].sum())
        half = QUANTILE * float(np.sqrt(max(covariance[np.ix_(path, path)].sum(), 0.0)))
        found.append(_Ratio(*(float(np.exp(each)) for each in (log, log - half, log + half))))
    return found


def _effect(policy: Policy, stage: int, level: int) -> _Effect:
    ratios = policy.response.odds_ratios.parts[stage].parts
    assumed = tuple(float(tier[level - 1]) for tier in ratios)
    why, estimate = policy.assumed_because[stage][level], policy.estimate
    cell = None
    if estimate is not None and stage > 0:
        cell = estimate.cells[(stage - 1) * CONTACTS + level - 1]
    estimated = None
    if why is None and estimate is not None:
        estimated = average_ratios(estimate, stage)[level - 1]
    return _Effect(stage, level, assumed, why, estimated, cell)


def _row(each: _Effect, language: Language) -> Row:
    cell, ratio = each.cell, each.estimated
    return {
        "stage": STAGES[each.stage],
        "level": level_name(each.level, language),
        "assumed": [formats.number(value, language, 2) for value in each.assumed],
        "estimated": ratio is not None,
        "ratio": formats.NONE
        if ratio is None
        else intervals.number(ratio.value, (ratio.low, ratio.high), language, 2),
        "points": formats.NONE
        if cell is None or cell.effect is None or cell.low is None or cell.high is None
        else intervals.points(cell.effect, (cell.low, cell.high), language),
        "n": formats.number(None if cell is None else cell.n, language),
        "ess": formats.number(None if cell is None else cell.ess, language),
        "overlap": formats.percent(None if cell is None else cell.overlap, language, 0),
    }


def _whys(effects: list[_Effect], language: Language) -> list[Row]:
    """Each reason for which effects are assumed, with the stages and levels it is given for."""
    found: dict[str, list[str]] = {}
    for each in effects:
        if each.why is not None:
            because = told(ASSUMED, each.why, language).format(stage=STAGES[each.stage])
            found.setdefault(because, []).append(
                f"{STAGES[each.stage]} {level_name(each.level, language)}"
            )
    return [{"because": because, "cells": cells} for because, cells in found.items()]


def _chart(effects: list[_Effect], language: Language) -> Chart:
    names = [f"{STAGES[each.stage]} {level_name(each.level, language)}" for each in effects]
    tiers = LABELS["policy_assumed_of_tier"].of(language)
    assumed = [
        Series(
            tiers.format(tier=LABELS[tier].of(language)),
            [each.assumed[number] for each in effects],
            "points",
            number + 1,
        )
        for number, tier in enumerate(TIERS)
    ]
    axis = Axis(LABELS["policy_odds_ratio"].of(language))
    return across(
        names, [*_estimated([each.estimated for each in effects], language), *assumed], axis
    )


def _estimated(ratios: list[_Ratio | None], language: Language) -> list[Series]:
    """What was estimated, with its intervals; nothing where nothing was."""
    if not any(ratios):
        return []
    return [
        Series(
            LABELS["policy_estimated"].of(language),
            [None if ratio is None else ratio.value for ratio in ratios],
            "points",
            0,
        ),
        Series(
            LABELS["interval"].of(language),
            [None if ratio is None else (ratio.low, ratio.high) for ratio in ratios],
            "range",
            0,
        ),
    ]


def _made_of(estimate: Estimate) -> Row:
    training = estimate.training
    return {
        "sha256": estimate.sha256,
        "from": str(training["from"]),
        "until": str(training["until"]),
        "data_sha256": training["data_sha256"],
        "features": len(estimate.features),
    }
