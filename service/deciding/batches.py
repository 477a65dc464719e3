"""Batches and large bodies: a thread decides them in slices, which delay others by one at most."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from models.generation import Generation
from service.bodies.decoding import Item as BodyItem
from service.bodies.decoding import decode_batch
from service.deciding.asked import Asked, count, read_of, told_of
from service.deciding.jobs import job_of, written
from service.deciding.numbering import Numbering
from service.errors import ProblemError
from service.happened.store import Happened
from service.log.idempotency import Item
from service.log.records import Entry, Record
from service.log.writer import Writer
from service.numbers import Numbers, Stopwatch
from service.scoring import Made, Numbered, Question, Read, Scoring

SLICE = 64  # items of a batch that are decided at once
PART = 250  # decisions of a batch that are written at once: single ones are written in between

Result = TypeVar("Result")


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


class Batches:
    """From what is large to recorded decisions, for all requests of one event loop."""

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
        self._line = happened.line()  # the thread's own
        self._writer = writer
        self._numbers = numbers
        self._thread: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Be ready."""
        self._thread = ThreadPoolExecutor(1, "deciding")

    def close(self) -> None:
        """End the thread, once it has done what it was given."""
        if self._thread is not None:
            self._thread.shutdown()
        self._line.close()

    async def large(self, asked: Asked, show: Callable[[Record], bytes]) -> bytes | None:
        """The recorded decision of a body that takes long to read, as `show` makes it.

        None where another request had its key before.

        Raises ProblemError where there can be no decision, or it cannot be recorded now.
        """
        by = await self._numbering.of(self._current())
        (outcome,) = await self._in_thread(lambda: self._outcome(by, asked))
        if isinstance(outcome, ProblemError):
            raise outcome
        items = [told_of(None, outcome)]
        job = job_of(asked.key, [outcome.entry], items, self._scoring.clock())
        return show(outcome.record) if await written(self._writer, [job]) else None

    async def many(self, asked: Asked, show: Callable[[ItemResult], bytes]) -> Batch | None:
        """A batch whose decisions are recorded, each of its results as `show` makes it.

        None where another request had its key before. Raises ProblemError for a bad envelope,
        or where not all decisions can be recorded now; with a key none is then.
        """
        by = await self._numbering.of(self._current())
        batch = await self._in_thread(lambda: self._batch(by, asked, show))
        part = PART if asked.key is None else max(1, len(batch.entries))
        now = self._scoring.clock()
        jobs = [
            job_of(asked.key, batch.entries[start : start + part], batch.items, now)
            for start in range(0, max(1, len(batch.entries)), part)
        ]
        return batch if await written(self._writer, jobs) else None

    def _outcome(self, by: Numbered, asked: Asked) -> list[Made | ProblemError]:
        """What became of one body."""
        watch = Stopwatch(self._numbers)
        read = [read_of(asked, self._scoring.clock())]
        watch.lap("decode")
        whole = self._scoring.united(read, self._line)
        watch.lap("unite")
        outcomes = self._scoring.outcomes(by, whole)
        watch.lap("decide")
        count(self._numbers, by, outcomes)
        return outcomes

    def _batch(self, by: Numbered, asked: Asked, show: Callable[[ItemResult], bytes]) -> Batch:
        """What became of each item; no record is kept for longer than it takes to show it."""
        batch, watch = Batch([], [], []), Stopwatch(self._numbers)
        items = decode_batch(asked.content, self._scoring.clock())
        watch.lap("decode")
        questions = [_question(item, asked, i) for i, item in enumerate(items)]
        read = self._scoring.united(questions, self._line)
        watch.lap("unite")
        for start in range(0, len(items), SLICE):
            part = items[start : start + SLICE]
            outcomes = self._scoring.outcomes(by, read[start : start + SLICE])
            watch.lap("decide")
            for i, (item, outcome) in enumerate(zip(part, outcomes, strict=True), start):
                told, record = told_of(item.request_id, outcome), None
                if isinstance(outcome, Made):
                    record = outcome.record
                    batch.entries.append(outcome.entry)
                else:
                    self._numbers.problem("item", outcome.kind)
                batch.items.append(told)
                batch.results.append(show(ItemResult(i, told.request_id, record, told.problem)))
            watch.lap("encode")
            count(self._numbers, by, outcomes)
        return batch

    async def _in_thread(self, call: Callable[[], Result]) -> Result:
        run = copy_context().run  # what is logged there is of the same request
        return await asyncio.get_running_loop().run_in_executor(self._thread, run, call)


def _question(item: BodyItem, asked: Asked, index: int) -> Read:
    if isinstance(item.outcome, ProblemError):
        return item.outcome
    return Question(item.outcome, asked.actor, f"/items/{index}")
