"""Decides for many callers at once, and has it recorded before any is answered.

Bodies that arrive together are decided as one panel, on the event loop: together they cost far
less than one by one. What is large is decided by a thread, in slices, so that it delays the
others by a slice at most.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from logging import getLogger
from typing import Any, NamedTuple, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from models.generation import Generation
from service.bodies.decoding import Item as BodyItem
from service.bodies.decoding import decode_batch, decode_decision
from service.errors import ProblemError, failed, unavailable
from service.log.generations import Generations
from service.log.idempotency import Item, Key, claim
from service.log.records import Entry, Record
from service.log.writer import Job, UnrecordedError, Writer
from service.scoring import Made, Numbered, Question, Scoring

_LOGGER = getLogger(__name__)

PANEL = 32  # bodies that are decided at once: the loop does nothing else meanwhile
WORTHWHILE = 16  # bodies that are decided while others are being written
ROUNDS = 6  # of the loop, in which those who come together are waited for
SLICE = 64  # the same, of those in a batch
LATE_SECONDS = 10.0  # a database that does not even say that it cannot, is not waited for
PART = 250  # decisions of a batch that are written at once: single ones are written in between

Result = TypeVar("Result")


class Asked(NamedTuple):
    """One request: its body, who sent it, and the key it came with, if any."""

    content: bytes
    actor: str
    key: Key | None


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item of a batch: its record, or the problem with it as answered."""

    index: int
    request_id: str | None
    record: Record | None
    problem: dict[str, Any] | None


class Batch(NamedTuple):
    """What became of a batch: its decisions, and of each item what it is and how it is shown."""

    entries: list[Entry]
    items: list[Item]
    results: list[bytes]


@dataclass(slots=True, eq=False)
class _Waiting:
    """A request that is decided with others; its `answer` counts once it is `recorded`."""

    asked: Asked
    show: Callable[[Record], bytes]
    recorded: asyncio.Future[bool]
    answer: bytes | ProblemError | None = None
    handed_over: bool = False  # to the writer

    def answer_with(self, record: Record) -> None:
        """Make the answer; where that fails, only this request does."""
        try:
            self.answer = self.show(record)
        except Exception:
            _LOGGER.exception("a decision cannot be shown")
            self.answer = failed()


class Deciding:
    """From bodies to recorded decisions, for all requests of one event loop."""

    def __init__(
        self,
        scoring: Scoring,
        current: Callable[[], Generation],
        generations: Generations,
        writer: Writer,
        grouped: Callable[[float], None],
    ) -> None:
        """`grouped` is told of each panel how many requests it decides."""
        self._grouped = grouped
        self._scoring = scoring
        self._current = current
        self._generations = generations
        self._writer = writer
        self._by: Numbered | None = None
        self._waiting: deque[_Waiting] = deque()
        self._unwritten = 0  # of those decided together, handed over and not told of yet
        self._called = False  # the loop will decide those who wait
        self._rounds = 0  # that it has waited for more of them
        self._crowd = 0  # requests that were here at once of late
        self._inside = self._most = 0  # those that are here, and were at once since the last panel
        self._following: asyncio.Task[None] | None = None  # kept: the loop holds no task
        self._threads: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Be ready for large bodies too."""
        self._threads = ThreadPoolExecutor(1, "deciding")

    async def one(self, asked: Asked, show: Callable[[Record], bytes]) -> bytes | None:
        """The recorded decision of a body, as `show` makes it.

        None where another request had its key before.

        Raises ProblemError where there can be no decision, or it cannot be recorded now.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(asked, show, loop.create_future())
        self._waiting.append(waiting)
        self._inside += 1
        self._most = max(self._most, self._inside)
        self._go_on(loop)
        try:
            if not await _known(waiting.recorded):
                return None
        except ProblemError:
            if waiting.handed_over:  # the database did not take it
                self._give_up()
            raise
        finally:
            self._inside -= 1
            self._unwritten -= waiting.handed_over
            self._go_on(loop)
        if isinstance(waiting.answer, ProblemError):
            raise waiting.answer
        return waiting.answer

    async def large(self, asked: Asked, show: Callable[[Record], bytes]) -> bytes | None:
        """As `one`, for a body that takes long to read."""
        by = await self._numbered(self._current())
        (outcome,) = await self._in_thread(lambda: self._outcomes(by, [asked]))
        if isinstance(outcome, ProblemError):
            raise outcome
        job = self._job(asked.key, [outcome.entry], [_told(None, outcome)])
        return show(outcome.record) if await self._written(job) else None

    async def many(self, asked: Asked, show: Callable[[ItemResult], bytes]) -> Batch | None:
        """A batch whose decisions are recorded, each of its results as `show` makes it.

        None where another request had its key before. Raises ProblemError for a bad envelope,
        or where not all decisions can be recorded now; with a key none is then.
        """
        by = await self._numbered(self._current())
        batch = await self._in_thread(lambda: self._batch(by, asked, show))
        part = PART if asked.key is None else max(1, len(batch.entries))
        jobs = [
            self._job(asked.key, batch.entries[start : start + part], batch.items)
            for start in range(0, max(1, len(batch.entries)), part)
        ]
        return batch if await self._written(*jobs) else None

    def close(self) -> None:
        """End the thread, once it has done what it was given."""
        if self._threads is not None:
            self._threads.shutdown()

    async def _numbered(self, generation: Generation) -> Numbered:
        """The generation with its number, which the database gives it once."""
        if self._by is None or self._by.generation is not generation:
            try:
                number = await asyncio.to_thread(self._generations.id_of, generation)
            except SQLAlchemyError:
                raise unavailable() from None
            self._by = Numbered(generation, number)
        return self._by

    def _go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Decide soon, where it is worth it.

        While others are being written whoever comes would wait for the writer anyway: meanwhile
        those who wait become more, and together cost less.
        """
        enough = len(self._waiting) >= (WORTHWHILE if self._unwritten else 1)
        if enough and not self._called:
            self._called = True
            loop.call_soon(self._decide_waiting, loop)

    def _give_up(self, error: Exception | None = None) -> None:
        """Tell those who wait: they have waited for the database too, and would as long again."""
        while self._waiting:
            recorded = self._waiting.popleft().recorded
            if not recorded.done():
                recorded.set_exception(error or UnrecordedError())

    def _decide_waiting(self, loop: asyncio.AbstractEventLoop) -> None:
        """Decide those who have waited longest, by what is current at this moment.

        Callers who were answered together come back together, but are not read at once: where
        there was a crowd of late, the others get a few rounds of the loop to arrive.
        """
        if self._rounds < ROUNDS and len(self._waiting) < min(self._crowd, PANEL):
            self._rounds += 1
            loop.call_soon(self._decide_waiting, loop)
            return
        self._rounds = 0
        self._crowd = max(self._most, self._crowd * 7 // 8)
        self._most = self._inside
        try:
            current = self._current()
        except Exception:
            _LOGGER.exception("there is nothing to decide with")
            self._called = False
            self._give_up(failed())
            return
        if self._by is None or self._by.generation is not current:
            self._following = loop.create_task(self._follow(loop, current))
        else:
            self._decide(loop, self._by)

    async def _follow(self, loop: asyncio.AbstractEventLoop, current: Generation) -> None:
        """Learn the number of another generation, then decide those who wait."""
        try:
            by = await self._numbered(current)
        except ProblemError as problem:
            self._called = False
            self._give_up(problem)
        else:
            self._decide(loop, by)

    def _decide(self, loop: asyncio.AbstractEventLoop, by: Numbered) -> None:
        self._called = False
        group = [self._waiting.popleft() for _ in range(min(PANEL, len(self._waiting)))]
        group = [waiting for waiting in group if not waiting.recorded.done()]  # nobody gave up
        self._grouped(len(group))
        jobs, made = [], []
        outcomes = self._outcomes(by, [waiting.asked for waiting in group])
        for waiting, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Made):
                items = [_told(None, outcome)]
                job = self._job(waiting.asked.key, [outcome.entry], items, waiting.recorded)
                jobs.append(job)
                made.append((waiting, outcome.record))
                waiting.handed_over = True
            else:
                waiting.recorded.set_exception(outcome)
        self._unwritten += len(jobs)
        self._writer.write(jobs)
        loop.call_later(LATE_SECONDS, _give_up_late, [job.recorded for job in jobs])
        time.sleep(0)  # lets the writer begin: the answers are made while it waits for the disk
        for waiting, record in made:
            waiting.answer_with(record)
        self._go_on(loop)

    def _outcomes(self, by: Numbered, group: Sequence[Asked]) -> list[Made | ProblemError]:
        """What became of each body, in order."""
        now = self._scoring.clock()
        return self._scoring.outcomes(by, [_read(asked, now) for asked in group])

    def _batch(self, by: Numbered, asked: Asked, show: Callable[[ItemResult], bytes]) -> Batch:
        """What became of each item; no record is kept for longer than it takes to show it."""
        batch = Batch([], [], [])
        items = decode_batch(asked.content, self._scoring.clock())
        for start in range(0, len(items), SLICE):
            part = items[start : start + SLICE]
            read = [_question(item, asked, start + i) for i, item in enumerate(part)]
            outcomes = self._scoring.outcomes(by, read)
            for i, (item, outcome) in enumerate(zip(part, outcomes, strict=True), start):
                told, record = _told(item.request_id, outcome), None
                if isinstance(outcome, Made):
                    record = outcome.record
                    batch.entries.append(outcome.entry)
                batch.items.append(told)
                batch.results.append(show(ItemResult(i, told.request_id, record, told.problem)))
        return batch

    def _job(
        self,
        key: Key | None,
        entries: Sequence[Entry],
        items: Sequence[Item],
        recorded: asyncio.Future[bool] | None = None,
    ) -> Job:
        """What records these entries, and with a key the answer with these items."""
        claimed = None if key is None else claim(key, items, self._scoring.clock())
        return Job(entries, claimed, recorded or asyncio.get_running_loop().create_future())

    async def _written(self, *jobs: Job) -> bool:
        """Whether the jobs are recorded, and no key is another's."""
        some = [job for job in jobs if job.entries or job.claim is not None]
        self._writer.write(some)
        recorded = [job.recorded for job in some]
        asyncio.get_running_loop().call_later(LATE_SECONDS, _give_up_late, recorded)
        told = await asyncio.gather(*(_known(job.recorded) for job in some), return_exceptions=True)
        for each in told:
            if isinstance(each, BaseException):
                raise each
        return all(told)

    async def _in_thread(self, call: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


async def _known(recorded: asyncio.Future[bool]) -> bool:
    """What became of a job; ProblemError where the database could not take it."""
    try:
        return await recorded
    except UnrecordedError:
        raise unavailable("The decision could not be recorded. Send it again later.") from None


def _read(asked: Asked, now: datetime) -> Question | ProblemError:
    try:
        return Question(decode_decision(asked.content, now), asked.actor)
    except ProblemError as problem:
        return problem
    except Exception:
        _LOGGER.exception("a body could not be read")
        return failed()


def _told(request_id: str | None, outcome: Made | ProblemError) -> Item:
    """What an answer that may have to be given again says of an item."""
    if isinstance(outcome, ProblemError):
        return Item(None, request_id, outcome.body())
    return Item(outcome.record["decision_id"], request_id)


def _question(item: BodyItem, asked: Asked, index: int) -> Question | ProblemError:
    if isinstance(item.outcome, ProblemError):
        return item.outcome
    return Question(item.outcome, asked.actor, f"/items/{index}")


def _give_up_late(recorded: Sequence[asyncio.Future[bool]]) -> None:
    for future in recorded:
        if not future.done():
            future.set_exception(UnrecordedError())
