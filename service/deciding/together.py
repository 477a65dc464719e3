"""Single decisions: bodies that arrive together are decided as one panel, on the event loop.

Together they cost far less than one by one. What happened to their accounts is read first, for all
of them: in place, or where that has to be waited for by a thread, while others gather.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import dataclass, field
from logging import getLogger
from typing import NamedTuple

from models.generation import Generation
from service.deciding.asked import Asked, count, read_of, told_of
from service.deciding.jobs import LATE_SECONDS, hand_over, job_of, known
from service.deciding.numbering import Numbering
from service.errors import ProblemError, failed, unavailable
from service.happened.store import Happened
from service.log.records import Record
from service.log.writer import UnrecordedError, Writer
from service.numbers import Numbers, Stopwatch
from service.scoring import Made, Numbered, Question, Read, Scoring
from service.traces import traced

_LOGGER = getLogger(__name__)

PANEL = 32  # bodies that are decided at once: the loop does nothing else meanwhile
WORTHWHILE = 16  # bodies that are decided while others are being written
ROUNDS = 6  # of the loop, in which those who come together are waited for


@dataclass(slots=True, eq=False)
class _Waiting:
    """A request that is decided with others; its `answer` counts once it is `recorded`."""

    asked: Asked
    show: Callable[[Record], bytes]
    recorded: asyncio.Future[bool]
    answer: bytes | ProblemError | None = None
    handed_over: bool = False  # to the writer
    came: float = field(default_factory=time.perf_counter)

    def answer_with(self, record: Record) -> None:
        """Make the answer; where that fails, only this request does."""
        try:
            self.answer = self.show(record)
        except Exception:
            with traced(self.asked.trace):
                _LOGGER.exception("a decision cannot be shown")
            self.answer = failed()


class _Group(NamedTuple):
    """Those who are decided at once, what was read of each, and how long they take."""

    waiting: list[_Waiting]
    read: list[Read]
    watch: Stopwatch


class Together:
    """From bodies to recorded decisions, for all requests of one event loop."""

    def __init__(
        self,
        scoring: Scoring,
        current: Callable[[], Generation],
        numbering: Numbering,
        happened: Happened,
        writer: Writer,
        numbers: Numbers,
    ) -> None:
        self._scoring = scoring
        self._current = current
        self._numbering = numbering
        self._in_place = happened.reads_in_place
        self._line = happened.line()  # the loop's own, or its thread's
        self._writer = writer
        self._numbers = numbers
        self._nobodys = Context()  # what is done for several requests is told of none
        self._waiting: deque[_Waiting] = deque()
        self._unwritten = 0  # of those decided together, handed over and not told of yet
        self._called = False  # the loop will decide those who wait
        self._rounds = 0  # that it has waited for more of them
        self._crowd = 0  # requests that were here at once of late
        self._inside = self._most = 0  # those that are here, and were at once since the last panel
        self._deciding: asyncio.Task[None] | None = None  # kept: the loop holds no task
        self._thread: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Be ready."""
        if not self._in_place:
            self._thread = ThreadPoolExecutor(1, "uniting")

    def close(self) -> None:
        """End the thread, and the connection that events are read by."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
        self._line.close()

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
            if not await known(waiting.recorded):
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

    def _go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Decide soon, where it is worth it.

        While others are being written whoever comes would wait for the writer anyway: meanwhile
        those who wait become more, and together cost less.
        """
        enough = len(self._waiting) >= (WORTHWHILE if self._unwritten else 1)
        if enough and not self._called:
            self._called = True
            loop.call_soon(self._decide_waiting, loop, context=self._nobodys)

    def _give_up(self, error: Exception | None = None) -> None:
        """Tell those who wait: they have waited for the database too, and would as long again."""
        _tell(self._waiting, error or UnrecordedError())
        self._waiting.clear()

    def _decide_waiting(self, loop: asyncio.AbstractEventLoop) -> None:
        """Decide those who have waited longest, by what is current at this moment.

        Callers who were answered together come back together, but are not read at once: where
        there was a crowd of late, the others get a few rounds of the loop to arrive.
        """
        if self._rounds < ROUNDS and len(self._waiting) < min(self._crowd, PANEL):
            self._rounds += 1
            loop.call_soon(self._decide_waiting, loop, context=self._nobodys)
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
        by = self._numbering.known(current)
        if by is not None and self._in_place:
            self._decide_now(loop, by)
        else:
            self._deciding = loop.create_task(self._decide_later(loop, current))

    def _decide_now(self, loop: asyncio.AbstractEventLoop, by: Numbered) -> None:
        """Decide those who have waited longest, with what is read in place."""
        waiting = self._longest()
        try:
            group = self._read(waiting)
            try:
                united = self._united(group.read)
            except Exception as error:  # noqa: BLE001 (whatever it is, they wait to be told)
                united = self._unread(group.read, error)
            self._decide(by, group, united)
        except Exception as error:  # noqa: BLE001 (whatever it is, they wait to be told)
            _fail(waiting, error)
        finally:
            self._called = False
            self._go_on(loop)

    async def _decide_later(self, loop: asyncio.AbstractEventLoop, current: Generation) -> None:
        """Decide those who have waited longest, once the number and the events are known."""
        try:
            by = await self._numbering.of(current)
        except Exception as error:  # noqa: BLE001 (whatever it is, they wait to be told)
            self._called = False
            self._give_up(_problem(error, "a generation has no number"))
            return
        if self._in_place:
            self._decide_now(loop, by)
            return
        waiting = self._longest()
        try:
            group = self._read(waiting)
            try:
                async with asyncio.timeout(LATE_SECONDS):
                    united = await loop.run_in_executor(self._thread, self._united, group.read)
            except Exception as error:  # noqa: BLE001 (whatever it is, they wait to be told)
                united = self._unread(group.read, error)
            self._decide(by, group, united)
        except Exception as error:  # noqa: BLE001 (whatever it is, they wait to be told)
            _fail(waiting, error)
        finally:
            self._called = False
            self._go_on(loop)

    def _longest(self) -> list[_Waiting]:
        """Those who have waited longest, who wait no more."""
        return [self._waiting.popleft() for _ in range(min(PANEL, len(self._waiting)))]

    def _read(self, waiting: list[_Waiting]) -> _Group:
        watch = Stopwatch(self._numbers, min((each.came for each in waiting), default=None))
        watch.lap("queue")
        now = self._scoring.clock()
        read = [read_of(each.asked, now) for each in waiting]
        watch.lap("decode")
        return _Group(waiting, read, watch)

    def _united(self, read: Sequence[Read]) -> list[Read]:
        return self._scoring.united(read, self._line)

    def _unread(self, read: Sequence[Read], error: Exception) -> list[Read]:
        """What they are told whose accounts could not be asked about."""
        problem = _problem(error, "what happened could not be read")
        self._give_up(problem)  # others would wait for as long
        return [problem if isinstance(each, Question) else each for each in read]

    def _decide(self, by: Numbered, group: _Group, united: Sequence[Read]) -> None:
        watch = group.watch
        watch.lap("unite")
        pairs = zip(group.waiting, united, strict=True)
        asked = [pair for pair in pairs if not pair[0].recorded.done()]  # nobody gave up
        self._numbers.group.observe(len(asked))
        outcomes = self._scoring.outcomes(by, [read for _, read in asked])
        watch.lap("decide")
        jobs, made = [], []
        now = self._scoring.clock()
        for (waiting, _), outcome in zip(asked, outcomes, strict=True):
            if isinstance(outcome, Made):
                items = [told_of(None, outcome)]
                key, recorded = waiting.asked.key, waiting.recorded
                jobs.append(job_of(key, [outcome.entry], items, now, recorded))
                made.append((waiting, outcome.record))
            else:
                waiting.recorded.set_exception(outcome)
        hand_over(self._writer, jobs)
        for waiting, _ in made:
            waiting.handed_over = True
        self._unwritten += len(jobs)
        time.sleep(0)  # lets the writer begin: the answers are made while it waits for the disk
        watch.skip()
        for waiting, record in made:
            waiting.answer_with(record)
        watch.lap("encode")
        count(self._numbers, by, outcomes)


def _tell(waiting: Sequence[_Waiting] | deque[_Waiting], error: Exception) -> None:
    for each in waiting:
        if not each.recorded.done():
            each.recorded.set_exception(error)


def _fail(waiting: Sequence[_Waiting], error: Exception) -> None:
    """Tell those whom nobody else will tell."""
    problem = _problem(error, "a panel could not be decided")
    _tell([each for each in waiting if not each.handed_over], problem)


def _problem(error: Exception, what: str) -> ProblemError:
    """What those are told who wait for what could not be done."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, TimeoutError):
        return unavailable()
    _LOGGER.error("%s", what, exc_info=error)
    return failed()
