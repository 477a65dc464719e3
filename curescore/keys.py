"""`curescore keys`: who may call the service."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from curescore.console import Json, out, print_json
from features.errors import InputError

if TYPE_CHECKING:
    from service.security import Keys

keys_app = typer.Typer(no_args_is_help=True, help="Keys of those who call the service.")

NAME_LENGTH = 64


class ScopeName(StrEnum):
    """What a key is for: to decide, to read and review, or everything."""

    score = "score"
    review = "review"
    admin = "admin"


Name = Annotated[str, typer.Argument(help="Who holds the key; shown in every record.")]


@keys_app.command()
def add(
    name: Name,
    scope: Annotated[ScopeName, typer.Option(help="What the key may do.")],
    json: Json = False,
) -> None:
    """Make a key and print it, this once: only its SHA-256 is kept.

    Example: curescore keys add strategy --scope score
    """
    _check(name)
    with _keys() as keys:
        try:
            token = keys.add(name, scope.value)
        except ValueError:
            raise InputError(
                "NAME", "is that of another key", "Choose a name that no key ever had", name
            ) from None
    if json:
        print_json({"name": name, "scope": scope.value, "key": token})
    else:
        out.print(f"{token}\n", markup=False, soft_wrap=True)
        out.print("Keep it safe: it is not shown again.")


@keys_app.command(name="list")
def list_keys(json: Json = False) -> None:
    """List all keys, revoked ones too; never the keys themselves.

    Example: curescore keys list
    """
    with _keys() as keys:
        every = keys.every()
    if json:
        print_json([asdict(key) for key in every])
        return
    table = Table("name", "scope", "made", "revoked")
    for key in every:
        table.add_row(key.name, key.scope, key.created_at, key.revoked_at or "")
    out.print(table)


@keys_app.command()
def revoke(name: Name, json: Json = False) -> None:
    """End a key's life: within a second it is refused.

    Example: curescore keys revoke strategy
    """
    with _keys() as keys:
        try:
            keys.revoke(name)
        except LookupError:
            raise InputError(
                "NAME", "is not that of a live key", "See curescore keys list", name
            ) from None
    if json:
        print_json({"name": name, "revoked": True})
    else:
        out.print(f"revoked: {name}", markup=False)


def _check(name: str) -> None:
    from service.log.nights import ACTOR
    from service.security import LOCAL

    if not name.isprintable() or not 0 < len(name) <= NAME_LENGTH:
        remedy = f"Use 1 to {NAME_LENGTH} printable characters"
        raise InputError("NAME", "is not a name for a key", remedy, name)
    if name.casefold() == LOCAL.name:
        problem = "is what records call everyone where CURESCORE_AUTH is off"
        raise InputError("NAME", problem, "Choose another name", name)
    if name.casefold() == ACTOR:
        problem = "is what records call the nightly run"
        raise InputError("NAME", problem, "Choose another name", name)


@contextmanager
def _keys() -> "Iterator[Keys]":
    from service.database import assert_migrated, connect
    from service.security import Keys
    from service.settings import load_settings

    engine = connect(load_settings().database)
    assert_migrated(engine)
    yield Keys(engine)
    engine.dispose()
