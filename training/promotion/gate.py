"""The gate: what a challenger must show before it may become champion."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from models.score.breaches import FairnessBounds, breaches
from models.target import REACHED, Target
from training.settingsfile import read_settings

CHAMPION_SCORE = "champion"  # its name among the scores that the challenger is compared with

RECORDED_TEXT = 60  # characters of a figure or bound in the record of a promotion

Figure = float | int | str | None


class GateSettings(BaseModel):
    """Bounds of the gate.

    `implausible_auc` bounds what one feature reaches alone. `least_of_each` is asked of the
    judged rows that reached the target and of the others alike. `auc_difference` bounds
    challenger minus champion from below, `score_psi` the score's distance from its training
    rows; `stage_deviation` is in binomial standard deviations. Of more than `most_snapshots`
    rows, those of some accounts are drawn by `seed`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    least_of_each: int = Field(default=50, ge=10)
    implausible_auc: float = Field(default=0.9, gt=0.5, le=1)
    auc_difference: float = Field(default=-0.005, ge=-1, le=1)
    ece: float = Field(default=0.035, ge=0, le=1)
    slope_low: float = Field(default=0.85, gt=0, le=1)
    slope_high: float = Field(default=1.25, ge=1)
    stage_deviation: float = Field(default=3.0, gt=0)
    score_psi: float = Field(default=0.25, gt=0)
    calibration_gap: float = Field(default=FairnessBounds.calibration_gap, gt=0, le=1)
    auc_shortfall: float = Field(default=FairnessBounds.auc_shortfall, gt=0, le=1)
    most_snapshots: int = Field(default=100_000, ge=1_000)
    draws: int = Field(default=1_000, ge=100)
    fairness_draws: int = Field(default=200, ge=100)
    seed: int = Field(default=20_050_930, ge=0, lt=2**31)


def load_gate(path: Path | None) -> GateSettings:
    """The gate's settings in a TOML file; the defaults where there is none."""
    return read_settings(path, GateSettings, "docs/promotion.md")


@dataclass(frozen=True)
class Check:
    """One demand of the gate: the figure found, the bound on it, and whether it holds."""

    check: str
    figure: Figure
    bound: str
    passed: bool


@dataclass(frozen=True)
class Verdict:
    """Every check, and the rows that were judged (None where there was nothing to judge).

    `loads` tells whether the challenger can be served at all: force does not help there.
    """

    checks: tuple[Check, ...]
    rows: Mapping[str, Any] | None
    loads: bool

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(check.passed for check in self.checks)

    def document(self) -> list[dict[str, Any]]:
        """The checks as JSON."""
        return [asdict(check) for check in self.checks]

    def recorded(self) -> list[dict[str, Any]]:
        """The checks as JSON, short enough to be kept in a tag of the registry."""
        return [{key: _short(value) for key, value in check.items()} for check in self.document()]


def row_checks(n: int, reached: int, target: Target, settings: GateSettings) -> Iterator[Check]:
    """Whether there are enough rows of either outcome to judge by."""
    bound, word = f">= {settings.least_of_each}", REACHED[target]
    for name, count in ((f"rows that {word}", reached), ("rows that did not", n - reached)):
        yield Check(name, count, bound, count >= settings.least_of_each)


def leak_check(training: Mapping[str, Any], settings: GateSettings) -> Check:
    """Whether the guards of the training let every feature pass, by their bound and the gate's.

    The gate has its own, so that no training can choose what it is judged by.
    """
    guards = training.get("guards")
    if guards is None:
        return Check("leaks", "not looked for", "no feature flagged", passed=False)
    strong = [
        each["name"]
        for each in guards["strongest_features"]
        if each["auc"] >= settings.implausible_auc
    ]
    flagged = sorted({*guards["moved_features"], *guards["implausible_features"], *strong})
    passed = bool(guards["passed"]) and not flagged
    return Check("leaks", ", ".join(flagged) or "none", "no feature flagged", passed)


def difference_check(found: Mapping[str, Any], settings: GateSettings) -> Check:
    """The AUC less the champion's, by the lower end of the paired interval.

    A champion that cannot be compared is not among the baselines.
    """
    name, bound = "AUC above champion", f"lower end >= {settings.auc_difference:g}"
    beside = found["baselines"].get(CHAMPION_SCORE)
    if beside is None or beside["difference_ci"] is None:
        return Check(name, "not comparable", bound, passed=False)
    low, high = beside["difference_ci"]
    told = f"{beside['difference']:+.4f} [{low:+.4f}, {high:+.4f}]"
    return Check(name, told, bound, low >= settings.auc_difference)


def calibration_checks(found: Mapping[str, Any], settings: GateSettings) -> Iterator[Check]:
    """Error, slope and the rate of each stage, on the document of training.evaluate.measures.

    The slope breaks its bounds with the whole of its interval. The error may be what chance
    alone makes of a perfectly calibrated score in 95 of 100 cases.
    """
    ece, limit = found["ece"], max(settings.ece, found["ece_band"]["p95"])
    yield Check("ECE", ece, f"<= {limit:.4f}", ece <= limit)
    yield _slope_check(found, settings)
    for stage, part in found["by_stage"].items():
        off = part["deviation_sd"]
        if off is not None:
            bound = f"within ±{settings.stage_deviation:g} SD"
            yield Check(f"rate in {stage}", off, bound, abs(off) <= settings.stage_deviation)


def _slope_check(found: Mapping[str, Any], settings: GateSettings) -> Check:
    name = "calibration slope"
    bound = f"interval meets {settings.slope_low:g} to {settings.slope_high:g}"
    if found["calibration_slope_ci"] is None:
        return Check(name, "not defined", bound, passed=False)
    low, high = found["calibration_slope_ci"]
    told = f"{found['calibration_slope']:.3f} [{low:.3f}, {high:.3f}]"
    passed = low <= settings.slope_high and high >= settings.slope_low
    return Check(name, told, bound, passed)


def psi_check(psi: float | None, settings: GateSettings) -> Check:
    """How far the judged rows' scores have moved from those that trained."""
    passed = psi is not None and psi <= settings.score_psi
    return Check("PSI of the score", psi, f"<= {settings.score_psi:g}", passed)


def fairness_check(document: Mapping[str, Any], settings: GateSettings) -> Check:
    """Whether groups keep within the bounds; without segments there is nothing to measure."""
    bound = f"gap {settings.calibration_gap:g}, AUC -{settings.auc_shortfall:g}"
    if not document:
        return Check("fairness", "not measured: no segments", bound, passed=True)
    bounds = FairnessBounds(settings.calibration_gap, settings.auc_shortfall)
    broken = [str(breach) for breach in breaches(document, bounds)]
    return Check("fairness", "; ".join(broken) or "no group beyond", bound, not broken)


def _short(value: Figure) -> Figure:
    if isinstance(value, str) and len(value) > RECORDED_TEXT:
        return f"{value[: RECORDED_TEXT - 1]}…"
    return float(f"{value:.6g}") if isinstance(value, float) else value
