"""What the parts of a policy must be to one another, checked on the document as it was read.

The checks take the raw document, so that they speak even where other parts of it are
malformed: a value of the wrong kind is passed over here, its own check names it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from features.errors import InputError
from models.intensity.ladder import (
    LEVEL_NAMES,
    LOWEST_LEVEL_OF_CHANNEL,
    LOWEST_LEVEL_OF_TREATMENT,
    NONE,
)
from models.intensity.paths import toml_path
from models.score.tier import TIERS
from models.stage import STAGES

Document = Mapping[str, Any]


def check(document: Document) -> list[InputError]:
    """Every mistake between the parts of the policy, in the order of the file's parts."""
    return [*_tiers(document), *_ladder(document), *_stages(document), *_table(document)]


def _tiers(document: Document) -> Iterator[InputError]:
    for target in ("cure", "early_warning"):
        low = _number(document, "tiers", target, "low_from")
        high = _number(document, "tiers", target, "high_below")
        if low is not None and high is not None and high >= low:
            yield _mistake(
                ("tiers", target, "high_below"),
                f"must lie below low_from ({low:g}): no probability would be medium risk",
                "Lower high_below or raise low_from.",
                high,
            )
    doubtful = _number(document, "tiers", "doubtful", "probability_below")
    high = _number(document, "tiers", "cure", "high_below")
    if doubtful is not None and high is not None and doubtful > high:
        yield _mistake(
            ("tiers", "doubtful", "probability_below"),
            f"must not lie above tiers.cure.high_below ({high:g}): doubtful is part of high risk",
            f"Choose at most {high:g}.",
            doubtful,
        )


def _ladder(document: Document) -> Iterator[InputError]:
    for level, name in enumerate(LEVEL_NAMES):
        yield from _treatment(document, level, name)
        channels = _at(document, "ladder", name, "channels")
        if isinstance(channels, Sequence) and not isinstance(channels, str):
            yield from _channels(level, name, channels)


def _treatment(document: Document, level: int, name: str) -> Iterator[InputError]:
    treatment = _at(document, "ladder", name, "treatment")
    lowest = LOWEST_LEVEL_OF_TREATMENT.get(treatment) if isinstance(treatment, str) else None
    if lowest is None:
        return
    where = ("ladder", name, "treatment")
    if level < lowest:
        yield _mistake(
            where,
            f"belongs to level {LEVEL_NAMES[lowest]} or above",
            f"Choose a treatment that fits level {name}.",
            treatment,
        )
    if lowest == NONE and level > NONE:
        yield _mistake(
            where,
            f"means no contact, but level {name} makes one",
            "Choose remind, negotiate or escalate, as fits the level.",
            treatment,
        )


def _channels(level: int, name: str, channels: Sequence[Any]) -> Iterator[InputError]:
    where = ("ladder", name, "channels")
    for position, channel in enumerate(channels):
        lowest = LOWEST_LEVEL_OF_CHANNEL.get(channel) if isinstance(channel, str) else None
        if lowest is not None and level < lowest:
            yield _mistake(
                (*where, position),
                f"belongs to level {LEVEL_NAMES[lowest]} or above",
                "Move it there: the protections cap levels and rely on it.",
                channel,
            )
        if channel in channels[:position]:
            yield _mistake((*where, position), "stands twice", "Remove one.", channel)
    if level > NONE and not any(channel != "visit" for channel in channels):
        yield _mistake(
            where,
            "leaves no way to make contact where no visit has been agreed",
            "Add a channel other than visit.",
            list(channels),
        )


def _stages(document: Document) -> Iterator[InputError]:
    for stage in STAGES:
        lowest, highest = _bounds(document, stage)
        if lowest is not None and highest is not None and lowest > highest:
            yield _mistake(
                ("stages", stage, "lowest"),
                f"lies above the stage's highest level ({LEVEL_NAMES[highest]})",
                "Lower it, or raise highest.",
                LEVEL_NAMES[lowest],
            )


def _table(document: Document) -> Iterator[InputError]:
    for stage in STAGES:
        lowest, highest = _bounds(document, stage)
        for tier in TIERS:
            level = _level(document, "table", stage, tier)
            if level is None:
                continue
            if highest is not None and level > highest:
                side, bound = "highest", highest
            elif lowest is not None and level < lowest:
                side, bound = "lowest", lowest
            else:
                continue
            yield _mistake(
                ("table", stage, tier),
                f"lies outside the stage's bounds: its {side} level is {LEVEL_NAMES[bound]}",
                f"Choose another level, or change {toml_path(('stages', stage, side))}.",
                LEVEL_NAMES[level],
            )


def _bounds(document: Document, stage: str) -> tuple[int | None, int | None]:
    return (
        _level(document, "stages", stage, "lowest"),
        _level(document, "stages", stage, "highest"),
    )


def _mistake(path: Sequence[str | int], problem: str, remedy: str, value: object) -> InputError:
    return InputError(toml_path(path), problem, remedy, value)


def _level(document: Document, *path: str) -> int | None:
    name = _at(document, *path)
    return LEVEL_NAMES.index(name) if name in LEVEL_NAMES else None


def _number(document: Document, *path: str) -> float | None:
    value = _at(document, *path)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _at(document: Document, *path: str) -> Any:
    value: Any = document
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
