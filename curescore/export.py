"""`curescore export`: what the service saw, written back as tables."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from curescore.console import Json, out, print_json
from curescore.working import unwound_by_sigterm, working
from features.errors import InputError

if TYPE_CHECKING:
    from service.log.exported import Window


def export(
    folder: Annotated[
        Path, typer.Option("--out", help="New folder for the tables.", show_default=False)
    ],
    start: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day (UTC) of decisions."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(
            "--until", formats=["%Y-%m-%d"], help="Last day (UTC) of decisions and events."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Write decisions, and all that was sent with them and after them, as tables to train on.

    The service may go on meanwhile: the tables are of one instant. The folder appears when it is
    whole.

    Example: curescore export --out var/seen --from 2026-01-01
    """
    from curescore.exporting.run import export as run
    from service.database import assert_migrated, connect
    from service.settings import load_settings

    window = _window(start, until)
    engine = connect(load_settings().database)
    try:
        assert_migrated(engine)
        with unwound_by_sigterm(), working() as show:
            show("counting")
            manifest = run(engine, folder, window, show)
    finally:
        engine.dispose()
    if json:
        print_json({**manifest, "out": str(folder)})
    else:
        _tell(manifest, folder)


def _window(start: datetime | None, until: datetime | None) -> "Window":
    """Whole days of UTC, the last one included."""
    from service.log.exported import Window

    if start is not None and until is not None and start > until:
        remedy = "Put the earlier day first"
        raise InputError("--from", "is after --until", remedy, f"{start:%Y-%m-%d}")
    return Window(
        start and start.replace(tzinfo=UTC),
        until and until.replace(tzinfo=UTC) + timedelta(days=1),
    )


def _tell(manifest: dict[str, Any], folder: Path) -> None:
    table = Table("table", box=None)
    table.add_column("rows", justify="right")
    for name, rows in manifest["rows"].items():
        table.add_row(name, f"{rows:,}")
    out.print(table)
    for what, part in (("left out", "left_out"), ("a column left empty", "changed")):
        told = ", ".join(f"{n:,} {why.replace('_', ' ')}" for why, n in manifest[part].items())
        if told:
            out.print(f"{what}: {told}", soft_wrap=True)
    out.print(f"tables: {folder}", markup=False, soft_wrap=True)
    out.print(f"next: curescore train --data {folder}", markup=False, soft_wrap=True)
