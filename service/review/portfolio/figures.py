"""Key figures of some account-cycles in words, and figures to be drawn with their numbers."""

from collections.abc import Sequence
from typing import NamedTuple

from models.score.reasons import Language
from service.reports.kpi import Group, Share
from service.review import formats, intervals
from service.review.charts import Chart
from service.review.labels.catalogue import LABELS


class Figure(NamedTuple):
    """A chart with its caption, and its numbers: what heads the columns, and the rows.

    The first column names the rows.
    """

    caption: str
    drawn: Chart
    head: list[str]
    rows: list[list[str]]


def label(name: str, language: Language, /, **values: str) -> str:
    """A label of the pages, with values in their places."""
    return LABELS[name].of(language).format(**values)


def share(figure: Share | None, language: Language) -> str:
    """A share with its interval, or why it is not told."""
    if figure is None:
        return label("portfolio_not_known", language)
    if not figure.n:
        return formats.NONE
    if figure.too_few:
        return label("portfolio_too_few", language)
    assert figure.low is not None  # as the rate: of rows there is one
    assert figure.high is not None
    return intervals.percent(figure.rate, (figure.low, figure.high), language)


def rate(figure: Share | None) -> float | None:
    """A share that is told, as it is drawn."""
    return None if figure is None or figure.too_few else figure.rate


def ends(figure: Share | None) -> tuple[float, float] | None:
    """The interval of a share that is told, as it is drawn."""
    if figure is None or figure.too_few or figure.low is None or figure.high is None:
        return None
    return figure.low, figure.high


def count(figure: Share | None, language: Language) -> str:
    """Of how many a share is."""
    return formats.NONE if figure is None else formats.number(figure.n, language)


def per_cure(group: Group, language: Language) -> str:
    """Contacts for one cure."""
    if group.contacts is None:
        return label("portfolio_not_known", language)
    if group.contacts.per_cure is None:
        return formats.NONE
    if group.cure.too_few:
        return label("portfolio_too_few", language)
    return formats.number(group.contacts.per_cure, language, 1)


def group_head(name: str, currencies: Sequence[str], language: Language) -> list[str]:
    """The labels of the columns of `group_row`; `name` is that of the first one."""
    return [
        *head((name, "portfolio_cycles", "portfolio_cured", "portfolio_n"), language),
        *(label("portfolio_recovered_in", language, currency=each) for each in currencies),
        *head(("portfolio_per_cure", "portfolio_reach", "portfolio_kept"), language),
    ]


def group_row(name: str, group: Group, currencies: Sequence[str], language: Language) -> list[str]:
    """The figures of a group under its name."""
    money = group.money or {}
    amounts = [money[each].recovered if each in money else None for each in currencies]
    return [
        name,
        formats.number(group.cycles, language),
        share(group.cure, language),
        count(group.cure, language),
        *(formats.number(each, language) for each in amounts),
        per_cure(group, language),
        share(group.reach, language),
        share(group.promises, language),
    ]


def head(names: Sequence[str], language: Language) -> list[str]:
    """The labels of columns."""
    return [label(name, language) for name in names]
