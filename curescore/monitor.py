"""`curescore monitor`: whether decisions are still as those that the model was trained for."""

from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curescore.console import Json, out, print_json
from curescore.failures import FAILED
from curescore.publishing import Publish, opened, published, tell
from curescore.working import working

if TYPE_CHECKING:
    from rich.table import Table

SHOWN, SHOWN_BROKEN = 5, 10  # features, and bounds


def monitor(
    data: Annotated[
        Path,
        typer.Option(
            "--data", help="Folder of a run of `curescore score --reasons all`.", show_default=False
        ),
    ],
    model: Annotated[
        str,
        typer.Option(
            help="What decided: bundle folder, models:/NAME@ALIAS or models:/NAME/VERSION."
        ),
    ] = "models:/cure@champion",
    outcomes: Annotated[
        Path | None,
        typer.Option(help="Folder of tables with later statements, to compare what came of it."),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Bounds (TOML).")] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="Folder of the report; under CURESCORE_HOME if not given."),
    ] = None,
    publish: Publish = False,
    json: Json = False,
) -> None:
    """Compare decisions with the training population, and with what came of them.

    Writes monitor.html and monitor.json. Ends with 1 where a bound is broken.

    Example: curescore monitor --data var/night --outcomes var/later --publish
    """
    from service.reports.monitor import Monitor
    from training.assessment import load_bundle
    from training.monitoring.monitor import Bounds
    from training.monitoring.monitor import monitor as compare
    from training.monitoring.page import page
    from training.settingsfile import read_settings
    from training.tracking import bundle_folder

    bounds = read_settings(config, Bounds, "docs/monitoring.md")
    with opened(publish) as reports:
        with working() as show:
            show("loading the model")
            bundle = load_bundle(bundle_folder(model))
            report = compare(data, bundle, outcomes, bounds, show)
            show("writing the report")
            files = {"monitor.json": dumps(report, indent=1) + "\n", "monitor.html": page(report)}
            written = _write(folder or _folder(report), files)
        told = None if reports is None else published(reports, Monitor, report)
    if json:
        print_json(report if told is None else {**report, "published": told})
    else:
        _tell(report)
        out.print(f"report: {written}/monitor.html", soft_wrap=True)
        if told is not None:
            tell(told)
    if report["broken"]:
        raise typer.Exit(FAILED)


def _folder(report: dict[str, Any]) -> Path:
    """Where a report goes by itself: one folder for each day of decisions and each bundle."""
    from training.tracking import home

    day = report["decisions"]["until"][:10]
    return home() / "monitor" / f"{day}-{report['bundle_sha256'][:12]}"


def _write(folder: Path, files: dict[str, str]) -> Path:
    from models.durable import whole_file

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        with whole_file(folder / name) as path:
            path.write_text(text, "utf-8")
    return folder


def _tell(report: dict[str, Any]) -> None:
    decisions = report["decisions"]
    out.print(
        f"{decisions['compared']:,} decisions of bundle {report['bundle_sha256'][:12]}; "
        f"{decisions['other_bundles']:,} of other bundles left out"
    )
    out.print(_drift_table(report))
    if report["features_left_out"]:
        out.print(f"drift of features: {report['features_left_out']}", soft_wrap=True)
    if report["outcomes"] is not None:
        out.print(_outcomes_table(report))
        without = (f"{count:,} {why}" for why, count in report["outcomes"]["without"].items())
        out.print("without an outcome: " + ", ".join(without), soft_wrap=True)
    for each in report["broken"][:SHOWN_BROKEN]:
        out.print(
            f"broken: {each['bound']} of {each['of']} is {each['value']:.3f}, bound {each['most']}"
        )
    more = len(report["broken"]) - SHOWN_BROKEN
    if more > 0:
        out.print(f"broken: {more} more, in the report")
    if not report["broken"]:
        out.print("no bound is broken")


def _drift_table(report: dict[str, Any]) -> "Table":
    from rich.table import Table

    drift, bounds = report["drift"], report["bounds"]
    chance = drift["expected_by_chance"]
    table = Table(title="drift from the training population", title_justify="left")
    for heading in ("", "PSI", "by chance", "bound"):
        table.add_column(heading, justify="right" if heading else "left")
    rows = [
        (name, drift[f"{name}_psi"], chance[name], bounds[f"{name}_psi"])
        for name in ("score", "reasons")
    ]
    used = {n: value for n, value in drift["features"].items() if n in report["used_features"]}
    most = sorted(used.items(), key=lambda item: -item[1])[:SHOWN]
    rows += [(n, value, chance["features"][n], bounds["feature_psi"]) for n, value in most]
    for name, *numbers in rows:
        table.add_row(name, *("–" if x is None else f"{x:.3f}" for x in numbers))
    return table


def _outcomes_table(report: dict[str, Any]) -> "Table":
    from rich.table import Table

    from models.target import REACHED
    from training.monitoring.monitor import groups

    table = Table(title="predicted and realised", title_justify="left")
    reached = REACHED[report["target"]]
    for heading in ("", "n", "predicted", reached, "difference", "95% interval", "SDs"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, group in groups(report["outcomes"]):
        if not group["n"]:
            table.add_row(name, "0", *["–"] * 5)
            continue
        low, high = group["difference_ci"]
        deviation = group["deviation"]
        table.add_row(
            name,
            f"{group['n']:,}",
            f"{group['predicted']:.1%}",
            f"{group['realised']:.1%}",
            f"{100 * group['difference']:+.1f}",
            f"{100 * low:+.1f} to {100 * high:+.1f}",
            "–" if deviation is None else f"{deviation:+.1f}",
        )
    return table
