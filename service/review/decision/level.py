"""The level of a recorded decision, as the review page tells it."""

from typing import Any

from models.intensity.ladder import LEVEL_NAMES
from models.intensity.words.catalogue import told
from models.intensity.words.changes import change_told
from models.intensity.words.drawn import drawn_told
from models.intensity.words.effects import effect_told
from models.intensity.words.limits import counted_told
from models.intensity.words.names import CHANNEL_NAMES, LEVELS
from models.intensity.words.rules import JURISDICTIONS, RULES
from models.intensity.words.taken import took_away
from models.score.reasons import Language
from service.log.records import Record
from service.review.bars import bars, filled, spans
from service.review.decision.level_reason import level_reason

Row = dict[str, Any]


def level_view(record: Record, language: Language) -> Row:
    """What the page shows of the level: everything from the record, codes in words.

    `weighed` is False for records of schema 1, whose levels have no numbers; `effects` is empty for
    those of schema 1 and 2, which do not say where each level's effect is from.
    """
    intensity, currency = record["intensity"], record["currency"]
    rules_of = intensity.get("rules_of")
    return {
        "name": LEVELS[intensity["name"]].of(language),
        "set_by": level_reason(record, language),
        "weighed": intensity["response_model"] is not None,
        "drawn": drawn_told(intensity, record["versions"]["policy"], language),
        "response": _response(intensity),
        "effects": _effects(intensity, record["score"]["stage"], language),
        "channels": _channels(intensity["channels"], language),
        "rules_of": None if rules_of is None else told(JURISDICTIONS, rules_of, language),
        "levels": _levels(intensity, language),
        "changes": [change_told(each, currency, language) for each in _changes(intensity)],
        "limits": [_limit(limit, language) for limit in intensity["limits"]],
        "rules": [_rule(rule, language) for rule in intensity["binding_rules"]],
    }


def _channels(codes: list[str], language: Language) -> str:
    names = (told(CHANNEL_NAMES, code, language) for code in codes)
    return (", " if language == "en" else "、").join(names)


def _levels(intensity: Row, language: Language) -> list[Row]:
    levels, recommended = intensity["levels"], intensity.get("recommended")
    nets = bars([level["net"] or 0.0 for level in levels])
    return [
        {
            **level,
            "name": LEVELS[LEVEL_NAMES[level["level"]]].of(language),
            "chosen": level["level"] == intensity["level"],
            "recommended": level["level"] == recommended,
            "runner_up": level["level"] == intensity["runner_up"],
            "taken_by": told(RULES, level["taken_by"], language) if level["taken_by"] else "",
            "bar": bar,
        }
        for level, bar in zip(levels, nets, strict=True)
    ]


def _response(intensity: Row) -> str | None:
    """Where the effects are from: `assumed`, `estimated`, or `partly` both; None if not known."""
    found: str | None = intensity["response_model"]
    some = any(level.get("estimated", False) for level in intensity["levels"])
    return "partly" if found == "assumed" and some else found


def _effects(intensity: Row, stage: str, language: Language) -> list[Row]:
    """What each level but none adds to the probability, with its interval."""
    none, *others = intensity["levels"]
    if "estimated" not in none:
        return []
    adds = [level["probability"] - none["probability"] for level in others]
    bounds = [
        (level["effect_low"], level["effect_high"]) if level["estimated"] else None
        for level in others
    ]
    return [
        {
            "level": level["level"],
            "name": LEVELS[LEVEL_NAMES[level["level"]]].of(language),
            "chosen": level["level"] == intensity["level"],
            "estimated": level["estimated"],
            "told": effect_told(level, adding, stage, language),
            "span": span,
        }
        for level, adding, span in zip(others, adds, spans(adds, bounds), strict=True)
    ]


def _changes(intensity: Row) -> list[Row]:
    smallest = intensity["smallest_change"]
    return [] if smallest is None else [smallest, *intensity["other_changes"]]


def _limit(limit: Row, language: Language) -> Row:
    return {
        **limit,
        "rule": told(RULES, limit["rule"], language),
        "counted": counted_told(limit, language),
        "filled": filled(limit["used"], limit["max"]),
        "full": limit["used"] >= limit["max"],
    }


def _rule(rule: Row, language: Language) -> Row:
    return {
        "rule": told(RULES, rule["rule"], language),
        "citation": rule["citation"],
        "took_away": took_away(rule["took_away"], language),
    }
