"""How an account that takes part in an experiment came by its level, as sentences."""

from typing import Any

from models.intensity.words.catalogue import Words
from models.intensity.words.names import LEVELS, level_told
from models.score.reasons import Language

_DRAWN = Words(
    "Drawn at random for the experiment {experiment}: the level recommended was {recommended}.",
    "为试验 {experiment} 随机抽取：推荐级别原为 {recommended}。",
)
_DRAWN_SAME = Words(
    "Drawn at random for the experiment {experiment}: it is the level recommended.",
    "为试验 {experiment} 随机抽取：与推荐级别相同。",
)
_CHALLENGER = Words(
    "Decided by the challenger policy {policy}, which the experiment {experiment} compares with "
    "the ordinary one.",
    "由挑战策略 {policy} 决定，试验 {experiment} 将其与常规策略进行比较。",
)
_ORDINARY = Words(
    "The account takes part in the experiment {experiment} and got the level recommended.",
    "账户参与试验 {experiment}，采用推荐级别。",
)
_OVERRIDDEN = Words(
    "The account takes part in the experiment {experiment}; a person gave another level.",
    "账户参与试验 {experiment}，级别由人工另行决定。",
)
_CHANCES = Words("Chance of each level: {chances}.", "各级别的概率：{chances}。")


def drawn_told(intensity: dict[str, Any], policy: str, language: Language) -> str | None:
    """How the level of a recorded intensity came about, with the chance of every level.

    None where the account took part in no experiment. `policy` is the one that decided.
    """
    experiment = intensity.get("experiment")
    if experiment is None:
        return None
    said = _arm(intensity).of(language)
    told = said.format(
        experiment=experiment,
        policy=policy,
        recommended=level_told(intensity["recommended"], language),
    )
    chances = _CHANCES.of(language).format(chances=_chances(intensity["propensities"], language))
    return f"{told} {chances}" if language == "en" else f"{told}{chances}"


def _arm(intensity: dict[str, Any]) -> Words:
    if (intensity.get("smallest_change") or {}).get("rule") == "override":
        return _OVERRIDDEN
    match intensity["arm"]:
        case "explore":
            same = intensity["level"] == intensity["recommended"]
            return _DRAWN_SAME if same else _DRAWN
        case "challenger":
            return _CHALLENGER
        case _:
            return _ORDINARY


def _chances(propensities: dict[str, float], language: Language) -> str:
    """The levels by name, each with its chance; one that is possible never reads as 0."""
    told = (
        f"{words.of(language)} {_percent(propensities[str(level)])}"
        for level, words in enumerate(LEVELS.values())
    )
    return (", " if language == "en" else "，").join(told)


def _percent(share: float) -> str:
    decimals = 1
    while share > 0 and decimals < 6 and not float(f"{100 * share:.{decimals}f}"):
        decimals += 1
    return f"{100 * share:.{decimals}f}%"
