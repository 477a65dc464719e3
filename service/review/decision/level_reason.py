"""What set the level of a recorded decision, in one sentence."""

from typing import Any

from models.intensity.words.catalogue import Words, told
from models.intensity.words.names import level_told
from models.intensity.words.overrides import APPROVED, REASONS
from models.intensity.words.rules import RULES
from models.intensity.words.taken import took_away
from models.score.reasons import Language
from service.log.records import Record
from service.review import formats

_PERSON = Words("A person gave level {level}. {reason}", "级别 {level}由人工决定。{reason}")
_DRAWN = Words(
    "Level {level} was drawn at random for the experiment {experiment}; {recommended} was "
    "recommended.",
    "级别 {level}是为试验 {experiment} 随机抽取的；推荐级别为 {recommended}。",
)
_RULE = Words("A rule set it: {took}. {rule}", "由规则决定：{took}。{rule}")
_NET = Words(
    "Of the levels allowed, {level} nets most: {net} in a cycle.",
    "在允许的级别中，{level}的净值最高：每周期 {net}。",
)
_NET_OVER = Words(
    "Of the levels allowed, {level} nets most: {net} in a cycle, {more} more than {other}.",
    "在允许的级别中，{level}的净值最高：每周期 {net}，比 {other}多 {more}。",
)
_PLANNED = Words("The capacity plan gave level {level}.", "级别 {level}由产能计划给出。")
_UNKNOWN = Words(
    "The record does not tell what the levels would have brought.",
    "记录中没有各级别的收益数据。",
)


def level_reason(record: Record, language: Language) -> str:
    """The sentence: a person, a draw, a rule, or else what the level nets."""
    intensity = record["intensity"]
    level = level_told(intensity["level"], language)
    person = record["override_reason"]
    if (intensity["smallest_change"] or {}).get("rule") == "override":
        # An approval tells its own reason, not that of the level.
        said = "" if person is None or person["code"] == APPROVED else person["code"]
        reason = told(REASONS, said, language)
        return _PERSON.of(language).format(level=level, reason=reason).strip()
    recommended = intensity.get("recommended")
    if recommended is not None and recommended != intensity["level"]:
        return _DRAWN.of(language).format(
            level=level,
            experiment=intensity["experiment"],
            recommended=level_told(recommended, language),
        )
    for rule in intensity["binding_rules"]:
        if rule["took_away"].startswith("level:") and _left(rule) == intensity["level"]:
            took = took_away(rule["took_away"], language)
            words = told(RULES, rule["rule"], language)
            return _RULE.of(language).format(took=took, rule=words)
    return _weighed(intensity, level, record["currency"], language)


def _left(rule: dict[str, Any]) -> int:
    return int(rule["took_away"].rpartition(">")[2])


def _weighed(intensity: dict[str, Any], level: str, currency: str, language: Language) -> str:
    if intensity["response_model"] is None:
        return _UNKNOWN.of(language)
    levels = {each["level"]: each for each in intensity["levels"]}
    net = levels[intensity["level"]]["net"]
    if net < max(each["net"] for each in levels.values() if each["allowed"]):
        return _PLANNED.of(language).format(level=level)
    other = intensity["runner_up"]
    if other is None:
        return _NET.of(language).format(level=level, net=formats.money(net, language, currency))
    return _NET_OVER.of(language).format(
        level=level,
        net=formats.money(net, language, currency),
        more=formats.money(net - levels[other]["net"], language, currency),
        other=level_told(other, language),
    )
