"""`curescore keys`: who may call the service."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from curescore.console import Json, err, out, print_json
from features.errors import InputError

if TYPE_CHECKING:
    from service.security.keys import Keys

keys_app = typer.Typer(no_args_is_help=True, help="Keys of those who call the service.")

NAME_LENGTH = 64
MOST_DAYS = 36_500
MOST_PER_SECOND = 1_000_000


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
    expires: Annotated[
        str | None,
        typer.Option(help="When it ends: after so many days (90d), or a date, at 00:00 UTC."),
    ] = None,
    rate: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST_PER_SECOND, help="Calls a second; left out, as the service is set."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Make a key and print it, this once: only its SHA-256 is kept.

    Example: curescore keys add strategy --scope score --expires 90d
    """
    _check(name)
    expires_at = None if expires is None else _instant(expires)
    with _keys() as keys:
        try:
            token = keys.add(name, scope.value, expires_at, rate)
        except ValueError:
            raise InputError(
                "NAME", "is that of another key", "Choose a name that no key ever had", name
            ) from None
    if json:
        ends = None if expires_at is None else expires_at.isoformat()
        print_json({"name": name, "scope": scope.value, "key": token, "expires_at": ends})
    else:
        out.print(f"{token}\n", markup=False, soft_wrap=True)
        out.print("Keep it safe: it is not shown again.")
    if expires_at is None:
        err.print("note: this key never expires; --expires 90d would end it by itself")


@keys_app.command(name="list")
def list_keys(json: Json = False) -> None:
    """List all keys, ended ones too; never the keys themselves.

    Example: curescore keys list
    """
    with _keys() as keys:
        every = keys.every()
    if json:
        print_json([asdict(key) for key in every])
        return
    table = Table("name", "scope", "state", "made", "expires", "last used", "calls/s")
    for key in every:
        rate = str(key.requests_per_second or "")
        instants = map(_minute, (key.created_at, key.expires_at, key.last_used_at))
        table.add_row(escape(key.name), key.scope, key.state, *instants, rate)
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


def _instant(expires: str) -> datetime:
    """When a key ends that was made with this --expires."""
    now = datetime.now(UTC)
    try:
        if found := re.fullmatch(r"([0-9]{1,5})d", expires):
            days = int(found[1])
            ends = now + timedelta(days=days) if 0 < days <= MOST_DAYS else now
        else:
            ends = datetime.combine(date.fromisoformat(expires), time(), UTC)
    except ValueError:
        problem = "is neither a number of days nor a date"
    else:
        if ends > now:
            return ends
        problem = "is not in the future"
    raise InputError("--expires", problem, f"Use 90d, 1 to {MOST_DAYS} days, or a date", expires)


def _minute(instant: str | None) -> str:
    return "" if instant is None else f"{instant[:10]} {instant[11:16]}Z"


def _check(name: str) -> None:
    from service.log.nights import ACTOR
    from service.security.callers import LOCAL

    if not name.isprintable() or not name.strip() or len(name) > NAME_LENGTH:
        remedy = f"Use 1 to {NAME_LENGTH} printable characters, not blanks alone"
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
    from service.security.keys import Keys
    from service.settings import load_settings

    engine = connect(load_settings().database)
    assert_migrated(engine)
    yield Keys(engine)
    engine.dispose()
