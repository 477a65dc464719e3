"""Measures as tables that a person reads, within 100 columns."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table

ECE_HEADING = "ECE, by chance"

_DASH = "–"  # where a measure is not defined


def tables(found: dict[str, Any], title: str) -> Iterator[Table]:
    """All tables of training.evaluate's measures: overall, baselines, seen and unseen, stages."""
    yield measures_table(found, title)
    if found["baselines"]:
        yield baselines_table(found)
    if "seen" in found:
        yield seen_table(found)
    yield stages_table(found)


def measures_table(found: dict[str, Any], title: str) -> Table:
    """One line per measure, with its 95% interval where it has one."""
    table = _table(title, "", "value", "95% interval")
    table.add_row("snapshots", f"{found['n']:,}", "")
    table.add_row("target rate", _number(found["target_rate"], 4), "")
    predicted = _number(found["mean_predicted"], 4)
    table.add_row("mean predicted", predicted, f"{_number(found['deviation_sd'], 1, '+')} sd off")
    table.add_row("AUC", _number(found["auc"], 4), _interval(found["auc_ci"], 4))
    for name in ("ks", "brier", "log_loss"):
        table.add_row(name.replace("_", " "), _number(found[name], 4), "")
    table.add_row("ECE", _number(found["ece"], 4), f"{_chance(found, 4)} by chance")
    for name in ("calibration_slope", "calibration_intercept"):
        bounds = _interval(found[f"{name}_ci"], 4)
        table.add_row(name.replace("_", " "), _number(found[name], 4), bounds)
    return table


def baselines_table(found: dict[str, Any]) -> Table:
    """One line per baseline, and the champion where there is one: AUC, and how far ours is above.

    The differences are paired, on the same rows and draws.
    """
    table = _table("compared with", "", "AUC", "95% interval", "ours above by", "95% interval")
    for name, baseline in found["baselines"].items():
        table.add_row(
            _words(name),
            _number(baseline["auc"], 4),
            _interval(baseline["auc_ci"], 4),
            _number(baseline["difference"], 4, "+"),
            _interval(baseline["difference_ci"], 4, "+"),
        )
    return table


def seen_table(found: dict[str, Any]) -> Table:
    """AUC and differences apart for accounts that trained and accounts that did not."""
    parts = [found["seen"], found["unseen"]]
    headings = [
        f"{part['n']:,} of {name} accounts"
        for part, name in zip(parts, ("seen", "unseen"), strict=True)
    ]
    table = _table("seen and unseen accounts", "", *headings)
    table.add_row("AUC", *(_with_interval(part, "auc") for part in parts))
    for name in found["baselines"]:
        differences = (_with_interval(part["baselines"][name], "difference", "+") for part in parts)
        table.add_row(f"above {_words(name)} by", *differences)
    return table


def stages_table(found: dict[str, Any]) -> Table:
    """One line per stage: rates, how far apart in standard deviations, AUC and calibration."""
    table = _table(
        "by stage", "stage", "n", "target rate", "predicted", "sd off", "AUC", ECE_HEADING, "slope"
    )
    for stage, part in found["by_stage"].items():
        table.add_row(
            stage,
            f"{part['n']:,}",
            _number(part["target_rate"], 3),
            _number(part["mean_predicted"], 3),
            _number(part["deviation_sd"], 1, "+"),
            _number(part["auc"], 3),
            f"{_number(part['ece'], 3)} {_chance(part, 3)}",
            f"{_number(part['calibration_slope'], 2)} {_interval(part['calibration_slope_ci'], 2)}",
        )
    return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def _words(name: str) -> str:
    return name.replace("_", " ")


def _with_interval(part: dict[str, Any], name: str, sign: str = "") -> str:
    return f"{_number(part[name], 4, sign)} {_interval(part[f'{name}_ci'], 4, sign)}"


def _chance(part: dict[str, Any], digits: int) -> str:
    """The error that a perfect score stays under in 95 of 100 cases, and whether ours does."""
    if part["ece_band"] is None:
        return _DASH
    sign = "≤" if part["ece_within_band"] else ">"
    return f"{sign} {part['ece_band']['p95']:.{digits}f}"


def _number(value: float | None, digits: int, sign: str = "") -> str:
    return _DASH if value is None else f"{value:{sign}.{digits}f}"


def _interval(bounds: tuple[float, float] | None, digits: int, sign: str = "") -> str:
    if bounds is None:
        return _DASH
    return f"[{bounds[0]:{sign}.{digits}f}, {bounds[1]:{sign}.{digits}f}]"
