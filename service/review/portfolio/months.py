"""Key figures by month of decision: charts, each with its numbers."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from models.score.reasons import Language
from service.reports.kpi import Group, Kpi, Share
from service.review import formats
from service.review.charts import Axis, Series, over
from service.review.portfolio import figures
from service.review.portfolio.figures import Figure, label

MOST = 24  # months that are shown, the last ones

Months = Sequence[tuple[str, Group]]


class ByMonth(NamedTuple):
    """The charts, and how many months before them are left out."""

    figures: list[Figure]
    left_out: int


def by_month(report: Kpi, language: Language) -> ByMonth:
    """Cure rate, money, contacts and promises of the last months."""
    every = sorted(report.by.month.items())
    months = every[-MOST:]
    drawn = [_cures(months, language), *_money(months, language)]
    if any(group.contacts is not None for _, group in months):
        drawn += [_contacts(months, language), _answers(months, language)]
    return ByMonth(drawn, len(every) - len(months))


def _names(months: Months, language: Language) -> list[str]:
    return [formats.month(name, language) for name, _ in months]


def _with_ends(
    name: str, shares: Sequence[Share | None], colour: int, language: Language
) -> list[Series]:
    """A line of shares, and their intervals in its colour."""
    between = label("portfolio_interval_of", language, name=name)
    return [
        Series(name, [figures.rate(each) for each in shares], colour=colour),
        Series(between, [figures.ends(each) for each in shares], "range", colour),
    ]


def _cures(months: Months, language: Language) -> Figure:
    shares = [group.cure for _, group in months]
    cured = label("portfolio_cured", language)
    axis = Axis(cured, "percent", low=0.0)
    return Figure(
        label("portfolio_cured_by_month", language),
        over(_names(months, language), _with_ends(cured, shares, 0, language), axis),
        figures.head(("portfolio_month", "portfolio_cured", "portfolio_n"), language),
        [
            [name, figures.share(each, language), figures.count(each, language)]
            for name, each in zip(_names(months, language), shares, strict=True)
        ],
    )


def _money(months: Months, language: Language) -> Iterator[Figure]:
    """A chart for each currency: amounts in several are never added up."""
    for currency in sorted({name for _, group in months for name in group.money or {}}):
        found = [(group.money or {}).get(currency) for _, group in months]
        name = label("portfolio_recovered_in", language, currency=currency)
        values = [None if each is None else each.recovered for each in found]
        columns = ("portfolio_month", "portfolio_recovered", "portfolio_unit_cost")
        yield Figure(
            label("portfolio_recovered_by_month", language, currency=currency),
            over(_names(months, language), [Series(name, values, "bar", 2)], Axis(name, "money")),
            figures.head((*columns, "portfolio_open_cycles"), language),
            [
                [month, formats.NONE, formats.NONE, formats.NONE]
                if each is None
                else [
                    month,
                    formats.money(each.recovered, language, currency),
                    label("portfolio_too_few", language)
                    if each.too_few
                    else formats.number(each.cost_per_unit, language, 3),
                    formats.number(each.open_cycles, language),
                ]
                for month, each in zip(_names(months, language), found, strict=True)
            ],
        )


def _contacts(months: Months, language: Language) -> Figure:
    groups = [group for _, group in months]
    name = label("portfolio_per_cure", language)
    values = [
        None if group.contacts is None or group.cure.too_few else group.contacts.per_cure
        for group in groups
    ]
    return Figure(
        label("portfolio_per_cure_by_month", language),
        over(_names(months, language), [Series(name, values, "bar", 1)], Axis(name, low=0.0)),
        figures.head(("portfolio_month", "portfolio_outgoing", "portfolio_per_cure"), language),
        [
            [
                month,
                formats.number(_outgoing(group), language),
                figures.per_cure(group, language),
            ]
            for month, group in zip(_names(months, language), groups, strict=True)
        ],
    )


def _outgoing(group: Group) -> int | None:
    return None if group.contacts is None else group.contacts.outgoing


def _answers(months: Months, language: Language) -> Figure:
    """Reach and kept promises on one axis."""
    reached = [group.reach for _, group in months]
    kept = [group.promises for _, group in months]
    names = [label(name, language) for name in ("portfolio_reach", "portfolio_kept")]
    series = [
        *_with_ends(names[0], reached, 0, language),
        *_with_ends(names[1], kept, 3, language),
    ]
    columns = ("portfolio_month", "portfolio_reach", "portfolio_n", "portfolio_kept", "portfolio_n")
    return Figure(
        label("portfolio_answers_by_month", language),
        over(_names(months, language), series, Axis("", "percent", low=0.0, high=1.0)),
        figures.head(columns, language),
        [
            [month, *(tell(each, language) for each in pair for tell in _SHARE)]
            for month, *pair in zip(_names(months, language), reached, kept, strict=True)
        ],
    )


_SHARE = (figures.share, figures.count)
