"""The writer: what it is handed is recorded in groups, and each waiter is told once."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa

from service.database import DatabaseError, connect, upgrade
from service.drift import Scores
from service.log.idempotency import Claim, Item, Key, claim
from service.log.records import Entry
from service.log.writer import ALONE, ROWS, Job, UnrecordedError, Writer
from service.numbers import Numbers

ROWS_WRITTEN = sa.Table("written", sa.MetaData(), sa.Column("number", sa.Integer, primary_key=True))


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database with the service's tables, and one for what these tests write."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'writer.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    upgrade(url)
    made = connect(url)
    ROWS_WRITTEN.create(made)
    yield made
    made.dispose()


def put(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    """Entries are plain numbers here."""
    connection.execute(ROWS_WRITTEN.insert().values([{"number": number} for number in entries]))


@contextmanager
def writing(engine: sa.Engine, how: Callable[..., None] = put) -> Iterator[Writer]:
    writer = Writer(engine, how, Numbers(Scores(None)))
    writer.start()
    try:
        yield writer
    finally:
        writer.close()


def jobs(*numbers: list[int], claims: Sequence[Claim | None] = ()) -> list[Job]:
    loop = asyncio.get_running_loop()
    told = list(claims) or [None] * len(numbers)
    return [
        Job(cast("list[Entry]", each), one, loop.create_future())
        for each, one in zip(numbers, told, strict=True)
    ]


async def outcomes(made: Sequence[Job]) -> list[bool | BaseException]:
    return await asyncio.wait_for(
        asyncio.gather(*(job.recorded for job in made), return_exceptions=True), 60
    )


def written(engine: sa.Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(ROWS_WRITTEN.c.number)).scalars())


class Groups:
    """Puts entries, and tells by which transactions; the first one waits for `go_on`."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def put(self, connection: sa.Connection, entries: Sequence[Entry]) -> None:
        self.begun.set()
        assert self.go_on.wait(30)
        self.sizes.append(len(entries))
        put(connection, entries)


def test_what_came_while_a_group_was_written_is_one_group(engine: sa.Engine) -> None:
    groups = Groups()

    async def run(writer: Writer) -> None:
        first = jobs([0])
        writer.write(first)
        await asyncio.to_thread(groups.begun.wait, 30)
        later = [job for i in range(1, 20) for job in jobs([i])]
        for job in later:
            writer.write([job])
        groups.go_on.set()
        assert await outcomes([*first, *later]) == [True] * 20

    with writing(engine, groups.put) as writer:
        asyncio.run(run(writer))
    assert groups.sizes == [1, 19]
    assert sorted(written(engine)) == list(range(20))


def test_a_batch_is_a_group_alone_and_single_ones_go_between(
    engine: sa.Engine,
) -> None:
    groups = Groups()
    large = ALONE + 1

    async def run(writer: Writer) -> None:
        first = jobs([0])
        writer.write(first)
        await asyncio.to_thread(groups.begun.wait, 30)
        batches = jobs(*(list(range(k * 1_000, k * 1_000 + large)) for k in (1, 2)))
        singles = [job for i in range(1, ROWS + 11) for job in jobs([-i])]
        writer.write([*batches, *singles])
        groups.go_on.set()
        assert set(await outcomes([*first, *batches, *singles])) == {True}

    with writing(engine, groups.put) as writer:
        asyncio.run(run(writer))
    assert groups.sizes == [1, large, ROWS, large, 10]


def test_a_waiter_is_told_only_after_the_commit(engine: sa.Engine) -> None:
    seen: list[list[int]] = []

    async def run(writer: Writer) -> None:
        for i in range(10):
            (job,) = jobs([i])
            job.recorded.add_done_callback(lambda _: seen.append(sorted(written(engine))))
            writer.write([job])
            await job.recorded

    with writing(engine) as writer:
        asyncio.run(run(writer))
    assert seen == [list(range(i + 1)) for i in range(10)]


def test_an_entry_that_cannot_be_stored_fails_alone(engine: sa.Engine) -> None:
    groups = Groups()

    async def run(writer: Writer) -> list[bool | BaseException]:
        made = jobs([0], [1], [1], [2])  # a number twice
        writer.write(made[:1])
        await asyncio.to_thread(groups.begun.wait, 30)
        writer.write(made[1:])
        groups.go_on.set()
        return await outcomes(made)

    with writing(engine, groups.put) as writer:
        first, once, again, last = asyncio.run(run(writer))
    assert (first, once, last) == (True, True, True)
    assert isinstance(again, sa.exc.IntegrityError)
    assert sorted(written(engine)) == [0, 1, 2]


def test_a_database_that_fails_fails_all_who_wait_and_is_used_again_when_it_is_back(
    engine: sa.Engine,
) -> None:
    groups = Groups()
    working = threading.Event()

    def failing(connection: sa.Connection, entries: Sequence[Entry]) -> None:
        if working.is_set():
            put(connection, entries)
            return
        groups.begun.set()
        assert groups.go_on.wait(30)
        raise sa.exc.OperationalError("", {}, OSError("gone"), connection_invalidated=True)

    async def run(writer: Writer) -> None:
        first, later = jobs([0]), jobs([1], [2])
        writer.write(first)
        await asyncio.to_thread(groups.begun.wait, 30)
        writer.write(later)
        groups.go_on.set()
        failed = await outcomes([*first, *later])
        assert [type(each) for each in failed] == [UnrecordedError] * 3
        working.set()
        again = jobs([3])
        writer.write(again)
        assert await outcomes(again) == [True]

    with writing(engine, failing) as writer:
        asyncio.run(run(writer))
    assert written(engine) == [3]


def test_closing_records_what_was_handed_over(engine: sa.Engine) -> None:
    async def run() -> None:
        with writing(engine) as writer:
            made = [job for i in range(300) for job in jobs([i])]
            for job in made:
                writer.write([job])
        assert await outcomes(made) == [True] * 300

    asyncio.run(run())
    assert len(written(engine)) == 300


def test_a_connection_that_would_not_be_durable_is_not_written_to(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: sa.Connection) -> None:
        raise DatabaseError("synchronous is 1, not 2")

    monkeypatch.setattr("service.log.writer.assert_durable_connection", refuse)

    async def run(writer: Writer) -> None:
        made = jobs([0])
        writer.write(made)
        (failed,) = await outcomes(made)
        assert isinstance(failed, UnrecordedError)

    with writing(engine) as writer:
        asyncio.run(run(writer))
    assert written(engine) == []


def named(key: str, body: bytes = b"a") -> Claim:
    return claim(Key("caller", key, body), [Item("id")], datetime.now(UTC))


def test_of_many_claims_to_a_key_one_is_recorded_by_however_many_writers(
    engine: sa.Engine,
) -> None:
    async def run(writers: Sequence[Writer]) -> list[list[bool | BaseException]]:
        keys = [f"key {i}" for i in range(20)]
        told = []
        for w, writer in enumerate(writers):
            # In another order each: they must not wait for each other.
            order = keys if w % 2 else keys[::-1]
            numbers = [[100 * w + i] for i in range(20)]
            told.append(jobs(*numbers, claims=[named(key) for key in order]))
            writer.write(told[-1])
        return [await outcomes(each) for each in told]

    with writing(engine) as one, writing(engine) as two, writing(engine) as three:
        results = asyncio.run(run([one, two, three]))
    flat = [outcome for each in results for outcome in each]
    assert (flat.count(True), flat.count(False)) == (20, 40)
    assert len(written(engine)) == 20


def test_a_claim_without_entries_is_recorded_too(engine: sa.Engine) -> None:
    async def run(writer: Writer) -> None:
        first, again = jobs([], claims=[named("k")]), jobs([5], claims=[named("k")])
        writer.write(first)
        assert await outcomes(first) == [True]
        writer.write(again)
        assert await outcomes(again) == [False]

    with writing(engine) as writer:
        asyncio.run(run(writer))
    assert written(engine) == []


def test_a_connection_that_was_ended_is_made_anew(postgres_url: str) -> None:
    upgrade(postgres_url)
    engine = connect(postgres_url)
    ROWS_WRITTEN.create(engine)
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"

    async def run(writer: Writer) -> None:
        first, failed, again = jobs([0], [1], [2])
        writer.write([first])
        assert await outcomes([first]) == [True]
        with engine.connect() as connection:
            connection.exec_driver_sql(f"{ended} AND datname = current_database()")
        writer.write([failed])
        assert [type(each) for each in await outcomes([failed])] == [UnrecordedError]
        writer.write([again])
        assert await outcomes([again]) == [True]

    with writing(engine) as writer:
        asyncio.run(run(writer))
    assert written(engine) == [0, 2]
    engine.dispose()


def test_who_locks_the_tables_for_long_is_not_waited_for(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.log.writer.IN_TIME", "SET statement_timeout = '300ms'")
    upgrade(postgres_url)
    engine = connect(postgres_url)
    ROWS_WRITTEN.create(engine)

    async def run(writer: Writer) -> None:
        failed, again = jobs([0], [1])
        with engine.connect() as connection:
            connection.exec_driver_sql("LOCK TABLE written IN EXCLUSIVE MODE")
            writer.write([failed])
            assert [type(each) for each in await outcomes([failed])] == [UnrecordedError]
        writer.write([again])
        assert await outcomes([again]) == [True]

    with writing(engine) as writer:
        asyncio.run(run(writer))
    assert written(engine) == [1]
    engine.dispose()


def test_a_claim_whose_entries_cannot_be_stored_is_none(engine: sa.Engine) -> None:
    async def run(writer: Writer) -> None:
        first, again, other = jobs([0], [0], [1], claims=[None, named("k"), named("k")])
        for job, wanted in ((first, True), (again, sa.exc.IntegrityError), (other, True)):
            writer.write([job])
            (told,) = await outcomes([job])
            assert told is wanted or type(told) is wanted

    with writing(engine) as writer:
        asyncio.run(run(writer))
    assert sorted(written(engine)) == [0, 1]
