"""What the page of the whole portfolio shows: of published reports, and of the plan in force."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from models.intensity.plan import Terms
from models.intensity.words.catalogue import told
from models.intensity.words.names import level_told
from models.intensity.words.overrides import OVERRIDES
from models.intensity.words.rules import RULES
from models.score.reasons import Language
from service.readiness import Prices
from service.reports.kpi import Group, Kpi, Share
from service.reports.monitor import Monitor
from service.reports.store import Published
from service.review import formats
from service.review.portfolio import figures
from service.review.portfolio.capacity import used_capacity
from service.review.portfolio.drift import drift_of
from service.review.portfolio.figures import label
from service.review.portfolio.months import by_month
from service.review.portfolio.standing import standing_table

OLD = timedelta(days=35)  # a month, and the days that it takes to report on it
RULES_SHOWN = 10
BY = ("stage", "level")  # the tables of key figures, beside those by month


class Head(NamedTuple):
    """Of when a part of the page is: what it is of, who published it, and whether it is old."""

    name: str
    told: str
    published: str | None
    old: str | None


class Card(NamedTuple):
    """A figure of all, and what is said of it in small."""

    name: str
    told: str
    detail: str


class By(NamedTuple):
    """Key figures by what cycles have in common: what heads the columns, and the rows."""

    name: str
    head: list[str]
    rows: list[list[str]]


def portfolio_view(
    report: Published[Kpi] | None,
    monitors: Sequence[Published[Monitor]],
    plan: tuple[Terms, Prices] | None,
    wanted: str,
    now: datetime,
    language: Language,
) -> dict[str, Any]:
    """All parts of the page; None, or empty, where nobody has made what they show.

    `wanted` says what the table of accounts shows (service.review.portfolio.standing).
    """
    drift = drift_of(monitors, language)
    heads = [] if report is None else [_of_kpi(report, now, language)]
    heads += [_of_monitor(each.latest, now, language) for each in drift]
    return {
        "heads": heads,
        "kpi": None if report is None else _kpi(report.document, wanted, language),
        "capacity": None if plan is None else used_capacity(*plan, language),
        "drift": drift,
    }


def _kpi(report: Kpi, wanted: str, language: Language) -> dict[str, Any]:
    total = report.total
    return {
        "standing": report.portfolio,
        "table": standing_table(report.portfolio, wanted, language),
        "decisions": report.decisions,
        "outcomes": _outcomes_known(report, language),
        "cards": list(_cards(total, language)),
        "months": by_month(report, language),
        "by": [_by(report, name, language) for name in BY],
        "overrides": report.overrides,
        "reasons": [
            (told(OVERRIDES, each.reason, language), each.n, each.share)
            for each in report.overrides.by_reason
        ],
        "rules": [
            (told(RULES, each.rule, language), each.n, each.share)
            for each in report.rules[:RULES_SHOWN]
        ],
        "visits": report.visits,
    }


def _outcomes_known(report: Kpi, language: Language) -> str | None:
    """Of how many cycles the outcome is known; None where it is of all."""
    known, late = report.total.cure.n, report.decisions.late_cycles
    if known >= late:
        return None
    return label(
        "portfolio_outcomes_known",
        language,
        known=formats.number(known, language),
        late=formats.number(late, language),
        share=formats.percent(known / late, language, 0),
    )


def _cards(total: Group, language: Language) -> Iterator[Card]:
    """The totals."""
    yield _share_card("portfolio_cured", total.cure, language)
    if total.money is None:
        unknown = label("portfolio_not_known", language)
        yield Card(label("portfolio_recovered", language), unknown, "")
    for currency, money in sorted((total.money or {}).items()):
        name = label("portfolio_recovered_in", language, currency=currency)
        yield Card(name, formats.number(money.recovered, language), "")
    per_cure = label("portfolio_per_cure", language)
    yield Card(per_cure, figures.per_cure(total, language), "")
    yield _share_card("portfolio_reach", total.reach, language)
    yield _share_card("portfolio_kept", total.promises, language)


def _share_card(name: str, share: Share | None, language: Language) -> Card:
    ends = figures.ends(share)
    if share is None or ends is None:
        return Card(label(name, language), figures.share(share, language), "")
    low, high = (formats.percent(end, language) for end in ends)
    detail = label(
        "portfolio_between", language, low=low, high=high, n=formats.number(share.n, language)
    )
    return Card(label(name, language), formats.percent(share.rate, language), detail)


def _by(report: Kpi, name: str, language: Language) -> By:
    """The key figures by stage, or by level."""
    currencies = sorted(report.total.money or {})
    groups = report.by.stage if name == "stage" else report.by.level
    rows = [
        figures.group_row(
            level_told(int(key), language) if name == "level" else key, each, currencies, language
        )
        for key, each in groups.items()
    ]
    return By(name, figures.group_head(name, currencies, language), rows)


def _of_kpi(report: Published[Kpi], now: datetime, language: Language) -> Head:
    document = report.document
    text = label(
        "portfolio_of_kpi",
        language,
        first=_day(document.first, language),
        until=_day(document.until, language),
        known=_day(document.known_until, language),
    )
    name = label("portfolio_key_figures", language)
    return Head(name, text, _published(report, language), _old(document.known_until, now, language))


def _of_monitor(report: Published[Monitor], now: datetime, language: Language) -> Head:
    decided = report.document.decisions
    text = label(
        "portfolio_of_monitor",
        language,
        first=_day(decided.first, language),
        until=_day(decided.until, language),
        n=formats.number(decided.compared, language),
    )
    name = label(f"portfolio_monitoring_{report.document.target}", language)
    return Head(name, text, _published(report, language), _old(decided.until, now, language))


def _published(report: Published[Any], language: Language) -> str:
    at = formats.instant(report.made_at.isoformat(), language)
    return label("portfolio_published", language, at=at, actor=report.actor)


def _old(known: datetime, now: datetime, language: Language) -> str | None:
    """A word of caution where what is known ends long ago."""
    if now - known <= OLD:
        return None
    days = formats.number((now - known).days, language)
    return label("portfolio_old", language, days=days)


def _day(at: datetime, language: Language) -> str:
    return formats.day(at.date(), language)
