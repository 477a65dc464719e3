"""One writer per process: what many requests decided shares a transaction and a flush."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from logging import getLogger
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic, perf_counter
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from service.database import IN_TIME, DatabaseError, assert_durable_connection
from service.log.idempotency import Claim, claimed
from service.log.records import Entry
from service.numbers import Numbers

_LOGGER = getLogger(__name__)

ROWS = 1_000  # of a group of single decisions: no more share a flush
ALONE = 100  # a job of more rows is a group of its own: single ones wait for one, not for two
CLOSE_SECONDS = 8.0

Put = Callable[[sa.Connection, Sequence[Entry]], None]
Outcome = bool | Exception


class UnrecordedError(Exception):
    """The database did not take the decisions: out of reach, locked by others, or full."""


@dataclass(slots=True, eq=False)
class Job:
    """What has to be recorded before one request is answered.

    `recorded` becomes True once it is durable, and False where another request had made the
    claim before: then nothing of the job is recorded. `made` is when, by time.perf_counter.
    """

    entries: Sequence[Entry]
    claim: Claim | None
    recorded: asyncio.Future[bool]
    made: float = field(default_factory=perf_counter)


class Lately(NamedTuple):
    """When a transaction was last taken, and last not, by time.monotonic; None: none yet."""

    taken: float | None
    failed: float | None


class Writer:
    """A thread with a connection of its own, that records whatever is handed to it.

    All that waits is one transaction, as far as ROWS allow. The connection is made by what
    comes to be recorded, and anew after an error: a database that is back needs no restart.
    """

    def __init__(self, engine: sa.Engine, put: Put, numbers: Numbers) -> None:
        """`put` inserts entries: on PostgreSQL by one statement, a transaction in itself."""
        self._engine = engine
        self._put = put
        self._numbers = numbers
        # Where a statement can be all there is, it takes one round trip instead of three.
        self._autocommit = engine.dialect.name == "postgresql"
        self._queue: SimpleQueue[Sequence[Job] | None] = SimpleQueue()
        self._thread: Thread | None = None
        # The thread's own: what it took from the queue, and its connection.
        self._single: deque[Job] = deque()
        self._batches: deque[Job] = deque()
        self._connection: sa.Connection | None = None
        self._failing = False
        self._lately = Lately(None, None)

    @property
    def lately(self) -> Lately:
        """How the last transactions went."""
        return self._lately

    def start(self) -> None:
        """Begin to record what is handed over."""
        self._thread = Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End when all that was handed over is recorded, or CLOSE_SECONDS have passed."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(CLOSE_SECONDS)
            self._thread = None

    def write(self, jobs: Sequence[Job]) -> None:
        """Hand over jobs; the future of each tells, in its own loop, what became of it."""
        if jobs:
            self._queue.put(jobs)

    def _run(self) -> None:
        going_on, batch_next = True, False
        while going_on or self._single or self._batches:
            going_on = self._take(wait=not (self._single or self._batches)) and going_on
            if self._batches and (batch_next or not self._single):
                self._record([self._batches.popleft()])
            elif self._single:
                self._record(self._some())
            batch_next = not batch_next
            left = len(self._single) + len(self._batches) + self._queue.qsize()
            self._numbers.commits.waiting(left)
        self._disconnect()

    def _take(self, *, wait: bool) -> bool:
        """Take all that is queued, for which one may `wait`; False where the end is among it."""
        going_on = True
        try:
            while True:
                jobs = self._queue.get(block=wait)
                wait = False
                if jobs is None:
                    going_on = False
                for job in jobs or ():
                    (self._batches if len(job.entries) > ALONE else self._single).append(job)
        except Empty:
            return going_on

    def _some(self) -> list[Job]:
        """The jobs that have waited longest, as many as a group may have rows for."""
        group, rows = [], 0
        while self._single and rows < ROWS:
            group.append(self._single.popleft())
            rows += len(group[-1].entries)
        return group

    def _record(self, group: list[Job]) -> None:
        began = perf_counter()
        try:
            outcomes: list[Outcome] = self._in_one_transaction(group)
        except Exception as error:  # noqa: BLE001 (whatever it is, somebody waits to be told)
            self._disconnect()
            self._numbers.commits.failed()
            if _is_outage(error):
                # Those who came meanwhile have waited too; each group would wait as long again.
                self._take(wait=False)
                group += [*self._single, *self._batches]
                self._single.clear()
                self._batches.clear()
                self._note_outage(error)
                outcomes = [UnrecordedError()] * len(group)
            elif len(group) > 1:  # only who is to blame shall fail
                for job in group:
                    self._record([job])
                return
            else:
                _LOGGER.error("a decision cannot be recorded: %s", _told(error))
                outcomes = [error]
        else:
            self._note_success(group, began)
        _tell(group, outcomes)

    def _in_one_transaction(self, group: Sequence[Job]) -> list[Outcome]:
        connection = self._connected()
        claims = [job.claim for job in group if job.claim is not None]
        with connection.begin():
            if claims and self._autocommit:
                connection.exec_driver_sql("BEGIN")
            won = claimed(connection, claims) if claims else set()
            kept = [job.claim is None or job.claim.key.place in won for job in group]
            entries = [
                entry
                for job, keep in zip(group, kept, strict=True)
                if keep
                for entry in job.entries
            ]
            if entries:
                self._put(connection, entries)
        return list(kept)

    def _note_outage(self, error: Exception) -> None:
        if not self._failing:  # once, not for each request that comes meanwhile
            _LOGGER.error("decisions cannot be recorded: %s", _told(error))
        self._failing = True
        self._lately = self._lately._replace(failed=monotonic())

    def _note_success(self, group: Sequence[Job], began: float) -> None:
        if self._failing:
            _LOGGER.info("decisions are recorded again")
        self._failing = False
        self._lately = self._lately._replace(taken=monotonic())
        now = perf_counter()
        self._numbers.commits.recorded(sum(len(job.entries) for job in group), now - began)
        self._numbers.spent("write", now - min(job.made for job in group))

    def _connected(self) -> sa.Connection:
        if self._connection is None:
            connection = self._engine.connect()
            try:
                if self._autocommit:
                    connection = connection.execution_options(isolation_level="AUTOCOMMIT")
                    connection.exec_driver_sql(IN_TIME)
                assert_durable_connection(connection)
                connection.rollback()  # the questions have begun a transaction
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()  # nobody else shall get one that had an error
            connection.close()


def _is_outage(error: Exception) -> bool:
    """Whether the database could not do it now, for whomever: it may lack a right or a table."""
    to_blame = isinstance(error, DataError | IntegrityError)
    return not to_blame and isinstance(error, DBAPIError | PoolTimeoutError | DatabaseError)


def _told(error: Exception) -> str:
    """The first line of what a database said: those after it may hold what was to be recorded."""
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {str(cause).partition(chr(10))[0]}"


def _tell(group: Sequence[Job], outcomes: Sequence[Outcome]) -> None:
    """Wake the loop once for all the jobs of a group."""
    told = zip((job.recorded for job in group), outcomes, strict=True)
    for loop, futures in groupby(told, key=lambda each: each[0].get_loop()):
        try:
            loop.call_soon_threadsafe(_resolve, list(futures))
        except RuntimeError:  # the loop has ended, and with it whoever waited
            _LOGGER.warning("some who waited for their decisions went away")


def _resolve(told: Sequence[tuple[asyncio.Future[bool], Outcome]]) -> None:
    for future, outcome in told:
        if future.done():  # cancelled
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
