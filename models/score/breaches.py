"""Bounds on the fairness of a score, and where a fairness document breaks them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FairnessBounds:
    """What a group may differ by: `calibration_gap` as a share, `auc_shortfall` in AUC."""

    calibration_gap: float = 0.05
    auc_shortfall: float = 0.10


@dataclass(frozen=True)
class Breach:
    """A measure of a group that lies beyond its bound with the whole of its 95% interval."""

    attribute: str
    group: str
    measure: str
    value: float
    interval: tuple[float, float]
    bound: float

    def __str__(self) -> str:
        """As `sex female: calibration gap +0.081 (+0.062 to +0.100), bound 0.05`."""
        low, high = self.interval
        measure = self.measure.replace("_", " ").replace("auc", "AUC")
        return (
            f"{self.attribute} {self.group}: {measure} {self.value:+.3f} "
            f"({low:+.3f} to {high:+.3f}), bound {self.bound:g}"
        )


def breaches(document: Mapping[str, Any], bounds: FairnessBounds) -> list[Breach]:
    """Where a document of training.fairness.measures breaks the bounds, by attribute and group.

    A group breaks the bound on `calibration_gap` where the gap's interval lies beyond it, on
    either side: its end nearer to 0 does. It breaks the one on AUC where it falls short of the
    AUC of all rows by more than the bound even at the upper end of the interval. So a group that
    is exactly at a bound is named in about one of 40 cases, and one without any gap far more
    rarely; that no breach is found in a small group is no proof that there is none. Groups that
    are not compared have no interval and break nothing.
    """
    found = []
    for attribute, measured in document.items():
        for group, told in measured["groups"].items():
            gap, shortfall = told["calibration_gap_ci"], told["auc_difference_ci"]
            if gap and max(gap[0], -gap[1]) > bounds.calibration_gap:
                found.append(
                    _breach(attribute, group, "calibration_gap", told, bounds.calibration_gap)
                )
            if shortfall and shortfall[1] < -bounds.auc_shortfall:
                found.append(
                    _breach(attribute, group, "auc_difference", told, bounds.auc_shortfall)
                )
    return found


def _breach(
    attribute: str, group: str, measure: str, told: Mapping[str, Any], bound: float
) -> Breach:
    low, high = told[f"{measure}_ci"]
    return Breach(attribute, group, measure, told[measure], (low, high), bound)
