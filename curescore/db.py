"""`curescore db`: the service's database: its tables, who may do what, copies of it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from curescore.console import Json, err, out, print_json
from curescore.working import working
from features.errors import InputError

if TYPE_CHECKING:
    import sqlalchemy as sa

db_app = typer.Typer(no_args_is_help=True, help="The database of decisions and keys.")

MEGABYTE = 1_000_000


@db_app.callback()
def _group() -> None:
    """Tables are made and changed here, never by the service."""


@db_app.command()
def upgrade(json: Json = False) -> None:
    """Make the tables, or bring them up to this version's; safe to repeat.

    Example: curescore db upgrade
    """
    from service import database
    from service.settings import load_settings

    revision = database.upgrade(load_settings().database)
    _tell_revision(revision, json)


@db_app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="An earlier revision; base for no tables.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it, without being asked.")] = False,
    json: Json = False,
) -> None:
    """Take the tables back to an earlier revision, with the loss that this says first.

    Example: curescore db downgrade 0002
    """
    from service import database
    from service.log.status import losses
    from service.settings import load_settings

    with _engine() as engine:
        steps = losses(engine, revision)
    for step in steps:
        err.print(step, markup=False, soft_wrap=True)
    if not yes:
        if not sys.stdin.isatty():
            raise InputError("--yes", "is needed: this cannot be undone", "Add it, after a backup")
        typer.confirm("Do it?", abort=True, err=True)
    _tell_revision(database.downgrade(load_settings().database, revision), json)


@db_app.command()
def status(json: Json = False) -> None:
    """Show the revision of the tables, whether commits are durable, and how much is in them.

    Example: curescore db status
    """
    from service.log.status import status as status_of

    with _engine() as engine, working() as show:
        show("counting")
        found = status_of(engine)
    if json:
        print_json({**asdict(found), "current": found.revision == found.head})
        return
    current = "current" if found.revision == found.head else "run: curescore db upgrade"
    table = Table("", found.kind, box=None)
    table.add_row("revision", f"{found.revision} of {found.head} ({current})")
    table.add_row("durable", found.not_durable or "yes")
    table.add_row("size", f"{found.size / MEGABYTE:,.1f} MB")
    for name, rows in found.rows.items():
        table.add_row(name, "this role may not read it" if rows is None else f"{rows:,}")
    out.print(table)


@db_app.command()
def grant(
    service: Annotated[str, typer.Option(help="Role of the service: reads and adds.")],
    prune: Annotated[
        str | None, typer.Option(help="Role of curescore prune: reads and removes.")
    ] = None,
    json: Json = False,
) -> None:
    """Give roles of PostgreSQL the rights they need, and no others; safe to repeat.

    Run it as the tables' owner, after each upgrade.

    Example: curescore db grant --service curescore_service --prune curescore_prune
    """
    from service.database import assert_migrated
    from service.log import grants

    roles = {service: grants.SERVICE} | ({prune: grants.PRUNE} if prune else {})
    if service == prune:
        raise InputError("--prune", "is the service's role", "Name another", prune)
    with _engine() as engine:
        if engine.dialect.name == "sqlite":
            problem = "is SQLite's, which has no roles"
            raise InputError("the database", problem, "Set CURESCORE_DATABASE_URL to PostgreSQL's")
        assert_migrated(engine)
        grants.grant(engine, roles)
    if json:
        print_json({"service": service, "prune": prune})
    else:
        out.print(f"granted: {', '.join(roles)}", markup=False)


@db_app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="New file for the copy.")], json: Json = False
) -> None:
    """Copy SQLite's database while it is being used, and check the copy.

    For PostgreSQL use pg_dump.

    Example: curescore db backup /backup/decisions-2025-07-01.db
    """
    from service.log.backup import backup as copy_to
    from service.settings import load_settings

    with working() as show:
        show("copying")
        copy = copy_to(load_settings().database, file)
    if json:
        print_json({"file": str(file), **copy._asdict()})
    else:
        size = f"{copy.size / MEGABYTE:,.1f} MB"
        out.print(f"{file}: {copy.decisions:,} decisions, {size}", markup=False, soft_wrap=True)


@contextmanager
def _engine() -> "Iterator[sa.Engine]":
    from service.database import connect
    from service.settings import load_settings

    engine = connect(load_settings().database)
    try:
        yield engine
    finally:
        engine.dispose()


def _tell_revision(revision: str, json: bool) -> None:
    if json:
        print_json({"revision": revision})
    else:
        out.print(f"the database is at revision {revision}")
