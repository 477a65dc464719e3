"""`curescore kpi`: what collection achieved, of recorded decisions and what happened after them."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curescore.console import Json, out, print_json
from curescore.publishing import Publish, opened, published, tell
from curescore.working import working
from features.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = ("stage", "level")  # the tables that are printed; the files have all


class Dimension(StrEnum):
    """What figures can be told by: as training.kpi.kpi.Dimension, which takes pandas to import."""

    STAGE = "stage"
    TIER = "tier"
    LEVEL = "level"
    CHANNEL = "channel"
    TREATMENT = "treatment"
    MONTH = "month"


def kpi(
    data: Annotated[
        Path,
        typer.Option("--data", help="Folder of tables, of `curescore export`.", show_default=False),
    ],
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for kpi.html, kpi.json and a CSV of each table."),
    ] = None,
    by: Annotated[
        list[Dimension] | None,
        typer.Option(help="Tell figures by this; may be repeated. All if not given."),
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day of a decision's as_of, UTC."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=["%Y-%m-%d"], help="Last day of a decision's as_of, UTC."),
    ] = None,
    publish: Publish = False,
    json: Json = False,
) -> None:
    """Tell what collection achieved: cures, money, contacts, promises, roll rates, overrides.

    Example: curescore kpi --data var/seen --out var/kpi --publish
    """
    from service.reports.kpi import Kpi
    from training.kpi.kpi import DIMENSIONS
    from training.kpi.kpi import kpi as computed

    if publish and by:
        raise InputError("--by", "leaves out what the pages show", "Leave it out with --publish")
    wanted = [each for each in DIMENSIONS if not by or each in by]
    with opened(publish) as reports:
        with working() as show:
            window = start and start.date(), until and until.date()
            document = computed(data, wanted, *window, progress=show)
            if folder is not None:
                show("writing the page")
                _write(folder, document)
        told = None if reports is None else published(reports, Kpi, document)
    if json:
        print_json(document if told is None else {**document, "published": told})
        return
    _tell(document)
    if folder is not None:
        out.print(f"report: {folder}/kpi.html", soft_wrap=True)
    if told is not None:
        tell(told)


def _write(folder: Path, document: dict[str, Any]) -> None:
    from models.durable import whole_file
    from training.kpi.listed import write_tables
    from training.kpi.page import page

    folder.mkdir(parents=True, exist_ok=True)
    files = {"kpi.json": dumps(document, indent=1) + "\n", "kpi.html": page(document)}
    write_tables(document, folder)
    for name, text in files.items():
        with whole_file(folder / name) as path:
            path.write_text(text, "utf-8")


def _tell(document: dict[str, Any]) -> None:
    from training.kpi.definitions import HONEST
    from training.kpi.told import cost_per_unit

    counts = document["decisions"]
    out.print(
        f"{counts['effective']:,} decisions in force make {counts['cycles']:,} account-cycles, "
        f"{counts['late_cycles']:,} of them late; not counted: {counts['superseded']:,} "
        f"superseded, {counts['proposed']:,} proposed, {counts['unknown']:,} unknown",
        soft_wrap=True,
    )
    out.print(_table("late account-cycles", [("total", document["total"])]))
    for dimension in SHOWN:
        if document["by"].get(dimension):
            out.print(_table(f"by {dimension}", list(document["by"][dimension].items())))
    without = document["total"]["cure"]["without"].items()
    out.print("without a label: " + ", ".join(f"{n:,} {why}" for why, n in without))
    for currency, money in (document["total"]["money"] or {}).items():
        out.print(
            f"recovered: {money['recovered']:,.2f} {currency}; "
            f"expected cost of each {currency}: {cost_per_unit(money)}",
            soft_wrap=True,
        )
    made = document["overrides"]
    out.print(f"overrides: {made['n']:,} of the decisions in force ({made['share']:.1%})")
    out.print(HONEST, soft_wrap=True)


def _table(title: str, groups: list[tuple[str, dict[str, Any]]]) -> "Table":
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for heading in ("", "cycles", "cured", "days", "contacts/cure", "reach", "promises"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, group in groups:
        table.add_row(name, f"{group['cycles']:,}", *_cells(group))
    return table


def _cells(group: dict[str, Any]) -> Iterator[str]:
    """Share cured with its interval, days to it, contacts for one, reach, promises kept."""
    from training.kpi.told import few, per_cure, percent, share

    yield share(group["cure"])
    yield few(group["days_to_cure"], "median", 1)
    yield per_cure(group["contacts"], group["cure"])
    yield percent(group["reach"])
    yield percent(group["promises"])
