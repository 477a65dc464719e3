"""What the figures of a model say in a sentence each, marked as good or as to be looked at."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from models.score.breaches import breaches
from models.score.reasons import Language
from models.score.reference import PSI_SHIFTED, drift_of
from service.review import formats, intervals
from service.review.known_model import Document
from service.review.labels.catalogue import LABELS
from service.review.model.fairness import BOUNDS
from service.review.model.measures import reading

Mark = Literal["pass", "look", "note"]

MODELS = ("days_past_due", "roll_rate", "scorecard", "logistic")  # what it has to beat
_LOOK_AT = ("look", "shifted")


class Finding(NamedTuple):
    """A sentence, its mark, and the section of the page that has the figures."""

    mark: Mark
    text: str
    section: str


def findings(evaluation: Document, language: Language) -> list[Finding]:
    """What a reviewer should know first, in the order of the page."""
    return [
        *_ranking(evaluation["test"], language),
        *_calibration(evaluation["test"], language),
        *_stability(evaluation["stability"], language),
        _fairness(evaluation["fairness"], language),
        _guards(evaluation["guards"], language),
        _standing(evaluation["standing"], language),
    ]


def _found(mark: Mark, section: str, name: str, language: Language, **told: str) -> Finding:
    return Finding(mark, LABELS[f"finding_{name}"].of(language).format(**told), section)


def _ranking(test: Document, language: Language) -> Iterator[Finding]:
    if test["auc"] is None:
        yield _found("look", "measures", "one_outcome", language)
        return
    told = intervals.number(test["auc"], test["auc_ci"], language)
    yield _found(
        "note", "measures", "auc", language, told=told, n=formats.number(test["n"], language)
    )
    for name in MODELS:
        each = test["baselines"].get(name)
        if each is None or each["difference_ci"] is None:
            continue
        found = reading(each["difference_ci"])
        yield _found(
            "pass" if found == "better" else "look",
            "baselines",
            f"is_{found}",
            language,
            other=LABELS[f"baseline_{name}"].of(language),
            told=intervals.signed(each["difference"], each["difference_ci"], language),
        )


def _calibration(test: Document, language: Language) -> Iterator[Finding]:
    if test["ece"] is not None:
        inside = test["ece_within_band"]
        yield _found(
            "pass" if inside else "look",
            "calibration",
            "ece_within" if inside else "ece_above",
            language,
            ece=formats.number(test["ece"], language, 3),
            limit=formats.number(test["ece_band"]["p95"], language, 3),
            predicted=formats.percent(test["mean_predicted"], language),
            observed=formats.percent(test["target_rate"], language),
        )
    slope, ends = test["calibration_slope"], test["calibration_slope_ci"]
    if slope is not None and ends is not None:
        right = ends[0] <= 1 <= ends[1]
        told = intervals.number(slope, ends, language, 2)
        name = "slope_right" if right else "slope_off"
        yield _found("pass" if right else "look", "calibration", name, language, told=told)
    above = [name for name, part in test["by_stage"].items() if part["ece_within_band"] is False]
    if above:
        yield _found(
            "look", "calibration", "stages_above", language, stages=_listed(above, language)
        )


def _stability(stability: Document, language: Language) -> Iterator[Finding]:
    for name in ("score", "reasons"):
        psi = stability[f"{name}_psi"]
        drift = drift_of(psi, stability["chance_limit"][name])
        yield _found(
            "look" if drift in _LOOK_AT else "pass",
            "stability",
            f"{name}_psi",
            language,
            psi=formats.number(psi, language, 3),
            reading=LABELS[f"drift_{drift}"].of(language),
        )
    limits = stability["chance_limit"]["features"]
    moved = [
        name
        for name, psi in stability["features"].items()
        if drift_of(psi, limits.get(name)) == "shifted"
    ]
    yield _found(
        "look" if moved else "pass",
        "stability",
        "features_psi",
        language,
        moved=str(len(moved)),
        total=str(len(stability["features"])),
        bound=formats.number(PSI_SHIFTED, language, 2),
    )


def _fairness(fairness: Document, language: Language) -> Finding:
    if not fairness:
        return _found("look", "fairness", "fairness_unknown", language)
    broken = breaches(fairness, BOUNDS)
    if broken:
        return _found("look", "fairness", "fairness_broken", language, n=str(len(broken)))
    compared = sum(g["compared"] for part in fairness.values() for g in part["groups"].values())
    return _found(
        "pass" if compared else "note", "fairness", "fairness_kept", language, n=str(compared)
    )


def _guards(guards: Document, language: Language) -> Finding:
    name = "guards_passed" if guards["passed"] else "guards_failed"
    return _found("pass" if guards["passed"] else "look", "guards", name, language)


def _standing(standing: Document, language: Language) -> Finding:
    if not standing["measured"]:
        return _found("note", "standing", "standing_unknown", language)
    valid = standing["valid"]
    name = "standing_valid" if valid else "standing_not_valid"
    return _found("pass" if valid else "look", "standing", name, language)


def _listed(names: list[str], language: Language) -> str:
    return (", " if language == "en" else "、").join(names)
