"""`curescore promote`, `rollback`: moving the champion, by the gate and back."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from curescore.champions import tell_champion
from curescore.console import Json, err, out
from curescore.signing import SignWith, refuse_champion, signature_of, signing_key
from features.errors import InputError

if TYPE_CHECKING:
    from models.signature import Signature
    from training.promotion.challenge import Tables
    from training.promotion.gate import Check, GateSettings, Verdict
    from training.tracking import Tracker

REFUSED = 1

Name = Annotated[str, typer.Argument(help="Registered model, such as cure.", show_default=False)]
Reason = Annotated[str | None, typer.Option(help="Why; kept in the registry.", show_default=False)]


def promote(
    name: Name,
    version: Annotated[int, typer.Argument(help="Version to promote.", show_default=False)],
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of tables to judge on; else those of the training."),
    ] = None,
    gate: Annotated[Path | None, typer.Option(help="Settings of the gate (TOML).")] = None,
    force: Annotated[bool, typer.Option("--force", help="Promote against the gate.")] = False,
    reason: Reason = None,
    sign_with: SignWith = None,
    json: Json = False,
) -> None:
    """Make a version the champion if it passes the gate; exit code 1 where it does not.

    Example: curescore promote cure 2 --data var/newest
    """
    from models.intensity.policy import ESTIMATE
    from training.promotion.gate import load_gate
    from training.promotions import Grounds
    from training.registry import POLICY
    from training.tracking import Tracker

    if name in (POLICY, ESTIMATE):
        remedy = "`curescore policy promote POLICY --data DIR` compares and promotes a policy."
        raise InputError(name, "is promoted as a policy, or with one", remedy)
    if force and not (reason or "").strip():
        remedy = "Say with --reason TEXT why the gate should not count; it is recorded."
        raise InputError("--force", "needs a reason", remedy)
    grounds = Grounds(reason)
    settings, key = load_gate(gate), signing_key(sign_with)
    tracker = Tracker.existing()
    tags, former = tracker.tags(name, version), tracker.champion(name)
    if former == version:
        refuse_champion(name, version, sign_with)
        tell_champion(tracker, name, former, {"promoted": False}, as_json=json)
        return
    challenger = tracker.bundle(f"models:/{name}/{version}")
    signature = signature_of(key, challenger, name)
    verdict = _verdict(tracker, name, (challenger, former), _tables(data, tags), settings)
    moved = verdict.loads and (verdict.passed or force)
    if moved:
        if signature is not None:
            _check_unchanged(signature, signature_of(key, challenger, name))
            tracker.sign(name, version, signature)
        forced = not verdict.passed
        grounds = replace(grounds, forced=forced, checks=verdict.recorded())
        tracker.promote(name, version, grounds, judged_against=former)
    if not json:
        out.print(_checks_table(verdict.checks, _title(verdict, name, version, former)))
        out.print(_outcome(verdict, moved=moved))
    told = {"promoted": moved, "rows": verdict.rows, "checks": verdict.document()}
    tell_champion(tracker, name, former, {"version": version, **told}, as_json=json)
    if not moved:
        raise typer.Exit(REFUSED)


def rollback(name: Name, reason: Reason = None, json: Json = False) -> None:
    """Make the former champion champion again, if it can be served.

    Example: curescore rollback cure --reason "too many complaints since Monday"
    """
    from training.promotion.signing import loadable
    from training.promotions import Grounds
    from training.tracking import Tracker

    grounds = Grounds(reason)  # refuses a reason that is too long, before anything else
    tracker = Tracker.existing()
    former = tracker.champion(name)
    loadable(tracker, name, tracker.former_champion(name))
    tracker.rollback(name, grounds)
    tell_champion(tracker, name, former, {}, as_json=json)


def _check_unchanged(before: "Signature", after: "Signature | None") -> None:
    """InputError where another thing lies there than was judged: that must not be signed."""
    if before != after:
        raise InputError(before.name, "was changed meanwhile", "Give the command again.")


def _verdict(
    tracker: "Tracker",
    name: str,
    versions: tuple[Path, int | None],
    tables: "Tables",
    settings: "GateSettings",
) -> "Verdict":
    """What the gate says of a bundle beside the champion's, None where there is no champion."""
    from training.promotion.challenge import challenge

    challenger, former = versions
    champion = None if former is None else tracker.bundle(f"models:/{name}/{former}")
    with err.status("starting") as status:
        return challenge(
            challenger, champion, tables, settings, lambda what, *_: status.update(what)
        )


def _tables(data: Path | None, tags: dict[str, str]) -> "Tables":
    """The tables named, or those of the training, which must be as they were."""
    from training.promotion.challenge import Tables

    if data is not None:
        return Tables(data)
    folder = tags.get("data_folder")
    if folder is None or not Path(folder).is_dir():
        raise InputError(
            folder or "data_folder",
            "the tables that the version was trained on are not here",
            "Name tables to judge on with --data DIR.",
        )
    return Tables(Path(folder), tags["data_sha256"])


def _title(verdict: "Verdict", name: str, version: int, former: int | None) -> str:
    against = "no champion yet" if former is None else f"against champion version {former}"
    title = f"gate: {name} version {version}, {against}"
    if verdict.rows is None:
        return title
    return f"{title}; {verdict.rows['n']:,} snapshots, statements from {verdict.rows['from']}"


def _checks_table(checks: tuple["Check", ...], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("check", "figure", "bound", "passed"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        figure = check.figure
        shown = f"{figure:.4f}" if isinstance(figure, float) else str(figure)
        table.add_row(check.check, shown, check.bound, "yes" if check.passed else "NO")
    return table


def _outcome(verdict: "Verdict", *, moved: bool) -> str:
    if verdict.passed:
        return "the gate lets it pass"
    if moved:
        return "the gate refuses it; promoted by force, and the reason is recorded"
    if not verdict.loads:
        return "refused: no service could load it, so that force would not help"
    return "refused: the champion stays; --force --reason TEXT goes against the gate"
