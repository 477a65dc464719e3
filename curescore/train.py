"""`curescore train`, `evaluate`, `promote`, `rollback`: models and their registry."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curescore.console import Json, err, out, print_json

if TYPE_CHECKING:
    from training.population import Window


class Target(StrEnum):
    """What is predicted."""

    cure = "cure"


Data = Annotated[Path, typer.Option("--data", help="Folder of tables.", show_default=False)]
From = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="First statement date of a snapshot."),
]
Until = Annotated[
    datetime | None,
    typer.Option("--until", formats=["%Y-%m-%d"], help="Last statement date of a snapshot."),
]
Name = Annotated[str, typer.Argument(help="Registered model, such as cure.", show_default=False)]


def train(
    data: Data,
    target: Annotated[Target, typer.Option(help="What is predicted.")] = Target.cure,
    config: Annotated[Path | None, typer.Option(help="Settings (TOML).")] = None,
    start: From = None,
    until: Until = None,
    json: Json = False,
) -> None:
    """Train on the earlier months, test on the last ones, and register the bundle.

    It becomes champion where there is none yet, else challenger.

    Example: curescore train --data var/uci
    """
    from training.config import load_config
    from training.pipeline import train as run
    from training.report import measures_table, stages_table
    from training.tracking import Tracker

    settings = load_config(config)
    window = _window(start, until)
    with err.status("starting") as status:
        result = run(data, settings, window, Tracker(), status.update, target.value)
    registered = vars(result.registered)
    if json:
        made = {"bundle_sha256": result.bundle_sha256}
        print_json({**registered, **made, "train": result.train, "test": result.test})
        return
    trained, test = result.train, result.test
    out.print(
        f"trained on {trained['n']:,} snapshots of {trained['accounts']:,} accounts, statements "
        f"of {trained['from']} to {trained['until']}; {trained['trees']} trees; "
        f"left out: {trained['label_unknown_at_test']:,} with a label not yet known at the test, "
        + ", ".join(f"{count:,} {why}" for why, count in trained["without_label"].items())
    )
    out.print(measures_table(test, f"test: statements of {test['from']} to {test['until']}"))
    out.print(stages_table(test))
    out.print(
        f"registered {registered['name']} version {registered['version']} as "
        f"{registered['alias']}, bundle {result.bundle_sha256}"
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
    from training.report import measures_table, stages_table
    from training.tracking import Tracker

    with err.status("loading the model") as status:
        folder = Tracker.existing().bundle(model) if model.startswith("models:/") else Path(model)
        bundle = load_bundle(folder)
        status.update("judging")
        found = evaluate_bundle(data, bundle, _window(start, until))
    if json:
        print_json(found)
        return
    out.print(measures_table(found, f"{model} on {data}"))
    out.print(stages_table(found))
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


def promote(
    name: Name,
    version: Annotated[int, typer.Argument(help="Version to promote.", show_default=False)],
    json: Json = False,
) -> None:
    """Make a version the champion.

    Example: curescore promote cure 2
    """
    from training.tracking import Tracker

    former = Tracker.existing().promote(name, version)
    _moved(name, version, former, as_json=json)


def rollback(name: Name, json: Json = False) -> None:
    """Make the former champion champion again.

    Example: curescore rollback cure
    """
    from training.tracking import Tracker

    tracker = Tracker.existing()
    current = tracker.champion(name)
    _moved(name, tracker.rollback(name), current, as_json=json)


def _moved(name: str, version: int, former: int | None, *, as_json: bool) -> None:
    if as_json:
        print_json({"name": name, "champion": version, "former": former})
    else:
        before = "none before" if former is None else f"version {former} before"
        out.print(f"champion of {name}: version {version} ({before})")


def _window(start: datetime | None, until: datetime | None) -> "Window":
    from training.population import Window

    return Window(start and start.date(), until and until.date())
