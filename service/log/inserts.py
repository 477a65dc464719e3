"""Decisions into the database, as fast as each can take them."""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.database import driver_of, raised
from service.log.records import Entry
from service.tables import DECISIONS, RULES

Row = tuple[Any, ...]
RuleRow = tuple[str, int, UUID]

_COLUMNS = tuple(column.name for column in DECISIONS.columns)
_RULE_COLUMNS = tuple(column.name for column in RULES.columns)
_VALUES = attrgetter(*_COLUMNS)
_AFTER_ID = attrgetter(*_COLUMNS[1:])


class Inserts:
    """Inserts into the database of `engine`, inside the transaction of the caller.

    Both raise sqlalchemy.exc.DBAPIError where the database does not take the entries; the
    transaction is then to be rolled back.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._sqlite = engine.dialect.name == "sqlite"

    def put(self, connection: sa.Connection, entries: Sequence[Entry]) -> None:
        """Insert what requests decided: on PostgreSQL one statement, on SQLite one a table."""
        if not entries:
            return
        if self._sqlite:
            _by_rows(connection, entries)
            return
        rules = list(zip(*_rule_rows(entries), strict=True)) or [()] * len(_RULE_COLUMNS)
        columns = (*zip(*map(_VALUES, entries), strict=True), *rules)
        connection.exec_driver_sql(_UNNESTED, tuple(map(list, columns)))

    def copy(self, connection: sa.Connection, entries: Sequence[Entry]) -> None:
        """Insert many: by PostgreSQL's COPY."""
        if not entries:
            return
        if self._sqlite:
            _by_rows(connection, entries)
            return
        _copy(connection, DECISIONS, map(_VALUES, entries))
        _copy(connection, RULES, _rule_rows(entries))


def _rule_rows(entries: Iterable[Entry]) -> Iterator[RuleRow]:
    return ((rule, each.kind, each.decision_id) for each in entries for rule in each.rules)


# SQLite


def _placed(table: str, columns: Sequence[str]) -> str:
    places = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # nosec B608  # noqa: S608


_PLACED = _placed(DECISIONS.name, _COLUMNS)
_PLACED_RULES = _placed(RULES.name, _RULE_COLUMNS)


def _by_rows(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    # By the driver's own cursor: for one entry SQLAlchemy's takes four times as long.
    with raised(connection, "INSERT"):
        cursor = driver_of(connection).cursor()
        cursor.executemany(
            _PLACED, [(each.decision_id.bytes, *_AFTER_ID(each)) for each in entries]
        )
        rules = [(rule, kind, each.bytes) for rule, kind, each in _rule_rows(entries)]
        if rules:
            cursor.executemany(_PLACED_RULES, rules)
        cursor.close()


# PostgreSQL


_TYPES: dict[type[Any], str] = {
    sa.Uuid: "uuid",
    sa.BigInteger: "int8",
    sa.Integer: "int4",
    sa.SmallInteger: "int2",
    sa.String: "text",
    sa.LargeBinary: "bytea",
}


def _types(table: sa.Table) -> list[str]:
    """What PostgreSQL calls the type of each column."""
    return [_TYPES[type(column.type)] for column in table.columns]


def _unnested(table: sa.Table) -> str:
    # %b sends an array in binary, so that bytes need not become text.
    arrays = ", ".join(f"%b::{each}[]" for each in _types(table))
    columns = ", ".join(column.name for column in table.columns)
    return f"INSERT INTO {table.name} ({columns}) SELECT * FROM unnest({arrays})"  # nosec B608  # noqa: S608


_UNNESTED = f"WITH decided AS ({_unnested(DECISIONS)}) {_unnested(RULES)}"


def _copy(connection: sa.Connection, table: sa.Table, rows: Iterable[Row]) -> None:
    columns = ", ".join(column.name for column in table.columns)
    with (
        raised(connection, "INSERT"),
        driver_of(connection).cursor() as cursor,
        cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(_types(table))
        for row in rows:
            copy.write_row(row)
