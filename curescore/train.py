"""`curescore train`, `evaluate`: models made and judged."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from curescore.cluster import Dask, computing_at
from curescore.console import Json, out, print_json
from curescore.options import window_of
from curescore.signing import signing_key
from curescore.working import working


class Target(StrEnum):
    """What is predicted."""

    cure = "cure"
    early_warning = "early_warning"


Data = Annotated[Path, typer.Option("--data", help="Folder of tables.", show_default=False)]
From = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="First statement date of a snapshot."),
]
Until = Annotated[
    datetime | None,
    typer.Option("--until", formats=["%Y-%m-%d"], help="Last statement date of a snapshot."),
]


def train(
    data: Data,
    target: Annotated[
        Target, typer.Option(help="What is predicted: cures, or who stays current.")
    ] = Target.cure,
    config: Annotated[Path | None, typer.Option(help="Settings (TOML).")] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            min=0, max=1_000, help="Settings of the booster to try; 0: those of the file, untried."
        ),
    ] = None,
    start: From = None,
    until: Until = None,
    dask: Dask = None,
    json: Json = False,
) -> None:
    """Search settings, train on the earlier months, test on the last ones, register the bundle.

    It becomes champion where there is none yet, signed where CURESCORE_SIGNING_KEY is set, else
    challenger. A search that was stopped goes
    on where it was when the same command is given again.

    Example: curescore train --data var/uci --trials 40
    """
    from training.config import load_config
    from training.pipeline import train as run
    from training.tracking import STUDIES, Tracker, home

    settings = load_config(config)
    if trials is not None:
        search = settings.search.model_copy(update={"trials": trials})
        settings = settings.model_copy(update={"search": search})
    window, key = window_of(start, until), signing_key()
    with working() as progress, computing_at(dask) as computing:
        studies = home() / STUDIES
        tracker = Tracker(key=key)
        result = run(data, settings, window, tracker, progress, target.value, studies, computing)
    registered = vars(result.registered)
    if json:
        print_json({**registered, **result.document})
        return
    _tell(result.document)
    withheld = registered["withheld"]
    out.print(
        f"registered {registered['name']} version {registered['version']} as "
        f"{registered['alias']}, bundle {result.bundle_sha256}"
        + (f"; not made champion: {withheld}" if withheld else ""),
        soft_wrap=True,
    )
    out.print(f"model card: {registered['artifacts']}/model_card.html", soft_wrap=True)
    if registered["alias"] == "challenger":
        out.print(f"next: curescore promote {registered['name']} {registered['version']}")


def _tell(document: dict[str, Any]) -> None:
    from training.report import tables

    trained, test = document["train"], document["test"]
    out.print(
        f"trained on {trained['n']:,} snapshots of {trained['accounts']:,} accounts, statements "
        f"of {trained['from']} to {trained['until']}; {trained['trees']} trees; "
        f"left out: {trained['label_unknown_at_test']:,} with a label not yet known at the test, "
        + ", ".join(
            f"{count:,} {why.replace('_', ' ')}" for why, count in trained["without_label"].items()
        )
    )
    _tell_search(document["search"])
    for table in tables(test, f"test: statements of {test['from']} to {test['until']}"):
        out.print(table)
    flagged = document["guards"]["implausible_features"]
    if flagged:
        out.print(f"warning: implausibly strong alone: {', '.join(flagged)} (a leak?)")


def _tell_search(found: dict[str, Any] | None) -> None:
    """What was chosen, and what the choice cost and saved."""
    if found is None:
        return
    chosen, best = found["chosen"], found["best"]
    settings = ", ".join(
        f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in chosen["settings"].items()
    )
    out.print(f"chosen of {found['trials']} trials: {settings}")
    if chosen["settings"] == best["settings"]:
        out.print(f"it is the best of them; {chosen['microseconds']:.0f} µs to explain a row")
        return
    low, high = found["auc_difference_ci"]
    out.print(
        f"against the best of them: AUC {found['auc_difference']:+.4f} [{low:+.4f}, {high:+.4f}] "
        f"on the folds, {chosen['microseconds']:.0f} instead of {best['microseconds']:.0f} µs "
        "to explain a row"
    )


def evaluate(
    data: Data,
    model: Annotated[
        str, typer.Option(help="Bundle folder, models:/NAME@ALIAS or models:/NAME/VERSION.")
    ] = "models:/cure@champion",
    start: From = None,
    until: Until = None,
    json: Json = False,
) -> None:
    """Judge a model on the labelled snapshots of any tables.

    Example: curescore evaluate --data var/uci --from 2005-07-01 --json
    """
    from training.assessment import evaluate_bundle, load_bundle
    from training.report import tables
    from training.tracking import bundle_folder

    with working() as progress:
        progress("loading the model")
        bundle = load_bundle(bundle_folder(model))
        progress("judging")
        found = evaluate_bundle(data, bundle, window_of(start, until))
    if json:
        print_json(found)
        return
    for table in tables(found, f"{model} on {data}"):
        out.print(table)
    rows = found["rows"]
    out.print(
        f"without a label: {rows['immature']:,} immature, {rows['missing']:,} missing, "
        f"{rows['censored']:,} censored"
    )
    if rows["in_training_period"]:
        out.print(
            f"{rows['in_training_period']:,} of these snapshots lie in the training period: "
            "where the model trained on them, the figures flatter it (--from bounds them)"
        )
