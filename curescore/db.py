"""`curescore db`: the tables of the service's database."""

import typer

from curescore.console import Json, out, print_json

db_app = typer.Typer(no_args_is_help=True, help="The database of decisions and keys.")


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
    if json:
        print_json({"revision": revision})
    else:
        out.print(f"the database is at revision {revision}")
