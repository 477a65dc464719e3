"""Measures ours and others side by side: `python -m benchmarks`. Run it on an idle machine."""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import (
    capacity,
    contributions,
    features,
    fitting,
    intensity,
    nightly,
    pages,
    policies,
    quality,
    scaling,
    searching,
    serving,
    soak,
)
from benchmarks.lines import PEERS
from benchmarks.machine import described
from benchmarks.report import Topic

app = typer.Typer(pretty_exceptions_enable=False)

TOPICS = (
    "features",
    "contributions",
    "nightly",
    "fitting",
    "quality",
    "capacity",
    "intensity",
    "policies",
    "serving",
    "soak",
    "searching",
    "pages",
    "dask",
)


@app.command()
def main(
    topics: Annotated[
        list[str] | None, typer.Argument(help=f"Any of {', '.join(TOPICS)}; all if none is named.")
    ] = None,
    accounts: Annotated[int, typer.Option(help="Accounts whose features are computed.")] = 200_000,
    months: Annotated[int, typer.Option(help="Months of statements.", min=2)] = 24,
    simulated: Annotated[int, typer.Option(help="Accounts that boosters are fitted on.")] = 10_000,
    trees: Annotated[int, typer.Option(help="Trees of each booster.")] = 400,
    rows: Annotated[int, typer.Option(help="Rows that are explained.")] = 1_000,
    rounds: Annotated[int, typer.Option(help="Rounds in which all take turns.", min=1)] = 5,
    night: Annotated[int, typer.Option(help="Accounts of the nightly run.", min=10)] = 1_000_000,
    nights: Annotated[int, typer.Option(help="Rounds of nightly runs.", min=1)] = 3,
    uci: Annotated[
        Path | None,
        typer.Option(help="UCI's file, for quality on real accounts; left out if not given."),
    ] = None,
    portfolio: Annotated[int, typer.Option(help="Accounts of each law, for quality.")] = 20_000,
    trials: Annotated[int, typer.Option(help="Settings tried, for quality.")] = 20,
    within: Annotated[
        int, typer.Option(help="Accounts of the largest portfolio within capacity.", min=100)
    ] = 1_000_000,
    solved: Annotated[
        int, typer.Option(help="Accounts of the largest portfolio that HiGHS solves too.")
    ] = 100_000,
    drawn: Annotated[
        int, typer.Option(help="Accounts of which the late ones' levels are timed.", min=100)
    ] = 200_000,
    log: Annotated[
        int, typer.Option(help="Accounts of each law's log, for policies.", min=1_000)
    ] = 20_000,
    logs: Annotated[int, typer.Option(help="Small logs, for policies.", min=1)] = 10,
    small: Annotated[
        int, typer.Option(help="Accounts of each small log, for policies.", min=1_000)
    ] = 4_000,
    turns: Annotated[int, typer.Option(help="Rounds of the servers.", min=1)] = 3,
    seconds: Annotated[float, typer.Option(help="Of each measurement of a server.", min=0.1)] = 3,
    minutes: Annotated[float, typer.Option(help="Of half the service's speed.", min=0.1)] = 1,
    decisions: Annotated[
        int, typer.Option(help="Decisions in the log that is searched, and shown.", min=20_000)
    ] = 1_000_000,
    kept: Annotated[
        Path | None,
        typer.Option(help="A folder that keeps the log of the pages, for the next time."),
    ] = None,
    spread: Annotated[
        int, typer.Option(help="Accounts of the run on a Dask cluster.", min=1_000)
    ] = 100_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Print, as Markdown, ours and others' figures, and the ratios with their spread.

    Example: python -m benchmarks features --accounts 50000
    """
    peers = PEERS.exists()
    runs: dict[str, Callable[[Path], Topic]] = {
        "features": lambda folder: features.measure(folder, accounts, months, rounds, peers, say),
        "contributions": lambda folder: contributions.measure(
            folder, simulated, trees, rows, rounds, peers, say
        ),
        "nightly": lambda folder: nightly.measure(folder, night, nights, say),
        "fitting": lambda folder: fitting.measure(folder, simulated, 200, rounds, say),
        "quality": lambda folder: quality.measure(folder, uci, portfolio, trials, say),
        "capacity": lambda folder: capacity.measure(within, solved, rounds, say),
        "intensity": lambda folder: intensity.measure(folder, simulated, drawn, trees, rounds, say),
        "policies": lambda folder: policies.measure(folder, log, logs, small, say),
        "serving": lambda folder: serving.measure(
            folder,
            serving.Sizes(turns, seconds, fitted_on=simulated, trees=trees),
            say,
        ),
        "soak": lambda folder: soak.measure(folder, minutes, say, fitted_on=simulated, trees=trees),
        "searching": lambda folder: searching.measure(folder, decisions, nights, say),
        "pages": lambda folder: pages.measure(kept or folder, decisions, say),
        "dask": lambda folder: scaling.measure(folder, spread, nights, say),
    }
    if unknown := set(topics or ()) - set(runs):
        raise typer.BadParameter(f"{', '.join(unknown)}: none of {', '.join(TOPICS)}")
    figures: dict[str, Any] = {"machine": described()}
    if not as_json:
        print(figures["machine"], flush=True)
    for name in topics or TOPICS:
        with tempfile.TemporaryDirectory() as folder:
            topic = runs[name](Path(folder))
        figures[name] = topic.figures
        if not as_json:
            print(f"\n{topic}", flush=True)
    if as_json:
        print(json.dumps(figures, indent=1))


_START = time.monotonic()


def say(what: str) -> None:
    """Tell on stderr how far it is."""
    print(f"{time.monotonic() - _START:6.1f} s  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    app()
