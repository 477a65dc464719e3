"""`curescore policy estimate`: what contact changes, estimated from assignments."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from curescore.console import Json, out, print_json
from curescore.options import (
    AssignedData,
    AssignedFrom,
    AssignedUntil,
    served_policy,
    window_of,
)
from curescore.working import working


def estimate(
    data: AssignedData,
    folder: Annotated[
        Path,
        typer.Option(
            "--out", help="New folder for the policy with its estimate.", show_default=False
        ),
    ],
    policy: Annotated[
        Path | None,
        typer.Option(
            help="Policy file or folder; if not given, the one that is served now.",
            show_default=False,
        ),
    ] = None,
    start: AssignedFrom = None,
    until: AssignedUntil = None,
    json: Json = False,
) -> None:
    """Estimate what contact changes, and put the estimate beside a policy.

    Where the assignments cannot show an effect, it stays assumed, and it is told why. The estimate
    becomes a version of the registered model `estimate`; nothing is served by it until the policy
    is promoted.

    Example: curescore policy estimate --data var/data/simulated --out var/policies/autumn
    """
    from training.config import TrainingConfig
    from training.response.estimating import estimate_response
    from training.tracking import Tracker

    window, tracker = window_of(start, until), Tracker()
    with working() as tell:
        source = policy or served_policy(tracker)
        made = estimate_response(data, window, source, folder, TrainingConfig().seed, tracker, tell)
    if json:
        print_json({"version": made.version, "folder": str(folder), **made.document})
        return
    _tell(made.document)
    out.print(f"estimate version {made.version}, {made.sha256}", soft_wrap=True)
    out.print(f"policy with estimate: {folder}", soft_wrap=True, markup=False)
    out.print(
        f"next: curescore policy evaluate --data {data} {folder}", soft_wrap=True, markup=False
    )


def _tell(document: dict[str, Any]) -> None:
    out.print(
        f"{document['n']:,} assignments of {document['accounts']:,} accounts, statements of "
        f"{document['from']} to {document['until']}; left out: "
        + ", ".join(f"{n:,} {why.replace('_', ' ')}" for why, n in document["left_out"].items()),
        soft_wrap=True,
    )
    if document["doubt"] is not None:
        out.print(
            f"warning: nothing is estimated: {document['doubt']['seen']}",
            soft_wrap=True,
            markup=False,
        )
    out.print(_table(document["cells"]))
    if not any(cell["estimated"] for cell in document["cells"]):
        out.print("warning: no effect could be estimated: the policy decides as before")


def _table(cells: list[dict[str, Any]]) -> Table:
    """One line for each cell, within 80 columns."""
    table = Table(
        title="what a level adds to the probability of a cure, in points",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for heading in ("stage", "level", "assignments", "effective", "effect", "95%", "assumed for"):
        left = heading in ("stage", "assumed for")
        table.add_column(heading, justify="left" if left else "right", no_wrap=True)
    for cell in cells:
        known = cell["estimated"]
        table.add_row(
            cell["stage"],
            str(cell["level"]),
            f"{cell['n']:,}",
            f"{cell['ess']:,.0f}",
            f"{100 * cell['effect']:+.1f}" if known else "",
            f"{100 * cell['low']:+.1f} to {100 * cell['high']:+.1f}" if known else "",
            "" if known else cell["why"].replace("_", " "),
        )
    return table
