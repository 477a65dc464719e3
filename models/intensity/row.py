"""Row: one account's part of the arrays that decided it, as Python's own numbers."""

from collections.abc import Iterator
from typing import NamedTuple

from models.account import Account
from models.intensity.asked import Asked
from models.intensity.effects import Effects
from models.intensity.exploration import Drawn
from models.intensity.numbers import Indices, Numbers
from models.intensity.ruled import Ruled
from models.intensity.rules.book import Applicable
from models.intensity.rules.rule import Cap, Hours
from models.intensity.value import Weighed


class Row(NamedTuple):
    """One account, as Python's own numbers; lists are by level, channel or counted rule."""

    account: Account
    rules: Applicable
    caps: list[Cap]
    hours: tuple[Hours, ...]
    effects: Effects
    experiment: str | None
    propensities: dict[str, float]
    as_of: float
    ability: float
    willingness: float
    standing_valid: bool
    today: float
    visit_agreed: bool
    stated: float
    paid_month: float
    used: list[int]
    free: list[bool]
    ready_day: list[float]
    barred_by: list[int]
    level_by: list[int]
    stage: int  # position in STAGES
    lowest: int
    highest: int
    probability: list[float]
    value: list[float]
    cost: list[float]
    price: list[float]
    net: list[float]
    unbarred: int  # the level before any rule
    unflagged: int  # the level before protections and holds
    recommended: int  # the level before any is drawn
    runner_up: int
    unpriced: int  # what `unflagged` would be if resources were not scarce
    planned: int  # the plan's level, NOT_PLANNED without one
    level: int  # what is given
    replaced: int  # what would be given if no person had given another
    arm: int  # position in ARMS


def rows(
    numbers: Numbers,
    asked: Asked,
    ruled: Ruled,
    weighed: Weighed,
    unpriced: Indices,
    planned: Indices,
    effects: list[Effects],
    draw: Drawn,
) -> Iterator[Row]:
    """The rows of the accounts, in order."""
    facts, bars = asked.facts, ruled.bars
    columns = (
        asked.as_of,
        asked.ability,
        asked.willingness,
        asked.standing_valid,
        facts.today,
        facts.visit_agreed,
        facts.stated,
        facts.paid_month,
        asked.counts.used,
        bars.free,
        bars.ready_day,
        bars.barred_by,
        bars.level_by,
        weighed.stage,
        numbers.lowest[weighed.stage],
        numbers.highest[weighed.stage],
        weighed.probability,
        weighed.value,
        weighed.cost,
        weighed.price,
        weighed.net,
        weighed.unbarred,
        weighed.unflagged,
        weighed.level,
        weighed.runner_up,
        unpriced,
        planned,
        draw.level,
        draw.level if draw.replaced is None else draw.replaced,
        draw.arm,
    )
    each = (
        asked.accounts,
        ruled.applicable,
        ruled.caps,
        ruled.hours,
        effects,
        draw.experiment,
        draw.propensities,
    )
    return map(Row._make, zip(*each, *(column.tolist() for column in columns), strict=True))
