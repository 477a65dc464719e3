"""`curescore replay`: a recorded decision made again."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from curescore.console import Json, out, print_json
from features.errors import InputError

if TYPE_CHECKING:
    from service.replay.replaying import Replay

DIFFERS = 1


def replay(
    decision_id: Annotated[
        str, typer.Argument(metavar="ID", help="The decision_id of a record.", show_default=False)
    ],
    json: Json = False,
) -> None:
    """Make a recorded decision again, of its stored inputs and versions, and compare bit for bit.

    Ends with code 0 where every field is the same, with 1 where one differs or what decided is
    gone. The same is promised within one image: the same version, libraries and time zones.

    Example: curescore replay 01940c58-1d3e-7a32-b3c1-9a1f0d6c2e55
    """
    found = _replayed(_id(decision_id))
    if json:
        print_json(_told(found))
    else:
        _tell(found)
    if not found.identical:
        raise typer.Exit(DIFFERS)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        remedy = "Give the decision_id of a record"
        raise InputError("ID", "is not the id of a decision", remedy, text) from None


def _replayed(decision_id: UUID) -> "Replay":
    from service.database import assert_migrated, connect
    from service.replay.replaying import replay as replayed
    from service.settings import load_settings

    settings = load_settings()
    engine = connect(settings.database)
    try:
        assert_migrated(engine)
        found = replayed(engine, settings, decision_id)
    finally:
        engine.dispose()
    if found is None:
        remedy = (
            "Give the decision_id of a record in the database that CURESCORE_DATABASE_URL names"
        )
        raise InputError("ID", "is that of no recorded decision", remedy, str(decision_id))
    return found


def _told(found: "Replay") -> dict[str, Any]:
    """The replay for machines; without the account, which is personal."""
    record, result = found.record, found.compared
    return {
        "decision_id": record["decision_id"],
        "identical": found.identical,
        "fields": result.fields,
        "contributions": result.contributions,
        "differences": [each._asdict() for each in result.differences],
        "as_of": record["as_of"],
        "decided_at": record["decided_at"],
        "actor": record["actor"],
        "target": record["score"]["target"],
        "probability": record["score"]["probability"],
        "level": record["intensity"]["level"],
        "versions": record["versions"],
    }


def _tell(found: "Replay") -> None:
    told = _told(found)
    score, intensity = found.record["score"], found.record["intensity"]
    lines = [
        f"decision {told['decision_id']}, as of {told['as_of']}, by {told['actor']}",
        f"level {intensity['level']} {intensity['name']}, arm {intensity['arm']}; probability of "
        f"{score['target']} {score['probability']:.6f} (log-odds {score['log_odds']:.6f})",
        ", ".join(f"{name} {value}" for name, value in told["versions"].items() if value),
    ]
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    counts = f"{told['fields']} fields, {told['contributions']} contributions"
    if found.identical:
        out.print(f"identical: {counts}", highlight=False)
        return
    table = Table(title=f"{len(told['differences'])} differ, of {counts}")
    for heading in ("field", "stored", "replayed"):
        table.add_column(heading, overflow="fold")
    for each in found.compared.differences:
        table.add_row(each.field, repr(each.stored), repr(each.replayed))
    out.print(table)
