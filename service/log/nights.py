"""Decisions of nightly runs in the decision log: loaded in bulk, each piece whole and once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from service.instants import microseconds
from service.log.inserts import Inserts
from service.log.records import Entry
from service.tables import RECORDED_CHUNKS

ACTOR = "nightly"  # whom the records of runs name as the one who decided
PATIENCE = 60  # seconds that a piece waits for other writers of a SQLite database


class Nights:
    """Runs recorded in the database of `engine`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._inserts = Inserts(engine)

    def recorded(self, run: UUID, first: int = 0) -> dict[int, int]:
        """The pieces of the run, from the number `first` on, that are recorded: their decisions."""
        columns = RECORDED_CHUNKS.c
        query = sa.select(columns.chunk, columns.decisions).where(
            columns.run_id == run, columns.chunk >= first
        )
        with self._engine.connect() as connection:
            return {row.chunk: row.decisions for row in connection.execute(query)}

    def record(self, run: UUID, piece: int, entries: Sequence[Entry]) -> bool:
        """Record the piece in one transaction; False where it was recorded before.

        On return it is durable. Raises sqlalchemy.exc.SQLAlchemyError where it is not.
        """
        insert = sqlite.insert if self._engine.dialect.name == "sqlite" else postgresql.insert
        mark = insert(RECORDED_CHUNKS).values(
            run_id=run,
            chunk=piece,
            decisions=len(entries),
            recorded_at=microseconds(datetime.now(UTC)),
        )
        with self._engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {1000 * PATIENCE}")
            # The mark first: whoever records the same piece at the same time waits for it here.
            made = mark.on_conflict_do_nothing().returning(RECORDED_CHUNKS.c.chunk)
            if connection.execute(made).first() is None:
                return False
            self._inserts.copy(connection, entries)
        return True
