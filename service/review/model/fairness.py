"""How a model does in the groups of personal attributes, which it never sees."""

import re
from collections.abc import Mapping
from typing import Any

from models.intensity.words.catalogue import Words
from models.score.breaches import Breach, FairnessBounds, breaches
from models.score.reasons import Language
from service.review import formats, intervals
from service.review.charts import Axis, Chart, Form, Series, across
from service.review.known_model import Document
from service.review.labels.catalogue import LABELS

Row = dict[str, Any]
Group = Mapping[str, Any]

BOUNDS = FairnessBounds()
UNKNOWN, REST = "unknown", "all others"  # groups that are not known, or pooled
# What is drawn of the groups of an attribute, and how its axis is written.
_DRAWN: dict[str, Form] = {"calibration_gap": "percent", "auc": "number", "mean_level": "number"}
# Groups that are bands of a number, as training.fairness.segments and imports name them.
_BANDS = (
    (re.compile(r"under[ _](\S+)"), Words("under {0}", "{0} 以下")),
    (re.compile(r"(\S+) to under (\S+)"), Words("{0} to under {1}", "{0} 至 {1} 以下")),
    (re.compile(r"(\S+)_to_(\S+)"), Words("{0} to {1}", "{0} 至 {1}")),
    (re.compile(r"(\S+)(?: and |_or_)over"), Words("{0} and over", "{0} 及以上")),
)


def fairness(evaluation: Document, language: Language) -> Row | None:
    """Each attribute with its groups, and the bounds that are broken; None: not measured."""
    found = evaluation["fairness"]
    if not found:
        return None
    broken = breaches(found, BOUNDS)
    return {
        "gap_bound": formats.percent(BOUNDS.calibration_gap, language, 0),
        "auc_bound": formats.number(BOUNDS.auc_shortfall, language, 2),
        "compared": sum(
            group["compared"] for part in found.values() for group in part["groups"].values()
        ),
        "breaches": [breach_told(each, language) for each in broken],
        "attributes": [
            _attribute(name, part, {b.group for b in broken if b.attribute == name}, language)
            for name, part in found.items()
        ],
    }


def breach_told(breach: Breach, language: Language) -> str:
    """A broken bound as a sentence."""
    gap = breach.measure == "calibration_gap"
    ends = breach.interval
    told = (
        intervals.points(breach.value, ends, language)
        if gap
        else intervals.signed(breach.value, ends, language)
    )
    bound = (
        formats.percent(breach.bound, language, 0)
        if gap
        else formats.number(breach.bound, language, 2)
    )
    words = LABELS["fairness_gap_broken" if gap else "fairness_auc_broken"].of(language)
    return words.format(
        attribute=attribute_name(breach.attribute, language),
        group=group_name(breach.group, language),
        told=told,
        bound=bound,
    )


def attribute_name(name: str, language: Language) -> str:
    """What an attribute is called; one that is not known by its own name."""
    words = LABELS.get(f"segment_{name}")
    return name if words is None else words.of(language)


def group_name(name: str, language: Language) -> str:
    """What a group is called; one that is not known by its own name."""
    words = LABELS.get(f"group_of_{name.replace(' ', '_')}")
    if words is not None:
        return words.of(language)
    for pattern, band in _BANDS:
        found = pattern.fullmatch(name)
        if found:
            return band.of(language).format(*found.groups())
    return name


def _attribute(name: str, part: Document, broken: set[str], language: Language) -> Row:
    groups = dict(sorted(part["groups"].items(), key=lambda each: _place(each[0])))
    names = [group_name(group, language) for group in groups]
    largest = part["largest_difference"]
    rows = [
        _group(shown, group, language) | {"broken": key in broken}
        for shown, (key, group) in zip(names, groups.items(), strict=True)
    ]
    return {
        "name": attribute_name(name, language),
        "basis": part["basis"],
        "rows": rows,
        "overall": _group(LABELS["model_all_rows"].of(language), part["overall"], language),
        "largest": [_largest(key, largest[key], language) for key in _DRAWN if key in largest],
        "charts": [_chart(key, names, part | {"groups": groups}, language) for key in _DRAWN],
    }


def _place(name: str) -> tuple[int, str]:
    """Lowest bands first, and last what is not known or pooled."""
    last = name in (UNKNOWN, REST)
    return 2 if last else 0 if name.startswith("under") else 1, name


def _group(name: str, group: Group, language: Language) -> Row:
    return {
        "name": name,
        "compared": group.get("compared", True),
        "n": formats.number(group["n"], language),
        "accounts": formats.number(group["accounts"], language),
        "target_rate": formats.percent(group["target_rate"], language),
        "mean_predicted": formats.percent(group["mean_predicted"], language),
        "calibration_gap": _value("calibration_gap", group, language),
        "auc": _value("auc", group, language),
        "mean_level": _value("mean_level", group, language),
    }


def _value(key: str, group: Group, language: Language) -> str:
    ends = group[f"{key}_ci"]
    if key == "calibration_gap":
        return intervals.points(group[key], ends, language)
    return intervals.number(group[key], ends, language, 2 if key == "mean_level" else 3)


def _largest(key: str, told: Document, language: Language) -> str:
    ends = told["difference_ci"]
    difference = (
        intervals.points(told["difference"], ends, language)
        if key == "calibration_gap"
        else intervals.signed(told["difference"], ends, language, 2)
    )
    return (
        LABELS["fairness_largest"]
        .of(language)
        .format(
            measure=LABELS[f"fairness_{key}"].of(language),
            difference=difference,
            highest=group_name(told["highest"], language),
            lowest=group_name(told["lowest"], language),
        )
    )


def _chart(key: str, names: list[str], part: Document, language: Language) -> Row:
    groups = part["groups"].values()
    title = LABELS[f"fairness_{key}"].of(language)
    series = [
        Series(title, [group[key] for group in groups], "points", 0),
        Series(
            LABELS["interval"].of(language),
            [None if ends is None else tuple(ends) for ends in (g[f"{key}_ci"] for g in groups)],
            "range",
            0,
        ),
        *_references(key, part, len(names), language),
    ]
    # Bars would begin at 0, and no AUC that matters is near it.
    low = 0.5 if key == "auc" else None
    drawn: Chart = across(names, series, Axis(title, _DRAWN[key], low=low))
    return {"measure": key, "title": title, "drawn": drawn}


def _references(key: str, part: Document, groups: int, language: Language) -> list[Series]:
    """What groups are held against: the bounds on the gap, the value of all rows elsewhere."""
    if key == "calibration_gap":
        bound = BOUNDS.calibration_gap
        return [
            Series(LABELS[f"fairness_{name}"].of(language), [end] * groups, "line", 3, dashed=True)
            for name, end in (("lower_bound", -bound), ("upper_bound", bound))
        ]
    overall = part["overall"][key]
    name = LABELS["model_all_rows"].of(language)
    return [] if overall is None else [Series(name, [overall] * groups, "line", 3, dashed=True)]
