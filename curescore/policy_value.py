"""`curescore policy evaluate`: what policies would have been worth on assignments of the past."""

from collections.abc import Sequence
from json import dumps
from pathlib import Path
from re import ASCII, sub
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from curescore.console import Json, out, print_json
from curescore.options import (
    CURE,
    AssignedData,
    AssignedFrom,
    AssignedUntil,
    Model,
    served_policy,
    window_of,
)
from curescore.working import working
from features.errors import InputError

if TYPE_CHECKING:
    from models.intensity.policy import Policy
    from training.tracking import Tracker

CURRENT = "current"  # the policy that is served, where it comes with an estimate
PAGE, DOCUMENT = "policy_value.html", "policy_value.json"


def evaluate(
    data: AssignedData,
    policies: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="POLICY",
            help="Policy files (TOML) or policy folders to compare with those always compared.",
            show_default=False,
        ),
    ] = None,
    model: Model = CURE,
    start: AssignedFrom = None,
    until: AssignedUntil = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for page and document; if not given, in the run alone."),
    ] = None,
    json: Json = False,
) -> None:
    """Compare what policies would have been worth on the assignments of a portfolio.

    Always compared: what was done, no contact, call everyone, thresholds on the probability, and
    the current policy with assumed and with estimated effects. A run in MLflow keeps page and
    document.

    Example: curescore policy evaluate --data var/newest var/policies/winter --out var/value
    """
    from models.intensity.policy import load_policy
    from training.assessment import load_bundle
    from training.config import TrainingConfig
    from training.offpolicy.comparison import compare
    from training.tables import read_tables
    from training.tracking import Tracker, bundle_folder
    from training.value_page import page

    compared = named(policies or [])
    with working() as tell:
        tell("loading model and policy")
        bundle = load_bundle(bundle_folder(model))
        tracker = Tracker()
        current = load_policy(served_policy(tracker))
        if current.estimate is not None:
            compared = {CURRENT: current, **compared}
        tell("reading the tables")
        tables = read_tables(data)
        window, seed = window_of(start, until), TrainingConfig().seed
        document = compare(tables, bundle, current, compared, window, seed, tell).document
        tell("writing page and document")
        files = {DOCUMENT: dumps(document, indent=1, allow_nan=False) + "\n", PAGE: page(document)}
        kept = _kept(tracker, files, document)
        if folder is not None:
            _write(folder, files)
    if json:
        print_json({**document, "artifacts": kept})
        return
    tell_value(document)
    out.print(f"page: {folder or kept}/{PAGE}", markup=False, soft_wrap=True)


def named(paths: Sequence[Path]) -> dict[str, "Policy"]:
    """The policies by the names of their files or folders; by whole paths where names are taken.

    InputError for one that is named twice.
    """
    from models.intensity.policy import load_policy
    from training.offpolicy.candidates import ALWAYS

    short = [path.stem if path.is_file() else path.name for path in paths]
    named: dict[str, Policy] = {}
    for path, name in zip(paths, short, strict=True):
        taken = short.count(name) > 1 or name in (*ALWAYS, CURRENT)
        called = str(path.resolve()) if taken else name
        if called in named:
            raise InputError("policies", "one is named twice", "Name each policy once.", str(path))
        named[called] = load_policy(path)
    return named


def _kept(tracker: "Tracker", files: dict[str, str], document: dict[str, Any]) -> str:
    """Where the run in MLflow keeps page and document."""
    from training.registry import POLICY

    rows, policy = document["rows"], document["policy"]
    params = {
        **{name: document[name] for name in ("start", "end", "seed", "draws")},
        **{name: rows[name] for name in ("used", "accounts")},
    }
    tags = {
        "policy_sha256": policy["sha256"],
        "bundle_sha256": document["bundle_sha256"],
        "data_sha256": document["data_sha256"],
    }
    figures = ("net_dr", "net_snips", "contacts_per_cure_dr", "effective_size", "unsupported_share")
    metrics = {
        sub(r"[^\w./ -]", "_", name, flags=ASCII): {figure: part[figure] for figure in figures}
        for name, part in document["policies"].items()
    }  # MLflow takes no other characters in a key
    with TemporaryDirectory() as made:
        _write(Path(made), files)
        return tracker.record_run(POLICY, Path(made), params, metrics, tags)


def _write(folder: Path, files: dict[str, str]) -> None:
    from models.durable import whole_file

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        with whole_file(folder / name) as path:
            path.write_text(text, "utf-8")


def tell_value(document: dict[str, Any]) -> None:
    """Print what each policy of a comparison is worth, on which rows, and what to beware of."""
    rows = document["rows"]
    out.print(
        f"{rows['used']:,} assignments of {rows['accounts']:,} late accounts, after statements of "
        f"{document['start']} to {document['end']}; left out: "
        + ", ".join(f"{n:,} {why.replace('_', ' ')}" for why, n in rows["left_out"].items()),
        soft_wrap=True,
    )
    out.print(_table(document))
    estimated = [cell for cell in document["cells"] if cell["estimated"]]
    out.print(f"effects estimated in {len(estimated)} of {len(document['cells'])} cells")
    for warning in document["warnings"]:
        out.print(f"warning: {warning}", markup=False, soft_wrap=True)


def _table(document: dict[str, Any]) -> Table:
    """One line for each policy, within 80 columns."""
    from training.value_page import interval, unit_of

    table = Table(
        title=f"\nnet value over no contact, {unit_of(document)} for 1,000 assignments",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for heading in ("", "doubly robust [95%]", "SNIPS", "contacts\nper cure", "effective"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for part in document["policies"].values():
        table.add_row(
            escape(part["label"]),
            interval(part["net_dr"]),
            interval({**part["net_snips"], "low": None}),
            interval({**part["contacts_per_cure_dr"], "low": None}, 1),
            f"{part['effective_size']:,.0f}",
        )
    return table
