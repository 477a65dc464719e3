"""What monitoring found: drift from the training population over time, and what came of scores."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from models.score.reasons import Language
from models.stage import STAGES
from models.target import TARGETS, Target
from service.reports.monitor import Compared, Monitor
from service.reports.store import Published
from service.review import formats, intervals
from service.review.charts import Axis, Kind, Series, over
from service.review.feature_words import meaning
from service.review.portfolio import figures
from service.review.portfolio.figures import Figure, label

SHA256_SHOWN = 12  # digits

Reports = Sequence[Published[Monitor]]


class Drift(NamedTuple):
    """What the reports on one target say; the newest is `latest`.

    `worst` are the features in use that drifted most in it: name, meaning and index. `compared` is
    the newest report that has outcomes, with the chart of its stages, None where none has;
    `realised` shows its like over time where there are several.
    """

    target: Target
    latest: Published[Monitor]
    over_time: Figure
    worst: list[tuple[str, str, str]]
    broken: int
    compared: Published[Monitor] | None
    by_stage: Figure | None
    realised: Figure | None


SHOWN = 5  # features


def drift_of(reports: Reports, language: Language) -> list[Drift]:
    """What reports, the one published last first, say of each target that they are about."""
    found = []
    for target in TARGETS:
        its = [each for each in reports if each.document.target == target]
        if its:
            found.append(_drift(target, its, language))
    return found


def _one_of_each(reports: Iterable[Published[Monitor]]) -> Reports:
    """Of each day and bundle the report that was published last; by day, the latest first."""
    kept: dict[tuple[str, str], Published[Monitor]] = {}
    for each in reports:
        kept.setdefault((_day(each), each.document.bundle_sha256), each)
    return sorted(kept.values(), key=lambda each: each.document.decisions.until, reverse=True)


def _drift(target: Target, reports: Reports, language: Language) -> Drift:
    every = _one_of_each(reports)
    compared = _one_of_each(each for each in reports if each.document.outcomes is not None)
    latest = every[0]
    return Drift(
        target=target,
        latest=latest,
        over_time=_over_time(every[::-1], language),
        worst=[
            (name, meaning(name, language), formats.number(value, language, 3))
            for name, value in _worst(latest.document)[:SHOWN]
        ],
        broken=len(latest.document.broken),
        compared=compared[0] if compared else None,
        by_stage=_by_stage(compared[0].document, language) if compared else None,
        realised=_realised(compared[::-1], language) if len(compared) > 1 else None,
    )


def _worst(report: Monitor) -> list[tuple[str, float]]:
    """The features that the booster splits by, the one that drifted most first, and its index."""
    told = report.drift.features
    used = [(name, told.get(name)) for name in report.used_features]
    known = [(name, value) for name, value in used if value is not None]
    return sorted(known, key=lambda item: -item[1])


def _day(report: Published[Monitor]) -> str:
    return report.document.decisions.until.date().isoformat()


def _days(reports: Reports, language: Language) -> list[str]:
    return [formats.day(_day(each), language) for each in reports]


def _over_time(reports: Reports, language: Language) -> Figure:
    """Indexes of score, worst feature and reasons, with the bounds of the newest report."""
    documents = [each.document for each in reports]
    worst = [next(iter(_worst(each)), (formats.NONE, None)) for each in documents]
    bounds = documents[-1].bounds
    score, feature = label("portfolio_score", language), label("portfolio_worst", language)
    series = [
        Series(score, [each.drift.score_psi for each in documents], colour=0),
        Series(feature, [value for _, value in worst], colour=1),
    ]
    lines = {bounds.score_psi: score, bounds.feature_psi: feature}
    for bound, name in lines.items():
        told = label("portfolio_bound", language)
        whole = told if len(lines) == 1 else label("portfolio_bound_of", language, name=name)
        series.append(Series(whole, [bound] * len(documents), colour=5, dashed=True))
    columns = ("portfolio_day", "portfolio_bundle", "portfolio_decisions", "portfolio_score")
    more = ("portfolio_worst", "portfolio_feature", "portfolio_reasons", "portfolio_broken")
    return Figure(
        label("portfolio_drift_over_time", language),
        over(_days(reports, language), series, Axis(label("portfolio_psi", language), low=0.0)),
        figures.head((*columns, *more), language),
        [
            [
                day,
                each.bundle_sha256[:SHA256_SHOWN],
                formats.number(each.decisions.compared, language),
                formats.number(each.drift.score_psi, language, 3),
                formats.number(value, language, 3),
                name,
                formats.number(each.drift.reasons_psi, language, 3),
                formats.number(len(each.broken), language),
            ]
            for day, each, (name, value) in zip(
                _days(reports, language), documents, worst, strict=True
            )
        ],
    )


def _by_stage(report: Monitor, language: Language) -> Figure:
    assert report.outcomes is not None
    by_stage = report.outcomes.by_stage
    names = [stage for stage in STAGES if stage in by_stage]
    groups = [by_stage[stage] for stage in names]
    rows = [
        [name, *_compared(group, language)]
        for name, group in [
            *zip(names, groups, strict=True),
            (label("portfolio_all", language), report.outcomes.overall),
        ]
    ]
    return Figure(
        label("portfolio_realised_by_stage", language),
        over(names, _outcome_series(groups, "points", language), _PERCENT),
        figures.head(("stage", *_COMPARED), language),
        rows,
    )


def _realised(reports: Reports, language: Language) -> Figure:
    groups = [each.document.outcomes.overall for each in reports if each.document.outcomes]
    days = _days(reports, language)
    return Figure(
        label("portfolio_realised_over_time", language),
        over(days, _outcome_series(groups, "line", language), _PERCENT),
        figures.head(("portfolio_day", *_COMPARED), language),
        [[day, *_compared(each, language)] for day, each in zip(days, groups, strict=True)],
    )


_PERCENT = Axis("", "percent", low=0.0)
_COMPARED = ("portfolio_n", "portfolio_predicted", "portfolio_realised", "portfolio_difference")


def _outcome_series(groups: Sequence[Compared], kind: Kind, language: Language) -> list[Series]:
    """What was predicted, and what came of it with its interval."""
    predicted, realised = (
        label(name, language) for name in ("portfolio_predicted", "portfolio_realised")
    )
    between = label("portfolio_interval_of", language, name=realised)
    return [
        Series(predicted, [each.predicted for each in groups], kind, 1),
        Series(realised, [each.realised for each in groups], kind, 0),
        Series(between, [_ends(each) for each in groups], "range", 0),
    ]


def _ends(group: Compared) -> tuple[float, float] | None:
    """The interval of the realised share."""
    if group.predicted is None or group.difference_ci is None:
        return None
    low, high = group.difference_ci
    return group.predicted + low, group.predicted + high


def _compared(group: Compared, language: Language) -> list[str]:
    return [
        formats.number(group.n, language),
        formats.percent(group.predicted, language),
        intervals.percent(group.realised, _ends(group), language),
        intervals.points(group.difference, group.difference_ci, language),
    ]
