"""Readiness: whether decisions can be made and recorded now, and what keeps them from it."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

import sqlalchemy as sa

from models.generation import Generation
from models.intensity.rules.book import RULES
from models.intensity.rules.version import RULES_VERSION
from service.database import DatabaseError, assert_closed, assert_migrated
from service.log.writer import Lately
from service.served.plans import made_with

KNOWN_SECONDS = 1.0  # what is known of the database counts for so long
FAILED_SECONDS = 10.0  # after a transaction failed: then calls may try again whether it is mended
LOCKED_MILLISECONDS = 1_000
_DAY = 86_400.0
_PRIMARY = 0xFF  # of SQLite's codes: what it is, without its variety
_SQLITE = {
    sqlite3.SQLITE_BUSY: "database is locked",
    sqlite3.SQLITE_READONLY: "database only reads",
}
_CHECKS = {
    assert_migrated: "database tables are not those of this version",
    assert_closed: "recorded decisions can be removed: there is a row in pruning_now",
}


@dataclass(frozen=True, slots=True)
class Prices:
    """The capacity plan in force: its age and for how many days a decision under it holds.

    `fits`: it was made with the models, policy and rules that are served.
    """

    plan: str
    as_of: datetime
    age_days: float
    valid_days: int
    fits: bool

    @property
    def stale(self) -> bool:
        """Whether even the last decision that it planned would no longer be valid."""
        return self.age_days > self.valid_days


class Rules(NamedTuple):
    """How many rules are in force today, and how many begin later."""

    in_force: int
    later: int


class Readiness:
    """What the service finds of itself, asked as often as anybody likes."""

    def __init__(
        self,
        engine: sa.Engine,
        current: Callable[[], Generation],
        lately: Callable[[], Lately],
        clock: Callable[[], datetime],
    ) -> None:
        """`lately` tells how the writer's last transactions went."""
        self._engine = engine
        self._current = current
        self._lately = lately
        self._clock = clock
        self._asking = Lock()
        self._known: tuple[float, str | None] | None = None

    def log(self) -> str | None:
        """Why decisions cannot be recorded; None: they can. Asks the database where it has to."""
        with self._asking:  # many may ask at once, the database is asked once
            if self._known is None or self._outdated(*self._known):
                problem = self._of_log()
                self._known = monotonic(), problem
            return self._known[1]

    def failed(self, log: str | None) -> list[str]:
        """All that keeps decisions from being made or recorded; `log` as told by `log`."""
        problems = [log] if log is not None else []
        if not self._current().bundles:
            problems.append("no model is loaded")
        if not self.rules().in_force:
            problems.append("no rule is in force on this date")
        return problems

    def rules(self) -> Rules:
        """The rules on this day."""
        today = self._clock().astimezone(UTC).date()
        later = sum(r.effective_from is not None and r.effective_from > today for r in RULES)
        return Rules(len(RULES) - later, later)

    def prices(self) -> Prices | None:
        """The capacity plan in force, as of now; None: resources have no prices."""
        generation = self._current()
        if generation.plan is None:
            return None
        terms = generation.plan.terms
        return Prices(
            terms.run_id,
            terms.as_of,
            (self._clock() - terms.as_of).total_seconds() / _DAY,
            generation.policy.valid_days,
            made_with(generation, generation.plan),
        )

    def told(self, log: str | None) -> dict[str, Any]:
        """The log, the rules and the prices, as they are answered."""
        rules, prices = self.rules(), self.prices()
        return {
            "log": {"writable": log is None, "problem": log},
            "rules": {"version": RULES_VERSION, **rules._asdict()},
            "prices": None
            if prices is None
            else {
                "plan": prices.plan,
                "as_of": prices.as_of.isoformat(),
                "age_days": round(prices.age_days, 3),
                "valid_days": prices.valid_days,
                "stale": prices.stale,
                "fits": prices.fits,
            },
        }

    def _outdated(self, known_at: float, problem: str | None) -> bool:
        """Whether it was learned too long ago, or is a problem that a later commit disproves."""
        taken, _ = self._lately()
        mended = problem is not None and taken is not None and taken > known_at
        return mended or monotonic() - known_at > KNOWN_SECONDS

    def _of_log(self) -> str | None:
        try:
            for check, told in _CHECKS.items():
                try:
                    check(self._engine)
                except DatabaseError:
                    return told
            taken, failed = self._lately()
            now = monotonic()
            if failed is not None and failed > (taken or 0.0) and now - failed < FAILED_SECONDS:
                return "database did not take the last decisions"
            if taken is not None and now - taken < KNOWN_SECONDS:
                return None  # it was just written to: no need to stand in the writer's way
            with self._engine.connect() as connection:
                return _unwritable(connection)
        except sa.exc.SQLAlchemyError:
            return "database cannot be reached"


def _unwritable(connection: sa.Connection) -> str | None:
    """Why this connection could write no decision; None: it could. Nothing is written."""
    if connection.dialect.name != "sqlite":
        if connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "on":
            return "database only reads"
        may = connection.exec_driver_sql("SELECT has_table_privilege('decisions', 'INSERT')")
        return None if may.scalar() else "database lets this role record nothing"
    waits = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {LOCKED_MILLISECONDS}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql("DELETE FROM decisions WHERE false")  # the first is no write yet
        connection.exec_driver_sql("ROLLBACK")
    except sa.exc.OperationalError as error:
        code = getattr(error.orig, "sqlite_errorcode", 0) & _PRIMARY
        return _SQLITE.get(code, "database cannot be written to")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {waits}")
    return None
