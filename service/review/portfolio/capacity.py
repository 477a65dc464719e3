"""The resources of the capacity plan in force: what is used of each, and what it costs."""

from datetime import datetime
from typing import NamedTuple

from models.intensity.ladder import RESOURCES, Resource
from models.intensity.plan import Terms
from models.score.reasons import Language
from service.readiness import Prices
from service.review import formats
from service.review.bars import filled

_FULL = 0.999  # of what there is: a plan's last unit may be too small for anybody


class Row(NamedTuple):
    """One resource: amounts a day; `share` and `filled` are None where it has no limit."""

    name: str
    use: str
    capacity: str | None
    share: str | None
    filled: str | None
    full: bool
    price: str


class Used(NamedTuple):
    """The plan and its resources; `rates` is what 1 of its prices' unit is in each currency."""

    plan: str
    as_of: datetime
    accounts: int
    resources: list[Row]
    rates: list[str]
    keeps_minimum: bool
    stale: bool
    fits: bool
    age_days: float
    valid_days: int


def used_capacity(terms: Terms, prices: Prices, language: Language) -> Used:
    """What the plan made of its capacity."""
    return Used(
        plan=terms.run_id,
        as_of=terms.as_of,
        accounts=terms.n,
        resources=[_row(name, terms, language) for name in RESOURCES],
        rates=[f"{rate:g} {currency}" for currency, rate in sorted(terms.currencies.items())],
        keeps_minimum=terms.keeps_minimum,
        stale=prices.stale,
        fits=prices.fits,
        age_days=prices.age_days,
        valid_days=prices.valid_days,
    )


def _row(name: Resource, terms: Terms, language: Language) -> Row:
    use, capacity = terms.use[name], terms.capacity[name]
    share = use / capacity if capacity else None
    return Row(
        name=name,
        use=formats.number(use, language, 1),
        capacity=None if capacity is None else formats.number(capacity, language, 1),
        share=None if share is None else formats.percent(share, language),
        filled=filled(use, capacity) if capacity else None,
        full=share is not None and share >= _FULL,
        price=formats.number(terms.prices[name], language, 2),
    )
