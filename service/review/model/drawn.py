"""What a model's pictures show: calibration, lift and gain, and what moves its score."""

from collections.abc import Sequence
from typing import Any

from models.score.reasons import Language
from service.review import formats, intervals
from service.review.charts import Axis, Chart, Point, Series, across, over, xy
from service.review.feature_words import meaning
from service.review.known_model import Document
from service.review.labels.catalogue import LABELS
from service.review.model.dots import BAND_NAMES, Dot, banded, beside, dots, mean

Row = dict[str, Any]

SWARM = 150  # points of a feature in the summary
TAIL = 0.01  # of the rows at either end, whose values are drawn at its edge


def drawn(explained: Document | None, language: Language) -> Row | None:
    """Charts with the numbers for their tables; None where there is nothing to draw them from."""
    if explained is None:
        return None
    parts = {None: explained["reliability"]["overall"], **explained["reliability"]["by_stage"]}
    return {
        "reliability": [_reliability(stage, part, language) for stage, part in parts.items()],
        "gains": _gains(explained["gains"], language),
        "explained": formats.number(explained["explained"], language),
        "summary": _summary(explained["summary"], language),
        "dependence": [_dependence(each, language) for each in explained["dependence"]],
    }


def _reliability(stage: str | None, part: Document, language: Language) -> Row:
    bins, predicted = part["bins"], LABELS["drawn_predicted"].of(language)
    observed = LABELS["drawn_observed"].of(language)
    chart = xy(
        [
            Series(
                LABELS["interval"].of(language),
                [(each["predicted"], each["low"], each["high"]) for each in bins],
                "range",
                0,
            ),
            Series(observed, [(each["predicted"], each["observed"]) for each in bins], "points", 0),
        ],
        Axis(predicted, "percent", 0, 1),
        Axis(observed, "percent", 0, 1),
        diagonal=True,
    )
    return {
        "stage": stage,
        "n": formats.number(part["n"], language),
        "chart": chart,
        "rows": [
            {
                "n": formats.number(each["n"], language),
                "predicted": formats.percent(each["predicted"], language),
                "observed": intervals.percent(
                    each["observed"], (each["low"], each["high"]), language
                ),
            }
            for each in bins
        ],
    }


def _gains(table: Sequence[Document], language: Language) -> Row:
    share = Axis(LABELS["gains_gain"].of(language), "percent", 0, 1)
    gain: list[Point] = [(0.0, 0.0)]
    gain += [(each["share"], each["captured"]) for each in table if each["captured"] is not None]
    return {
        "lift": over(
            [str(each["decile"]) for each in table],
            [Series(LABELS["gains_lift"].of(language), [each["lift"] for each in table], "bar", 0)],
            Axis(LABELS["gains_lift"].of(language), low=0),
            bottom=LABELS["gains_tenth"].of(language),
        ),
        "gain": xy(
            [Series(LABELS["gains_gain"].of(language), gain, "line", 0)],
            Axis(LABELS["gains_share"].of(language), "percent", 0, 1),
            share,
            diagonal=True,
        ),
        "rows": [
            {
                "tenth": each["decile"],
                "n": formats.number(each["n"], language),
                "target_rate": formats.percent(each["target_rate"], language),
                "lift": formats.number(each["lift"], language, 2),
                "share": formats.percent(each["share"], language, 0),
                "gain": formats.percent(each["captured"], language),
            }
            for each in table
        ],
    }


def _summary(features: Sequence[Document], language: Language) -> Row:
    names = [each["feature"] for each in features]
    title = LABELS["reasons_mean"].of(language)
    return {
        "bars": across(
            names, [Series(title, [each["mean"] for each in features], "bar", 0)], Axis(title)
        ),
        "swarm": _swarm(features, language),
        "rows": [
            {
                "feature": each["feature"],
                "says": meaning(each["feature"], language),
                "group": each["group"],
                "mean": formats.number(each["mean"], language, 3),
                "bands": [
                    formats.signed(mean(part), language, 2) for part in banded(dots(each["points"]))
                ],
            }
            for each in features
        ],
    }


def _swarm(features: Sequence[Document], language: Language) -> Chart:
    """A row for each feature, the strongest on top, and a dot for each row of the sample."""
    found: dict[str, list[Point]] = {name: [] for name in BAND_NAMES}
    for number, each in enumerate(reversed(features)):
        bands = banded(dots(each["points"], SWARM))
        names = [name for name, band in zip(BAND_NAMES, bands, strict=True) for _ in band]
        kept = [dot for band in bands for dot in band]
        for name, dot, place in zip(names, kept, beside(kept), strict=True):
            found[name].append((dot.contribution, round(number + place, 3)))
    return xy(
        [
            Series(LABELS[name].of(language), points, "points", name.replace("_", "-"))
            for name, points in found.items()
            if points
        ],
        Axis(LABELS["reasons_contribution"].of(language), "signed"),
        Axis("", low=-1, high=len(features), names=[e["feature"] for e in reversed(features)]),
    )


def _dependence(each: Document, language: Language) -> Row:
    """One feature: its contribution by its value; the ends of its values are drawn at the edge."""
    points = dots(each["points"])
    known = [(dot.value, dot.contribution) for dot in points if dot.value is not None]
    tail = int(TAIL * len(known))
    low, high = (known[tail][0], known[-1 - tail][0]) if known else (0.0, 0.0)
    shown = [(min(max(value, low), high), contribution) for value, contribution in known]
    says = meaning(each["feature"], language) or each["feature"]
    return {
        "feature": each["feature"],
        "caption": LABELS["reasons_dependence"].of(language).format(feature=says),
        "chart": xy(
            [Series(each["feature"], shown, "points", 0)],
            Axis(each["feature"]),
            Axis(LABELS["reasons_contribution"].of(language), "signed"),
        ),
        "rows": [
            {
                "band": LABELS[name].of(language),
                "values": _from_to(band, language),
                "n": len(band),
                "mean": formats.signed(mean(band), language, 3),
            }
            for name, band in zip(BAND_NAMES, banded(points), strict=True)
            if band
        ],
    }


def _from_to(band: Sequence[Dot], language: Language) -> str:
    """The values of a band, from the lowest to the highest."""
    ends = dict.fromkeys(each for each in (band[0].value, band[-1].value) if each is not None)
    told = [formats.number(each, language, 0 if each == int(each) else 2) for each in ends]
    return " – ".join(told) or formats.NONE
