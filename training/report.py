"""Measures as tables that a person reads, within 80 columns."""

from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from training.names import name_of

_DASH = "–"  # where a measure is not defined
_ABOVE = "!"  # an error above what chance makes
_MARK = f"{_ABOVE} above what chance makes of a calibrated score"


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
    table.add_row("target rate", _number(found["target_rate"]), "")
    table.add_row("mean predicted", _number(found["mean_predicted"]), "")
    table.add_row("deviation, SD", _number(found["deviation_sd"], 1, "+"), "")
    table.add_row("AUC", _number(found["auc"]), _interval(found["auc_ci"]))
    for name, told in (("ks", "KS"), ("brier", "Brier score"), ("log_loss", "log loss")):
        table.add_row(told, _number(found[name]), "")
    table.add_row("ECE", _number(found["ece"]), "")
    table.add_row("ECE by chance, up to", _number((found["ece_band"] or {}).get("p95")), "")
    for name in ("calibration_slope", "calibration_intercept"):
        bounds = _interval(found[f"{name}_ci"])
        table.add_row(name.replace("_", " "), _number(found[name]), bounds)
    return table


def baselines_table(found: dict[str, Any]) -> Table:
    """One line per baseline, and the champion where there is one: AUC, and ours minus it.

    The differences are paired, on the same rows and draws.
    """
    table = _table("compared with", "", "AUC", "ours minus it")
    for name, baseline in found["baselines"].items():
        ours = _with_interval(baseline, "difference", "+")
        table.add_row(name_of(name), _with_interval(baseline, "auc"), ours)
    return table


def seen_table(found: dict[str, Any]) -> Table:
    """AUC and differences apart for accounts that trained and accounts that did not."""
    parts = {name: found[name] for name in ("seen", "unseen")}
    headings = [f"{name}: {part['n']:,}" for name, part in parts.items()]
    table = _table("accounts seen in training and unseen ones", "", *headings)
    table.add_row("AUC", *(_with_interval(part, "auc") for part in parts.values()))
    for name in found["baselines"]:
        theirs = [part["baselines"][name] for part in parts.values()]
        differences = (_with_interval(each, "difference", "+") for each in theirs)
        table.add_row(f"minus {name_of(name)}", *differences)
    return table


def stages_table(found: dict[str, Any]) -> Table:
    """One line per stage: rates, how far apart in standard deviations, AUC and calibration."""
    headings = ("n", "target rate", "predicted", "deviation, SD", "AUC", "ECE", "slope")
    table = _table("by stage", "stage", *headings)
    if any(part["ece_within_band"] is False for part in found["by_stage"].values()):
        table.caption, table.caption_justify = _MARK, "left"
    for stage, part in found["by_stage"].items():
        mark = _ABOVE if part["ece_within_band"] is False else " "
        table.add_row(
            stage,
            f"{part['n']:,}",
            _number(part["target_rate"]),
            _number(part["mean_predicted"]),
            _number(part["deviation_sd"], 1, "+"),
            _number(part["auc"]),
            f"{_number(part['ece'])} {mark}",
            _number(part["calibration_slope"]),
        )
    return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(
        title=f"\n{title}",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for k, heading in enumerate((first, *others)):
        table.add_column(heading, justify="right" if k else "left", no_wrap=True)
    return table


def _with_interval(part: dict[str, Any], name: str, sign: str = "") -> str:
    if part[name] is None:
        return _DASH
    return f"{_number(part[name], sign=sign)} {_interval(part[f'{name}_ci'], sign)}"


def _number(value: float | None, digits: int = 3, sign: str = "") -> str:
    return _DASH if value is None else f"{value:{sign}z.{digits}f}"


def _interval(bounds: tuple[float, float] | None, sign: str = "") -> str:
    return _DASH if bounds is None else f"[{bounds[0]:{sign}z.3f}, {bounds[1]:{sign}z.3f}]"
