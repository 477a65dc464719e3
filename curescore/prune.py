"""`curescore prune`: what inactive accounts left behind."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from curescore.console import Json, err, out, print_json
from curescore.person import actor
from curescore.working import working
from features.errors import InputError

if TYPE_CHECKING:
    import sqlalchemy as sa

    from service.log.pruning import Prunable, Pruned

MEGABYTE = 1_000_000


def prune(
    inactive_since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Accounts whose last decision and event are older than 00:00 UTC of this day.",
            show_default=False,
        ),
    ] = None,
    older_than: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10_000,
            metavar="DAYS",
            help="The same, as days before today.",
            show_default=False,
        ),
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Remove them; else only count.")] = False,
    expect: Annotated[
        int | None,
        typer.Option(
            min=0, help="The decisions that the count has shown; else asks.", show_default=False
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Remove what accounts left that nothing has been decided on, or told of, for long.

    An account with a newer decision, event or visit keeps all of them. Without --apply nothing is
    removed. Uses CURESCORE_PRUNE_URL, the database under a role that may prune, where it is set.

    Example: curescore prune --inactive-since 2019-07-01 --apply --expect 18250
    """
    from service.database import assert_migrated, connect
    from service.log.pruning import prunable
    from service.settings import load_settings

    before = _before(inactive_since, older_than)
    engine = connect(load_settings().pruning_database)
    try:
        assert_migrated(engine)
        with working() as show:
            show("counting")
            found = prunable(engine, before)
        if apply:
            _require_expected(found, before, expect)
            _tell_pruned(_apply(engine, before, found), before, json)
        else:
            _tell(found, before, json)
    finally:
        engine.dispose()


def _before(day: datetime | None, days: int | None) -> datetime:
    if (day is None) == (days is None):
        problem = "needs one of the two: which accounts are inactive"
        raise InputError("--inactive-since or --older-than", problem, "Give one of them")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    before = day.replace(tzinfo=UTC) if day is not None else today - timedelta(days=days or 0)
    if before > today:
        remedy = "Name a day that has begun"
        raise InputError("--inactive-since", "lies ahead", remedy, f"{before:%Y-%m-%d}")
    return before


def _require_expected(found: "Prunable", before: datetime, expect: int | None) -> None:
    """Go on only if the number of decisions is the one expected, or somebody says yes to it."""
    if expect is None:
        if not sys.stdin.isatty():
            remedy = f"Look at the count, then add --expect {found.decisions}"
            raise InputError("--expect", "is needed with --apply", remedy)
        err.print(_table(found, before))
        typer.confirm("Remove these for good?", abort=True, err=True)
    elif expect != found.decisions:
        problem = f"is not what there is: {found.decisions} decisions"
        raise InputError("--expect", problem, "Count again without --apply", expect)


def _apply(engine: "sa.Engine", before: datetime, found: "Prunable") -> "Pruned":
    from service.log.pruning import prune as remove

    with working() as show:
        return remove(
            engine, before, actor(), lambda sum: show("removing", sum.decisions, found.decisions)
        )


def _tell(found: "Prunable", before: datetime, json: bool) -> None:
    if json:
        print_json({"inactive_since": before.isoformat(), "applied": False, **asdict(found)})
        return
    out.print(_table(found, before))
    out.print(f"Nothing was removed. To remove them: --apply --expect {found.decisions}")


def _table(found: "Prunable", before: datetime) -> Table:
    table = Table("", f"inactive since {before:%Y-%m-%d}", box=None)
    table.add_row("accounts", f"{found.accounts:,}")
    table.add_row("decisions", f"{found.decisions:,}")
    if found.oldest and found.newest:
        table.add_row("decided", f"{found.oldest:%Y-%m-%d} to {found.newest:%Y-%m-%d}")
    table.add_row("binding rules", f"{found.rules:,}")
    table.add_row("records and inputs", f"about {found.size / MEGABYTE:,.1f} MB")
    table.add_row("events, steps of visits", f"{found.events:,}")
    table.add_row("old idempotency keys", f"{found.keys:,}")
    return table


def _tell_pruned(pruned: "Pruned", before: datetime, json: bool) -> None:
    if json:
        print_json({"inactive_since": before.isoformat(), "applied": True, **asdict(pruned)})
        return
    out.print(
        f"removed {pruned.decisions:,} decisions and {pruned.events:,} events of "
        f"{pruned.accounts:,} accounts, and {pruned.keys:,} idempotency keys"
    )
