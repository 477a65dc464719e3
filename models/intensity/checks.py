"""What the parts of a policy must be to one another, checked on the document as it was read.

The checks take the raw document, so that they speak even where other parts of it are
malformed: a value of the wrong kind is passed over here, its own check names it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from features.errors import InputError
from models.intensity.ladder import (
    CHANNEL_OF_RESOURCE,
    LEVEL_NAMES,
    LEVELS,
    LOWEST_LEVEL_OF_CHANNEL,
    LOWEST_LEVEL_OF_TREATMENT,
    NONE,
    RESOURCES,
)
from models.intensity.paths import toml_path
from models.stage import STAGES

Document = Mapping[str, Any]

# Decimals such as 0.1 miss their sum by less than this.
SUM_TOLERANCE = 1e-9
LEAST_USE = 1e-6  # of a resource a week: prices of less are beyond counting
MOST_DRAWN = 0.9  # of the accounts: the rest shows what the policy itself does
_MOST = 1e300


def check(document: Document) -> list[InputError]:
    """Every mistake between the parts of the policy, in the order of the file's parts."""
    return [
        *_tiers(document),
        *_ladder(document),
        *_stages(document),
        *_logging(document),
        *_drawn(document),
    ]


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
        contacts = _at(document, "ladder", name, "contacts_per_week")
        if isinstance(contacts, Mapping):
            yield from _channels(level, name, contacts)
            if level > NONE:
                yield from _uses(document, name, contacts)
    yield from _idle(document)


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


def _channels(level: int, name: str, contacts: Mapping[str, Any]) -> Iterator[InputError]:
    where = ("ladder", name, "contacts_per_week")
    for channel in contacts:
        lowest = LOWEST_LEVEL_OF_CHANNEL.get(channel)
        if lowest is not None and level < lowest:
            yield _mistake(
                (*where, channel),
                f"belongs to level {LEVEL_NAMES[lowest]} or above",
                "Move it there: the protections cap levels and rely on it.",
                channel,
            )
    if level > NONE and not contacts:
        yield _mistake(
            where,
            f"names no channel, but level {name} makes contact",
            "Add a channel and its contacts a week, such as sms = 1.",
            dict(contacts),
        )
    if next(iter(contacts), None) == "visit":
        yield _mistake(
            (*where, "visit"),
            "comes first, but a visit is only made where it has been agreed",
            "Put another channel first: the one that the level stands for.",
            "visit",
        )


def _uses(document: Document, name: str, contacts: Mapping[str, Any]) -> Iterator[InputError]:
    for resource, channel in CHANNEL_OF_RESOURCE.items():
        use = _number(document, "ladder", name, "use_per_week", resource)
        if use and channel not in contacts:
            yield _mistake(
                ("ladder", name, "use_per_week", resource),
                f"is used, but the level has no contacts by {channel}",
                f"Add {channel} to contacts_per_week, or remove {resource} here.",
                use,
            )
        if not use and channel in contacts:
            yield _mistake(
                ("ladder", name, "use_per_week", resource),
                f"is not used, but the level has contacts by {channel}",
                f"Write how many {resource} it uses a week, or remove {channel}.",
                use or 0,
            )
    for resource in RESOURCES:
        use = _number(document, "ladder", name, "use_per_week", resource)
        if use is not None and 0 < use < LEAST_USE:
            yield _mistake(
                ("ladder", name, "use_per_week", resource),
                "is too little to be counted",
                f"Write at least {LEAST_USE:g}, or remove it.",
                use,
            )


def _idle(document: Document) -> Iterator[InputError]:
    """Level none, against which the others are weighed, makes no contact and has no cost."""
    none = ("ladder", LEVEL_NAMES[NONE])
    cost = _number(document, *none, "unit_cost")
    if cost:
        yield _mistake(
            (*none, "unit_cost"), "must be 0: level none makes no contact", "Write 0.", cost
        )
    used = _at(document, *none, "use_per_week")
    for resource in used if isinstance(used, Mapping) else ():
        if _number(document, *none, "use_per_week", resource):
            yield _mistake(
                (*none, "use_per_week", resource),
                "must not be used: level none makes no contact",
                "Remove it.",
                used[resource],
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


def _logging(document: Document) -> Iterator[InputError]:
    for stage in STAGES:
        path = ("response", "logging", stage)
        shares = _at(document, *path)
        if not isinstance(shares, Sequence) or len(shares) != len(LEVELS):
            continue
        numbers = [share for share in map(_as_number, shares) if share is not None]
        total = sum(numbers)
        if len(numbers) == len(LEVELS) and not abs(total - 1) <= SUM_TOLERANCE:
            yield _mistake(
                path,
                f"must sum to 1: every account is at one of the levels, these sum to {total:.12g}",
                "Correct the shares of none, remind, call, intensive, escalate.",
                list(shares),
            )


def _drawn(document: Document) -> Iterator[InputError]:
    share = _number(document, "exploration", "share")
    challenged = _number(document, "exploration", "challenger_share")
    if share is not None and challenged is not None and share + challenged > MOST_DRAWN:
        yield _mistake(
            ("exploration", "challenger_share"),
            f"is {share + challenged:g} together with share, which leaves too few accounts at the "
            "level that the policy itself gives",
            f"Lower one of them: together at most {MOST_DRAWN:g}.",
            None,  # nothing of the part that holds the key is repeated
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
    return _as_number(_at(document, *path))


def _as_number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # A whole number may be too large to be counted with; its own bound names it.
    return value if -_MOST < value < _MOST else None


def _at(document: Document, *path: str) -> Any:
    value: Any = document
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
