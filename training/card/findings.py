"""What the figures of a run say, in plain sentences, each marked as good or to be looked at."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from models.score.breaches import FairnessBounds, breaches
from models.score.reference import PSI_SHIFTED, Drift, drift_of
from training.card.digits import count, interval, number, percent
from training.names import name_of

Mark = Literal["pass", "look", "note"]

MOST_DEVIATION = 3.0  # binomial standard deviations
FAIRNESS = FairnessBounds()
_READ: dict[Drift, tuple[Mark, str]] = {
    "not_defined": ("note", "not defined"),
    "stable": ("pass", "stable"),
    "chance": ("pass", "not beyond chance"),
    "look": ("look", "to be looked at"),
    "shifted": ("look", "shifted"),
}


class Finding(NamedTuple):
    """A sentence of the summary, its mark, and the section of the card that has the figures."""

    mark: Mark
    text: str
    section: str


def findings(document: dict[str, Any]) -> list[Finding]:
    """The summary of a run's document, in the order of the card."""
    test = document["test"]
    return [
        *_ranking(test),
        *_calibration(test),
        *_stability(document["stability"]),
        *_fairness(document["fairness"]),
        _standing(document["standing"]),
        _guards(document["guards"]),
        *_search(document["search"]),
        _champion(document["champion"], test["baselines"].get("champion")),
    ]


def broken_groups(fairness: dict[str, Any]) -> set[tuple[str, str]]:
    """Attribute and group of each that is beyond a bound."""
    return {(breach.attribute, breach.group) for breach in breaches(fairness, FAIRNESS)}


def reading(psi: float | None, limit: float | None) -> tuple[Mark, str]:
    """A PSI in words; `limit` is what chance seldom exceeds, None where it gives none."""
    return _READ[drift_of(psi, limit)]


def _ranking(test: dict[str, Any]) -> Iterator[Finding]:
    if test["auc"] is None:
        text = "The test rows hold one outcome only: whether the order is right is not known."
        yield Finding("look", text, "performance")
        return
    told = f"AUC {interval(test['auc'], test['auc_ci'])} on {count(test['n'])} later snapshots."
    yield Finding("note", told, "performance")
    for name, other in test["baselines"].items():
        if name == "champion" or other["difference_ci"] is None:
            continue
        # The untuned booster is the same kind of model: to be as good is no failure.
        yield _compared(name_of(name), other, least="same" if name == "untuned" else "better")
    unseen = test["unseen"]
    if unseen["auc"] is not None:
        against = _compared(name_of("roll_rate"), unseen["baselines"]["roll_rate"], least="better")
        start = f"On accounts that did not train: AUC {interval(unseen['auc'], unseen['auc_ci'])}; "
        text = f"{start}{against.text[0].lower()}{against.text[1:]}"
        yield against._replace(text=text)


def _compared(what: str, other: dict[str, Any], least: Literal["better", "same"]) -> Finding:
    """A paired difference in words; `least` is what need not be looked at."""
    low, high = other["difference_ci"]
    verb = "Beats" if low > 0 else "Is worse than" if high < 0 else "Cannot be told apart from"
    shown = interval(other["difference"], other["difference_ci"], sign="+")
    mark: Mark = "pass" if low > 0 else "look" if least == "better" or high < 0 else "note"
    return Finding(mark, f"{verb} {what}: AUC {shown}.", "performance")


def _calibration(test: dict[str, Any]) -> Iterator[Finding]:
    if test["ece"] is not None:
        limit = number(test["ece_band"]["p95"])
        inside = test["ece_within_band"]
        where = "within" if inside else "above"
        yield Finding(
            "pass" if inside else "look",
            f"Calibration is {where} the band of a perfectly calibrated model: ECE "
            f"{number(test['ece'])}, the band ends at {limit}; predicted "
            f"{percent(test['mean_predicted'])}, observed {percent(test['target_rate'])}.",
            "calibration",
        )
    slope = test["calibration_slope"]
    if slope is not None and (ends := test["calibration_slope_ci"]):
        right = ends[0] <= 1 <= ends[1]
        told = "The calibration slope cannot be told from 1" if right else "The slope is not 1"
        text = f"{told}: {interval(slope, ends, 2)}."
        yield Finding("pass" if right else "look", text, "calibration")
    yield from _stages(test["by_stage"])


def _stages(by_stage: dict[str, Any]) -> Iterator[Finding]:
    off = [
        f"{stage} ({number(part['deviation_sd'], 1, '+')})"
        for stage, part in by_stage.items()
        if part["deviation_sd"] is not None and abs(part["deviation_sd"]) > MOST_DEVIATION
    ]
    told = f"deviates by more than {MOST_DEVIATION:g} binomial standard deviations"
    yield Finding(
        "look" if off else "pass",
        f"The level {told} in {', '.join(off)}." if off else f"No stage {told}.",
        "calibration",
    )
    above = [stage for stage, part in by_stage.items() if part["ece_within_band"] is False]
    if above and len(by_stage) > 1:
        text = f"The ECE is above its band in {', '.join(above)}; by chance one stage in 20 is."
        yield Finding("look", text, "calibration")


def _stability(stability: dict[str, Any]) -> Iterator[Finding]:
    limits = stability["chance_limit"]
    for key, what in (("score", "The score"), ("reasons", "The largest reasons")):
        psi = stability[f"{key}_psi"]
        mark, read = reading(psi, limits[key])
        verb = "moved" if mark == "look" else "did not move"
        told = f"{what} {verb} between training and test months: PSI {number(psi)}, {read}."
        yield Finding(mark, told, "stability")
    moved = [
        name
        for name, psi in stability["features"].items()
        if reading(psi, limits["features"][name])[1] == "shifted"
    ]
    most = f"{len(moved)} of {len(stability['features'])} features have a PSI above {PSI_SHIFTED}"
    yield Finding(
        "look" if moved else "pass",
        f"{most if moved else most.replace('0 of', 'None of', 1)}.",
        "stability",
    )


def _fairness(fairness: dict[str, Any]) -> Iterator[Finding]:
    if not fairness:
        text = "Fairness was not measured: the data hold no personal attributes (segments)."
        yield Finding("look", text, "fairness")
        return
    compared = sum(g["compared"] for part in fairness.values() for g in part["groups"].values())
    broken = [str(breach) for breach in breaches(fairness, FAIRNESS)]
    if broken:
        yield Finding("look", f"Groups beyond their bound: {'; '.join(broken)}.", "fairness")
        return
    text = (
        f"None of the {compared} groups compared is beyond the bounds on calibration gap "
        f"({FAIRNESS.calibration_gap:.0%}) and on AUC ({FAIRNESS.auc_shortfall:g} below all rows) "
        "with the whole of its interval."
    )
    yield Finding("pass" if compared else "note", text, "fairness")


def _standing(standing: dict[str, Any]) -> Finding:
    if not standing["measured"]:
        text = (
            "Ability and willingness could not be validated, as the data do not tell the truth of "
            "them: treatments do not use them."
        )
        return Finding("note", text, "standing")
    if standing["valid"]:
        text = "Ability and willingness agree with their own truth: treatments may use them."
        return Finding("pass", text, "standing")
    text = "Ability or willingness does not agree with its truth: treatments do not use them."
    return Finding("look", text, "standing")


def _guards(guards: dict[str, Any]) -> Finding:
    if guards["passed"]:
        text = "No feature knows what came later, and none is implausibly strong alone."
        return Finding("pass", text, "guards")
    names = ", ".join([*guards["moved_features"], *guards["implausible_features"]])
    return Finding("look", f"Suspected leaks: {names}.", "guards")


def _search(search: dict[str, Any] | None) -> Iterator[Finding]:
    if search is None:
        return
    chosen, best = search["chosen"], search["best"]
    if chosen["settings"] == best["settings"]:
        text = f"Of {search['trials']} settings tried, the best was chosen: {why_the_best(search)}."
    else:
        cost = interval(search["auc_difference"], search["auc_difference_ci"], 4, "+")
        text = (
            f"Of {search['trials']} settings tried, one within one standard error of the best and "
            f"cheaper to explain was chosen: AUC {cost} on the folds, "
            f"{chosen['microseconds']:.0f} instead of {best['microseconds']:.0f} µs a row."
        )
    yield Finding("note", text, "search")


def why_the_best(search: dict[str, Any]) -> str:
    """Why no other trial was chosen than the one with the lowest loss."""
    if search["eligible"] > 1:
        return f"it is the cheapest to explain of {search['eligible']} that are about as good"
    # Among directed trials alone it was chosen where it is directed itself.
    other = "other that keeps to the known directions" if _directed(search["best"]) else "other"
    return f"no {other} lies within one standard error of it"


def _directed(tried: dict[str, Any]) -> bool:
    return bool(tried["settings"].get("monotone"))


def _champion(champion: dict[str, Any] | None, other: dict[str, Any] | None) -> Finding:
    if champion is None:
        return Finding("note", "There was no champion yet to compare with.", "champion")
    name = f"the champion (version {champion['version']})"
    if other is None or other["difference_ci"] is None:
        why = champion["why_not_compared"] or "the test rows hold one outcome only"
        return Finding("look", f"Not compared with {name}: {why}.", "champion")
    return _compared(name, other, least="same")._replace(section="champion")
