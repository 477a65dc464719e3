"""`curescore features`: the catalogue of features."""

import time
from typing import Annotated

import typer
from rich.table import Table

from curescore.console import Json, out, print_json


def features(
    json: Json = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print docs/features.md, the page of the features.")
    ] = False,
    warm: Annotated[
        bool, typer.Option("--warm", help="Compile them into the cache and print the time taken.")
    ] = False,
) -> None:
    """Print the catalogue: every feature with its group, unit, direction and sentence.

    Example: curescore features --json
    """
    if warm:
        _warm(json)
        return
    if markdown:
        from features.page import page

        print(page(), end="")
        return
    from features.catalogue import CATALOGUE

    if json:
        shown = ("name", "family", "group", "unit", "monotone", "en", "zh", "definition_sha256")
        print_json([{name: getattr(feature, name) for name in shown} for feature in CATALOGUE])
        return
    table = Table(title=f"{len(CATALOGUE)} features")
    for heading in ("name", "group", "unit", "direction", "sentence"):
        table.add_column(heading, overflow="fold")
    directions = {1: "raises", -1: "lowers", 0: ""}
    for feature in CATALOGUE:
        table.add_row(
            feature.name, feature.group, feature.unit, directions[feature.monotone], feature.en
        )
    out.print(table)


def _warm(json: bool) -> None:
    from models.intensity.policy import load_policy
    from models.warm import warm

    start = time.perf_counter()
    warm(load_policy())
    seconds = time.perf_counter() - start
    if json:
        print_json({"seconds": seconds})
    else:
        out.print(f"compiled and cached in {seconds:.1f} s")
