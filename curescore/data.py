"""`curescore import` and `simulate`: where a portfolio's tables come from."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress

from curescore.console import Json, err, out, print_json
from curescore.working import unwound_by_sigterm

if TYPE_CHECKING:
    from training.tables import Tables

import_app = typer.Typer(no_args_is_help=True, help="Make tables of a published data set.")


class Law(StrEnum):
    """Response laws of the simulation."""

    reminder = "reminder"
    pressure = "pressure"
    threshold = "threshold"
    none = "none"


Out = Annotated[Path, typer.Option("--out", help="Folder to write.", show_default=False)]
Force = Annotated[bool, typer.Option("--force", help="Replace the tables that stand there.")]


@import_app.callback()
def _group() -> None:
    """Tables out of files as others publish them."""


@import_app.command()
def uci(
    file: Annotated[
        Path, typer.Argument(help="The CSV, the .xls, or the archive.", show_default=False)
    ],
    folder: Out,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Import the portfolio as it stood on this day."),
    ] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Import UCI's credit card clients (Taiwan, April to August 2005).

    Example: curescore import uci default+of+credit+card+clients.zip --out var/uci
    """
    from training.sources.uci import import_uci
    from training.tables import write_tables

    tables = import_uci(file, until.date() if until else None)
    with unwound_by_sigterm():
        write_tables(tables, folder, force=force)
    _tell(_summary(tables, folder), json)


def simulate(
    folder: Out,
    accounts: Annotated[int, typer.Option(help="Number of accounts.")] = 20_000,
    months: Annotated[int, typer.Option(help="Number of monthly cycles.")] = 24,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    law: Annotated[Law, typer.Option(help="How debtors respond to contact.")] = Law.reminder,
    currency: Annotated[str, typer.Option(help="ISO 4217 code of all amounts.")] = "USD",
    force: Force = False,
    json: Json = False,
) -> None:
    """Simulate a portfolio; what is hidden in it goes to truth.parquet.

    Example: curescore simulate --accounts 20000 --months 24 --seed 1 --out var/simulated
    """
    from training.sources.simulate import simulate as run

    with (
        unwound_by_sigterm(),
        Progress(console=err, transient=True, disable=not err.is_terminal) as bar,
    ):
        task = bar.add_task("accounts", total=accounts)
        made = run(
            folder,
            accounts,
            months,
            seed,
            law.value,
            currency,
            force=force,
            progress=lambda done: bar.advance(task, done),
        )
    rows = {name: count for name, count in made.rows.items() if name != "truth"}
    _tell({**rows, "late": made.late, "months": months, "law": law.value, "out": str(folder)}, json)


def _summary(tables: "Tables", folder: Path) -> dict[str, Any]:
    rows = {name: len(frame) for name, frame in tables.present().items()}
    late = int((tables.accounts["days_past_due"] > 0).sum())
    months = int(tables.statements["statement_date"].nunique())
    return {**rows, "late": late, "months": months, "out": str(folder)}


def _tell(summary: dict[str, Any], json: bool) -> None:
    if json:
        print_json(summary)
        return
    out.print(
        f"{summary['accounts']:,} accounts ({summary['late']:,} of them late), "
        f"{summary['statements']:,} statements over {summary['months']} months: {summary['out']}",
        markup=False,
        soft_wrap=True,
    )
    out.print(f"next: curescore train --data {summary['out']}", markup=False, soft_wrap=True)
