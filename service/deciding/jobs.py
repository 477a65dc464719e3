"""What is handed to the writer, and what became of it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from service.errors import unavailable
from service.log.idempotency import Item, Key, claim
from service.log.records import Entry
from service.log.writer import Job, UnrecordedError, Writer

LATE_SECONDS = 10.0  # a database that does not even say that it cannot, is not waited for


def job_of(
    key: Key | None,
    entries: Sequence[Entry],
    items: Sequence[Item],
    now: datetime,
    recorded: asyncio.Future[bool] | None = None,
) -> Job:
    """What records these entries, and with a key the answer with these items."""
    claimed = None if key is None else claim(key, items, now)
    return Job(entries, claimed, recorded or asyncio.get_running_loop().create_future())


def hand_over(writer: Writer, jobs: Sequence[Job]) -> None:
    """Have the jobs written, or given up when it is late."""
    writer.write(jobs)
    recorded = [job.recorded for job in jobs]
    asyncio.get_running_loop().call_later(LATE_SECONDS, _give_up_late, recorded)


async def written(writer: Writer, jobs: Sequence[Job]) -> bool:
    """Whether the jobs are recorded, and no key is another's."""
    some = [job for job in jobs if job.entries or job.claim is not None]
    hand_over(writer, some)
    told = await asyncio.gather(*(known(job.recorded) for job in some), return_exceptions=True)
    for each in told:
        if isinstance(each, BaseException):
            raise each
    return all(told)


async def known(recorded: asyncio.Future[bool]) -> bool:
    """What became of a job; ProblemError where the database could not take it."""
    try:
        return await recorded
    except UnrecordedError:
        raise unavailable("The decision could not be recorded. Send it again later.") from None


def _give_up_late(recorded: Sequence[asyncio.Future[bool]]) -> None:
    for future in recorded:
        if not future.done():
            future.set_exception(UnrecordedError())
