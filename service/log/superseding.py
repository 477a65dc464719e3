"""A decision that takes the place of another: recorded in one transaction, and by one only."""

from uuid import UUID

import sqlalchemy as sa

from service.database import assert_durable_connection, wait_briefly
from service.log.idempotency import Claim, claimed
from service.log.inserts import Inserts
from service.log.kinds import superseded_kind
from service.log.records import Entry
from service.tables import SUPERSESSIONS, insert_new


class SupersededError(Exception):
    """Another decision has taken the place already: its id."""

    def __init__(self, successor: UUID) -> None:
        super().__init__(str(successor))
        self.successor = successor


class Superseding:
    """Records successors of decisions in the database of `engine`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._inserts = Inserts(engine)

    def record(self, made: Entry, decision_id: UUID, kind: int, claim: Claim | None) -> bool:
        """Record `made` as the successor of a decision of that kind; on return it is durable.

        False where another request had made the claim before. Raises SupersededError where the
        decision has a successor, and sqlalchemy.exc.SQLAlchemyError or DatabaseError where the
        database does not take it. Nothing is recorded then.
        """
        row = {
            "decision_id": decision_id,
            "kind": superseded_kind(kind),
            "superseded_by": made.decision_id,
        }
        with self._engine.connect() as connection:
            assert_durable_connection(connection)
            connection.rollback()  # the questions have begun a transaction
            with connection.begin() as transaction:
                wait_briefly(connection)
                # Whoever comes with the same key or to the same decision waits for one of these.
                if claim is not None and not claimed(connection, [claim]):
                    transaction.rollback()
                    return False
                connection.execute(insert_new(SUPERSESSIONS, connection.dialect.name), row)
                successor = _successor(connection, decision_id)
                if successor != made.decision_id:
                    transaction.rollback()
                    raise SupersededError(successor)
                self._inserts.put(connection, [made])
        return True


def _successor(connection: sa.Connection, decision_id: UUID) -> UUID:
    columns = SUPERSESSIONS.c
    query = sa.select(columns.superseded_by).where(columns.decision_id == decision_id)
    found: UUID = connection.execute(query).scalar_one()
    return found
