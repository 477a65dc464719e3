"""What a level adds to the probability, and where that is known from, in words."""

from typing import Any

from models.intensity.words.catalogue import Words, told
from models.score.reasons import Language

# Why an effect is assumed, by the codes of a level's `assumed_because`.
ASSUMED: dict[str, Words] = {
    "no_estimate": Words(
        "no effects have been estimated from assignments",
        "尚未由分配记录估计过效果",
    ),
    "not_randomised": Words(
        "in {stage} levels were not assigned at random", "在 {stage} 阶段，级别并非随机分配"
    ),
    "wrong_propensities": Words(
        "in {stage} levels were not assigned as often as their recorded chances say",
        "在 {stage} 阶段，各级别的实际分配频率与所记录的概率不符",
    ),
    "never_tried": Words("this level was never tried in {stage}", "在 {stage} 阶段从未试过该级别"),
    "little_overlap": Words(
        "in {stage} too many accounts had next to no chance of this level, or of no contact",
        "在 {stage} 阶段，过多账户几乎没有机会被分配到该级别或不联系",
    ),
    "few_assignments": Words(
        "in {stage} this level, or no contact, was assigned too seldom",
        "在 {stage} 阶段，该级别或不联系的分配次数过少",
    ),
}

_ESTIMATED = Words(
    "adds {adds} points ({low} to {high}), estimated from assignments",
    "增加 {adds} 个百分点（{low} 至 {high}），由分配记录估计",
)
_ASSUMED = Words(
    "adds {adds} points; assumed: {because}", "增加 {adds} 个百分点；为假设值：{because}"
)


def effect_told(level: dict[str, Any], adds: float, stage: str, language: Language) -> str:
    """What a recorded level adds to the probability without contact, and where that is from.

    `adds` is that effect; it and its 95% interval are told in percentage points.
    """
    if level["estimated"]:
        low, high = _points(level["effect_low"]), _points(level["effect_high"])
        return _ESTIMATED.of(language).format(adds=_points(adds), low=low, high=high)
    because = told(ASSUMED, level["assumed_because"], language).format(stage=stage)
    return _ASSUMED.of(language).format(adds=_points(adds), because=because)


def _points(share: float) -> str:
    """A share in percentage points to one decimal, never -0.0."""
    return f"{round(100 * share, 1) + 0.0:.1f}"
