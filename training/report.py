"""Measures as a table that a person reads."""

from typing import Any

from rich.table import Table


def measures_table(found: dict[str, Any], title: str) -> Table:
    """One line per measure, with its 95% interval where it has one; a dash where undefined."""
    table = Table(title=title, title_justify="left")
    for heading, side in (("", "left"), ("value", "right"), ("95% interval", "right")):
        table.add_column(heading, justify=side)  # type: ignore[arg-type]
    table.add_row("snapshots", f"{found['n']:,}", "")
    table.add_row("cure rate", _number(found["cure_rate"]), "")
    table.add_row("AUC", _number(found["auc"]), _interval(found["auc_ci"]))
    for name, baseline in found["baselines"].items():
        shown = name.replace("_", "-")
        table.add_row(f"  {shown} AUC", _number(baseline["auc"]), _interval(baseline["auc_ci"]))
        gain, gain_ci = _signed(baseline["difference"]), _interval(baseline["difference_ci"], "+")
        table.add_row(f"  above {shown} by", gain, gain_ci)
    for name in ("seen", "unseen"):
        if name in found:
            part = found[name]
            label = f"  AUC of {part['n']:,} {name}"
            table.add_row(label, _number(part["auc"]), _interval(part["auc_ci"]))
    for key in ("ks", "brier", "log_loss", "ece", "calibration_slope", "calibration_intercept"):
        table.add_row(key.replace("_", " "), _number(found[key]), "")
    return table


def stages_table(found: dict[str, Any]) -> Table:
    """One line per stage: rows, observed and predicted cure rate, AUC."""
    table = Table(title="by stage", title_justify="left")
    for heading in ("stage", "snapshots", "cure rate", "mean predicted", "AUC"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    for stage, part in found["by_stage"].items():
        rates = (_number(part[key]) for key in ("cure_rate", "mean_predicted", "auc"))
        table.add_row(stage, f"{part['n']:,}", *rates)
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.4f}"


def _interval(bounds: tuple[float, float] | None, sign: str = "") -> str:
    return "–" if bounds is None else f"[{bounds[0]:{sign}.4f}, {bounds[1]:{sign}.4f}]"
