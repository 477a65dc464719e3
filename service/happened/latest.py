"""The latest versions of events, asked for in the driver's own words.

For a decision SQLAlchemy's words take ten times as long as its answer.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from service.bodies.happened import EventKind
from service.database import IN_TIME, driver_of, raised
from service.instants import microseconds
from service.tables import EVENTS

_columns = EVENTS.c


class Row(NamedTuple):
    """The latest version of a stored event."""

    kind: EventKind
    event_id: str
    account_id: str
    debtor_id: str | None
    at: int
    recorded_at: int
    body: bytes


class Latest:
    """What asks the database of `engine`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._sqlite = engine.dialect.name == "sqlite"
        of_accounts = _latest(self._among("account_id", "accounts"))
        of_debtors = _latest(
            _columns.kind == sa.literal_column("'contact'"),
            self._among("debtor_id", "debtors"),
            _columns.at >= sa.bindparam("since"),
        )
        kind: Any = type(engine.dialect)
        dialect = kind(paramstyle="named" if self._sqlite else "pyformat")
        self._of_accounts = str(of_accounts.compile(dialect=dialect))
        self._of_debtors = str(of_accounts.union(of_debtors).compile(dialect=dialect))

    def of_accounts(
        self,
        connection: sa.Connection,
        accounts: Collection[str],
        debtors: Collection[str],
        since: datetime,
        until: datetime,
    ) -> list[Row]:
        """As `Happened.of_accounts`, by one statement on a connection that commits by itself."""
        statement = self._of_debtors if debtors else self._of_accounts
        given = {
            "accounts": self._list(accounts),
            "debtors": self._list(debtors),
            "since": microseconds(since),
            "until": microseconds(until),
        }
        with raised(connection, "SELECT"):
            driver = driver_of(connection)
            if self._sqlite:
                found = driver.execute(statement, given).fetchall()
            else:
                found = driver.execute(statement, given, prepare=True, binary=True).fetchall()
        rows = [Row(*each) for each in found]
        rows.sort(key=lambda row: (row.at, row.recorded_at, row.event_id))
        return rows

    def _among(self, column: str, name: str) -> sa.ColumnElement[bool]:
        """Whether a column's value is in a list, however long, that is one parameter."""
        if self._sqlite:
            listed = sa.func.json_each(sa.bindparam(name)).table_valued("value")
            return _columns[column].in_(sa.select(listed.c.value))
        texts = postgresql.ARRAY(sa.Text)
        return _columns[column] == sa.any_(sa.bindparam(name, type_=texts))

    def _list(self, values: Collection[str]) -> list[str] | str:
        return msgspec.json.encode(list(values)).decode() if self._sqlite else list(values)


class Line:
    """A connection that is kept for reading, by one thread at a time.

    It is made when it is first needed, and anew after an error.
    """

    def __init__(self, engine: sa.Engine, latest: Latest) -> None:
        self._engine = engine
        self._latest = latest
        self._connection: sa.Connection | None = None

    def of_accounts(
        self,
        accounts: Collection[str],
        debtors: Collection[str] = (),
        *,
        since: datetime,
        until: datetime,
    ) -> list[Row]:
        """As `Happened.of_accounts`."""
        try:
            return self._latest.of_accounts(self._connected(), accounts, debtors, since, until)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection up; whoever reads by it later gets another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()  # nobody else shall get one that had an error
            connection.close()

    def _connected(self) -> sa.Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            self._connection.execution_options(isolation_level="AUTOCOMMIT")
            if self._engine.dialect.name == "postgresql":
                self._connection.exec_driver_sql(IN_TIME)
        return self._connection


def _latest(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The latest versions of what meets these conditions and was until then."""
    later = EVENTS.alias("later")
    same = (later.c.kind == _columns.kind) & (later.c.event_id == _columns.event_id)
    corrected = sa.exists().where(same, later.c.version > _columns.version)
    shown = [_columns[name] for name in Row._fields]
    return sa.select(*shown).where(*conditions, _columns.at <= sa.bindparam("until"), ~corrected)
