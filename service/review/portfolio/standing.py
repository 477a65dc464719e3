"""Where accounts stand: the table of stage and tier against level, as the page shows it."""

from collections.abc import Iterable
from typing import NamedTuple

from models.intensity.ladder import LEVELS
from models.intensity.words.names import level_told
from models.score.reasons import Language
from models.score.tier import TIERS, Tier
from models.stage import STAGES, Stage
from service.reports.kpi import Cell, Standing
from service.review import formats

ACCOUNTS = "accounts"  # what is shown, else the amount past due in a currency
_SHADES = (0.0, 0.01, 0.03, 0.08, 0.2)  # above these shares of all, the next darker one


class Shaded(NamedTuple):
    """A cell: what it says, and how dark it is by its share of all, from 0 to 5."""

    told: str
    shade: int


class Row(NamedTuple):
    """The accounts of one stage and tier; `rows` is of the stage's first row, else 0."""

    stage: Stage
    rows: int
    tier: Tier
    cells: list[Shaded]
    total: str


class Table(NamedTuple):
    """The table, of accounts or of what they have past due in `currency`.

    `choices` are all that can be shown: ACCOUNTS, and each currency.
    """

    shown: str
    currency: str | None
    choices: list[str]
    levels: list[str]
    rows: list[Row]
    totals: list[str]
    total: str


def standing_table(standing: Standing, wanted: str, language: Language) -> Table:
    """The table of what is wanted; of the accounts where that is nothing to be shown."""
    currencies = sorted({cell.currency for cell in standing.cells})
    currency = wanted if wanted in currencies else None
    found = [cell for cell in standing.cells if currency in (None, cell.currency)]
    total = _sum(found, currency)

    def told(cells: Iterable[Cell]) -> str:
        return formats.number(_sum(cells, currency), language)

    def shaded(cells: list[Cell]) -> Shaded:
        share = _sum(cells, currency) / total if total else 0.0
        return Shaded(told(cells) if cells else "", sum(share > bound for bound in _SHADES))

    rows = []
    for stage in STAGES:
        of_stage = [cell for cell in found if cell.stage == stage]
        tiers = [tier for tier in TIERS if any(cell.tier == tier for cell in of_stage)]
        for number, tier in enumerate(tiers):
            its = [cell for cell in of_stage if cell.tier == tier]
            cells = [shaded([cell for cell in its if cell.level == level]) for level in LEVELS]
            rows.append(Row(stage, 0 if number else len(tiers), tier, cells, told(its)))
    return Table(
        shown=currency or ACCOUNTS,
        currency=currency,
        choices=[ACCOUNTS, *currencies],
        levels=[level_told(level, language) for level in LEVELS],
        rows=rows,
        totals=[told(cell for cell in found if cell.level == level) for level in LEVELS],
        total=told(found),
    )


def _sum(cells: Iterable[Cell], currency: str | None) -> float:
    if currency is None:
        return sum(cell.accounts for cell in cells)
    return sum(cell.past_due_amount for cell in cells)
