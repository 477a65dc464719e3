"""How a model did on the months after its training: measures, baselines, and its rival."""

from collections.abc import Callable, Mapping
from typing import Any

from models.score.reasons import Language
from service.review import formats, intervals
from service.review.charts import Axis, Chart, Series, across
from service.review.known_model import Document, Judged, KnownModel
from service.review.labels.catalogue import LABELS

Row = dict[str, Any]
Part = Mapping[str, Any]
_Form = Callable[[Part, Language], str]

CHAMPION = "champion"  # its name among what a model is compared with


def _plain(name: str, digits: int) -> _Form:
    return lambda part, language: formats.number(part[name], language, digits)


def _share(name: str) -> _Form:
    return lambda part, language: formats.percent(part[name], language)


def _ranged(name: str, digits: int) -> _Form:
    return lambda part, language: intervals.number(part[name], part[f"{name}_ci"], language, digits)


def _intercept(part: Part, language: Language) -> str:
    name = "calibration_intercept"
    return intervals.signed(part[name], part[f"{name}_ci"], language, 2)


def _band(part: Part, language: Language) -> str:
    """What chance makes of the error of a perfect score: on average, and seldom more."""
    band = part["ece_band"] or {"mean": None, "p95": None}
    return " / ".join(formats.number(band[name], language, 3) for name in ("mean", "p95"))


# What is told of the rows of a test, by the labels of what it is.
_MEASURES: dict[str, _Form] = {
    "n": _plain("n", 0),
    "target_rate": _share("target_rate"),
    "mean_predicted": _share("mean_predicted"),
    "auc": _ranged("auc", 3),
    "ks": _plain("ks", 3),
    "brier": _plain("brier", 4),
    "log_loss": _plain("log_loss", 4),
    "ece": _plain("ece", 3),
    "ece_band": _band,
    "calibration_slope": _ranged("calibration_slope", 2),
    "calibration_intercept": _intercept,
    "deviation_sd": lambda part, language: formats.signed(part["deviation_sd"], language, 1),
}
_OF_PARTS = ("n", "target_rate", "auc")  # what is told of seen and of unseen accounts


def measures(evaluation: Document, language: Language) -> Row:
    """Every measure of all rows and of each stage: `columns`, and `rows` by measure."""
    test = evaluation["test"]
    parts = {None: test, **test["by_stage"]}
    return {
        "stages": list(test["by_stage"]),
        "rows": [
            {"measure": name, "told": [form(part, language) for part in parts.values()]}
            for name, form in _MEASURES.items()
        ],
        "parts": [
            {
                "part": name,
                "told": [_MEASURES[each](test[name], language) for each in _OF_PARTS],
            }
            for name in ("seen", "unseen")
        ],
    }


def baselines(evaluation: Document, language: Language) -> Row | None:
    """The AUC beside that of other scores; None where there is none to compare."""
    test = evaluation["test"]
    told = {name: each for name, each in test["baselines"].items() if each["difference_ci"]}
    if not told:
        return None
    rows = [
        {
            "name": _other(name, language),
            "auc": intervals.number(each["auc"], each["auc_ci"], language),
            "difference": intervals.signed(each["difference"], each["difference_ci"], language),
            "reading": reading(each["difference_ci"]),
        }
        for name, each in told.items()
    ]
    return {
        "ours": intervals.number(test["auc"], test["auc_ci"], language),
        "rows": rows,
        "chart": _differences([row["name"] for row in rows], list(told.values()), language),
    }


def reading(ends: list[float]) -> str:
    """Whether a difference is surely above 0 (`better`), surely below (`worse`), or `same`."""
    low, high = ends
    return "better" if low > 0 else "worse" if high < 0 else "same"


def rivals(known: KnownModel, language: Language) -> Row | None:
    """The model that is served beside the challenger; None where there is no challenger."""
    served, challenger = known.served, known.challenger
    if challenger is None:
        return None
    return {
        "columns": [None if each is None else _rival(each, language) for each in known[-2:]],
        "measures": list(_MEASURES),
        "paired": _paired(served, challenger, language),
    }


def _rival(judged: Judged, language: Language) -> Row:
    """One column: the version, and how it did on its own test months."""
    version, evaluation = judged.version, judged.evaluation
    train = {} if evaluation is None else evaluation["train"]
    test = None if evaluation is None else evaluation["test"]
    return {
        "version": version.version,
        "sha256": version.sha256,
        "registered_at": version.registered_at.isoformat(),
        "withheld": version.withheld,
        "train": {name: train.get(name) for name in ("from", "until", "n", "accounts")},
        "test": {name: test and test[name] for name in ("from", "until")},
        "told": [
            formats.NONE if test is None else form(test, language) for form in _MEASURES.values()
        ],
    }


def _paired(served: Judged | None, challenger: Judged, language: Language) -> Row | None:
    """The challenger less what is served, where it was trained beside it.

    None where the challenger was compared with another version, or with none.
    """
    evaluation = challenger.evaluation
    beside = None if evaluation is None else evaluation["champion"]
    if evaluation is None or beside is None or served is None:
        return None
    if beside["version"] != served.version.version:
        return None
    found = evaluation["test"]["baselines"].get(CHAMPION)
    ends = None if found is None else found["difference_ci"]
    return {
        "why_not": beside["why_not_compared"],
        "difference": found and intervals.signed(found["difference"], ends, language, 4),
        "reading": ends and reading(ends),
        "changed": [
            {"what": name, "old": _setting(old), "new": _setting(new)}
            for name, (old, new) in beside.get("changed", {}).items()
        ],
        "added": beside.get("features_added", []),
        "left_out": beside.get("features_left_out", []),
    }


def _differences(names: list[str], told: list[Part], language: Language) -> Chart:
    return across(
        names,
        [
            Series(
                LABELS["model_difference"].of(language),
                [each["difference"] for each in told],
                "points",
                0,
            ),
            Series(
                LABELS["interval"].of(language),
                [tuple(each["difference_ci"]) for each in told],
                "range",
                0,
            ),
        ],
        Axis(LABELS["model_ours_less_theirs"].of(language), "signed"),
    )


def _other(name: str, language: Language) -> str:
    """What a score that a model is compared with is called."""
    words = LABELS.get(f"baseline_{name}")
    return name.replace("_", " ") if words is None else words.of(language)


def _setting(value: Any) -> str:
    return (
        formats.NONE
        if value is None
        else f"{value:.6g}"
        if isinstance(value, float)
        else str(value)
    )
