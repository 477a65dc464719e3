"""What happened, in the database: each contact, payment and outcome by its sender's own id."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from service.bodies.between import Path
from service.bodies.happened import EventKind
from service.database import wait_briefly
from service.errors import FieldError, ProblemError, pointer, shown, unavailable
from service.happened.latest import Latest, Line, Row
from service.instants import microseconds
from service.tables import EVENTS, insert_new

ATTEMPTS = 20  # each that fails, another's has succeeded

_columns = EVENTS.c


class Event(NamedTuple):
    """One event as it is told, and the path that leads to it in what was sent.

    `body` is the row of its table as compact JSON, without nulls: what it says is the content of
    the event, with `debtor_id`. `at` is stored as service.tables says.
    """

    event_id: str
    account_id: str
    debtor_id: str | None
    at: int
    body: bytes
    place: Path


class Recorded(NamedTuple):
    """What became of the events of a request."""

    received: int
    new: int
    corrected: int
    known: int


class Happened:
    """The events in the database of `engine`: versions are added, and none is ever changed."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._latest = Latest(engine)

    @property
    def reads_in_place(self) -> bool:
        """Whether reading waits for nobody: SQLite's readers do not wait for those who write."""
        return self._engine.dialect.name == "sqlite"

    def line(self) -> Line:
        """What reads by a connection that it keeps."""
        return Line(self._engine, self._latest)

    def record(
        self, kind: EventKind, events: Sequence[Event], actor: str, at: datetime
    ) -> Recorded:
        """Store what is new of these events, whose ids differ, all or nothing; durable on return.

        An event is known where any version of its id has its content: what was corrected since
        is not taken back by an older version that arrives late.

        Raises ProblemError `event-of-another-account`; sqlalchemy.exc.SQLAlchemyError.
        """
        for _ in range(ATTEMPTS):
            with self._engine.connect() as connection:
                wait_briefly(connection)
                recorded = put(connection, kind, events, actor, at)
                if recorded is not None:
                    connection.commit()
                    return recorded
        raise unavailable("The same events were being recorded by others. Send them again later.")

    def of_accounts(
        self,
        accounts: Collection[str],
        debtors: Collection[str] = (),
        *,
        since: datetime,
        until: datetime,
    ) -> list[Row]:
        """The latest versions of all events of these accounts up to `until`, oldest first.

        With them the contacts from `since` to `until` with these debtors, on any account.
        """
        with self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            return self._latest.of_accounts(connection, accounts, debtors, since, until)


def put(
    connection: sa.Connection, kind: EventKind, events: Sequence[Event], actor: str, at: datetime
) -> Recorded | None:
    """As `Happened.record`, within the caller's transaction.

    None where another request was first: the transaction is then to be rolled back.
    """
    stored = _versions(connection, kind, [event.event_id for event in events])
    _require_own(kind, events, stored)
    rows = _new_rows(events, stored)
    told = {"kind": kind, "recorded_at": microseconds(at), "actor": actor}
    if not _inserted(connection, [row | told for row in rows]):
        return None
    new = sum(row["version"] == 0 for row in rows)
    return Recorded(len(events), new, len(rows) - new, len(events) - len(rows))


def _versions(
    connection: sa.Connection, kind: EventKind, event_ids: Sequence[str]
) -> dict[str, list[Any]]:
    """What is stored under these ids, each by its versions."""
    query = (
        sa.select(
            _columns.event_id,
            _columns.version,
            _columns.account_id,
            _columns.debtor_id,
            _columns.body,
        )
        .where(_columns.kind == kind, _columns.event_id.in_(event_ids))
        .order_by(_columns.event_id, _columns.version)
    )
    stored: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        stored.setdefault(row.event_id, []).append(row)
    return stored


def _require_own(
    kind: EventKind, events: Sequence[Event], stored: Mapping[str, Sequence[Any]]
) -> None:
    name = f"{kind}_id"
    errors = [
        FieldError(
            pointer((*event.place, name)),
            f"is that of {kind} of another account",
            f"Send the {name} that the {kind} had, with its account, or one of its own.",
            shown(event.event_id),
        )
        for event in events
        if any(version.account_id != event.account_id for version in stored.get(event.event_id, ()))
    ]
    if errors:
        raise ProblemError("event-of-another-account", "Nothing was recorded.", errors)


def _new_rows(events: Sequence[Event], stored: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """The rows of what no version says yet."""
    rows = []
    for event in events:
        versions = stored.get(event.event_id, ())
        if all((each.debtor_id, each.body) != (event.debtor_id, event.body) for each in versions):
            row = event._asdict() | {"version": versions[-1].version + 1 if versions else 0}
            del row["place"]
            rows.append(row)
    # In one order, so that two requests wait for each other in turn rather than both at once.
    return sorted(rows, key=lambda row: str(row["event_id"]))


def _inserted(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> bool:
    """Whether all rows were new; where another request was first, some were not."""
    if not rows:
        return True
    insert = insert_new(EVENTS, connection.dialect.name).returning(_columns.event_id)
    return len(connection.execute(insert, list(rows)).all()) == len(rows)
