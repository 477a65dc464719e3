"""The changes that would alter a level, as sentences."""

import math
from typing import Any

from models.intensity.words.catalogue import Words, told
from models.intensity.words.names import AMOUNTS, RESOURCE_NAMES, level_told, money_told
from models.intensity.words.rules import RULES
from models.score.reasons import Language

_MOVED: dict[str, Words] = {
    "probability": Words("If the probability {way} {to}", "若概率{way} {to}"),
    "amount": Words("If the {subject} {way} {to}", "若{subject}{way} {to}"),
    "price": Words(
        "If the price of {subject} {way} {to} (in the policy's currency unit)",
        "若{subject}的影子价格（按策略文件的货币单位）{way} {to}",
    ),
    "days": Words("If the days past due {way} {to}", "若逾期天数{way} {to} 天"),
}
_ROSE, _FELL = Words("rose to", "升至"), Words("fell to", "降至")
_WITHOUT = Words(
    "Without this rule the level would be {level}: {rule}", "若无此规则，级别将为 {level}：{rule}"
)
_PLAN = "capacity"  # not a rule of contact: the plan holds the level while nothing changes
_WITHOUT_PLAN = Words(
    "Any change of the account's inputs ends the hold of the capacity plan; weighed on its own, "
    "the level would be {level}.",
    "账户输入数据一旦变化，即不再沿用产能计划；单独权衡时，级别将为 {level}。",
)
_DRAW = "exploration"  # not a rule of contact: the level was drawn at random
_WITHOUT_DRAW = Words(
    "The level was drawn at random; outside the experiment it would be {level}, the one "
    "recommended.",
    "级别为随机抽取；若不参与试验，则采用推荐级别 {level}。",
)
_PERSON = "override"  # not a rule of contact: a person gave the level
_WITHOUT_PERSON = Words(
    "A person gave the level; without that it would be {level}.",
    "级别由人工决定；若无此决定，级别将为 {level}。",
)
_HELD = {_PLAN: _WITHOUT_PLAN, _DRAW: _WITHOUT_DRAW, _PERSON: _WITHOUT_PERSON}
_THEN = Words("{moved}, the level would be {level}.", "{moved}，级别将为 {level}。")


def change_told(change: dict[str, Any], currency: str, language: Language) -> str:
    """The sentence of a change as it is recorded.

    A probability or price is rounded away from what it was, so that it never reads as if it had
    not moved; money and days are told exactly. Amounts are in `currency`, prices in the policy's
    unit.
    """
    kind, level = change["kind"], level_told(change["level"], language)
    if kind == "rule":
        words = _HELD.get(change["rule"], _WITHOUT)
        rule = told(RULES, change["rule"], language)
        return words.of(language).format(level=level, rule=rule)
    was, to = change[f"was_{kind}"], change[f"to_{kind}"]
    moved = (
        _MOVED[kind]
        .of(language)
        .format(
            subject=_subject(change, language),
            way=(_ROSE if to > was else _FELL).of(language),
            to=_value(kind, was, to, currency),
        )
    )
    return _THEN.of(language).format(moved=moved, level=level)


def _subject(change: dict[str, Any], language: Language) -> str:
    if change["kind"] == "amount":
        return told(AMOUNTS, change["field"], language)
    return told(RESOURCE_NAMES, change["resource"], language) if "resource" in change else ""


def _value(kind: str, was: float, to: float, currency: str) -> str:
    if kind == "probability":
        return f"{100 * _away(was, to, 1e4):.2f}%"
    if kind == "price":
        return f"{_away(was, to, 1e4):.4f}"
    return f"{to:.0f}" if kind == "days" else money_told(to, currency)


def _away(was: float, to: float, steps: float) -> float:
    """`to` on a grid of `steps` per 1, at or beyond it as seen from `was`."""
    return (math.ceil if to > was else math.floor)(to * steps) / steps
