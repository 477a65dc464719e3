"""Bodies that come at once are decided together, and each as if it had come alone."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from models import decide as models_decide
from models.account import Account
from models.generation import Generation
from service.api.deciding import SMALL
from service.app import create_app
from service.bodies.decoding import Decoded, decode_decision
from service.database import DatabaseError
from service.deciding.asked import Asked
from service.deciding.batches import PART, SLICE
from service.deciding.together import PANEL
from service.errors import ProblemError
from service.log.inserts import Inserts
from service.log.records import Entry
from service.settings import Settings
from tests.service.conftest import BASE, NOW

ONE, BATCH = "/v1/decisions", "/v1/decisions:batch"
POISON = "poison"


class Spy:
    """Decides as ever, and tells how many at a time, by which thread, with what."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.threads: set[str] = set()
        self.go_on = threading.Event()
        self.go_on.set()

    def decide(self, generation: Generation, accounts: Sequence[Account], *more: Any) -> list[Any]:
        self.sizes.append(len(accounts))
        self.threads.add(threading.current_thread().name)
        if threading.current_thread() is not threading.main_thread():
            assert self.go_on.wait(60)
        if any(account.account_id == POISON for account in accounts):
            raise ZeroDivisionError
        return models_decide.decide(generation, accounts, *more)


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spy]:
    made = Spy()
    monkeypatch.setattr("service.scoring.decide", made.decide)
    yield made
    made.go_on.set()


@asynccontextmanager
async def asking(engine: sa.Engine, *generations: Generation) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that takes the next of the generations whenever it looks."""
    order = iter(range(10**9))

    def current() -> Generation:
        return generations[next(order) % len(generations)]

    app = create_app(Settings(auth="off"), engine, current, lambda: NOW)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=BASE, timeout=60) as client,
    ):
        yield client


def others(body: dict[str, Any], count: int) -> list[dict[str, Any]]:
    bodies = []
    for i in range(count):
        other = deepcopy(body)
        other["account"] |= {"account_id": f"A-{i}", "past_due_amount": 10.0 + i}
        other["statements"] = other["statements"][i % 3 :]
        bodies.append(other)
    return bodies


def without_id(answered: httpx.Response) -> dict[str, Any]:
    record: dict[str, Any] = answered.json()
    del record["decision_id"]
    return record


def test_bodies_that_come_at_once_are_decided_together_as_if_each_came_alone(
    engine: sa.Engine, generation: Generation, body: dict[str, Any], spy: Spy
) -> None:
    bodies = others(body, PANEL + 10)

    async def run() -> None:
        async with asking(engine, generation) as client:
            path = f"{ONE}?reasons=all"
            together = await asyncio.gather(*(client.post(path, json=each) for each in bodies))
            sizes = list(spy.sizes)
            alone = [await client.post(path, json=each) for each in bodies]
        assert sum(sizes) == len(bodies)
        assert len(sizes) < len(bodies) / 4
        assert max(sizes) <= PANEL
        assert [without_id(each) for each in together] == [without_id(each) for each in alone]
        assert spy.threads == {"MainThread"}

    asyncio.run(run())


def test_two_crowds_that_take_turns_become_one(
    engine: sa.Engine, generation: Generation, body: dict[str, Any], spy: Spy
) -> None:
    asked = Asked(json.dumps(body).encode(), "test", None)

    async def run() -> None:
        app = create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW)
        deciding = app.state.parts.deciding

        async def call(times: int, late: int) -> None:
            for _ in range(times):
                await deciding.one(asked, lambda _: b"")
                for _ in range(late):  # rounds of the loop until it is back
                    await asyncio.sleep(0)

        async with app.router.lifespan_context(app):
            first = [asyncio.create_task(call(21, i)) for i in range(4)]
            while not spy.sizes:  # they are handed over now
                await asyncio.sleep(0)
            await asyncio.gather(*first, *(call(20, i) for i in range(4)))

    asyncio.run(run())
    assert spy.sizes[0] == 4
    assert spy.sizes.count(8) > len(spy.sizes) / 2


def test_who_comes_to_others_that_wait_is_decided_by_what_is_served_by_then(
    engine: sa.Engine, generation: Generation, body: dict[str, Any]
) -> None:
    later = replace(generation, models={"cure": "later"})
    served = [generation]

    async def run() -> list[str]:
        app = create_app(Settings(auth="off"), engine, lambda: served[-1], lambda: NOW)
        deciding = app.state.parts.deciding

        def show(record: dict[str, Any]) -> bytes:
            return str(record["versions"]["model"]).encode()

        async with app.router.lifespan_context(app):
            asked = Asked(json.dumps(body).encode(), "test", None)
            some = [asyncio.create_task(deciding.one(asked, show)) for _ in range(3 * PANEL)]
            await asyncio.wait(some, return_when=asyncio.FIRST_COMPLETED)
            assert not all(each.done() for each in some)  # there are always some that wait
            served.append(later)
            more = [asyncio.create_task(deciding.one(asked, show)) for _ in range(PANEL)]
            await asyncio.gather(*some)
            return [(await each).decode() for each in more]

    assert set(asyncio.run(run())) == {"later"}


def test_each_of_those_that_came_at_once_gets_its_own_refusal(
    engine: sa.Engine, generation: Generation, body: dict[str, Any]
) -> None:
    good, owes_nothing, wrong = others(body, 3)
    owes_nothing["account"]["past_due_amount"] = 0
    wrong["account"]["currency"] = "usd"

    async def run() -> None:
        async with asking(engine, generation) as client:
            a, b, c, d = await asyncio.gather(
                client.post(ONE, json=owes_nothing),
                client.post(ONE, content="{", headers={"Content-Type": "application/json"}),
                client.post(ONE, json=good),
                client.post(ONE, json=wrong),
            )
        assert [each.status_code for each in (a, b, c, d)] == [422, 400, 200, 422]
        assert a.json()["type"] == "urn:curescore:problem:nothing-owed"
        assert a.json()["errors"][0]["pointer"] == "/account/past_due_amount"
        assert d.json()["errors"][0]["pointer"] == "/account/currency"
        assert c.json()["account_id"] == "A-0"

    asyncio.run(run())


def test_a_body_that_breaks_the_service_breaks_it_for_itself_alone(
    engine: sa.Engine, generation: Generation, body: dict[str, Any], spy: Spy
) -> None:
    bodies = others(body, 8)
    bodies[3]["account"]["account_id"] = POISON

    async def run() -> None:
        async with asking(engine, generation) as client:
            answers = await asyncio.gather(*(client.post(ONE, json=each) for each in bodies))
            batch = (await client.post(BATCH, json={"items": bodies})).json()
        assert [each.status_code for each in answers] == [200] * 3 + [500] + [200] * 4
        assert answers[3].json()["type"] == "urn:curescore:problem:internal"
        assert [answers[i].json()["account_id"] for i in (0, 7)] == ["A-0", "A-7"]
        assert (batch["scored"], batch["refused"]) == (7, 1)
        assert batch["results"][3]["problem"]["type"] == "urn:curescore:problem:internal"

    asyncio.run(run())


def test_a_body_that_breaks_its_reader_leaves_nobody_waiting(
    engine: sa.Engine,
    generation: Generation,
    body: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def decode(content: bytes, now: datetime) -> Decoded:
        if POISON.encode() in content:
            raise ZeroDivisionError
        return decode_decision(content, now)

    monkeypatch.setattr("service.deciding.asked.decode_decision", decode)
    bodies = others(body, 5)
    bodies[3]["account"]["account_id"] = POISON

    async def run() -> list[httpx.Response]:
        async with asking(engine, generation) as client:
            return await asyncio.gather(*(client.post(ONE, json=each) for each in bodies))

    assert [each.status_code for each in asyncio.run(run())] == [200, 200, 200, 500, 200]


@pytest.mark.parametrize(
    "broken",
    [
        "service.log.generations.Generations.id_of",
        "service.scoring.Scoring.united",
        "service.log.writer.Writer.write",
    ],
)
def test_whatever_breaks_leaves_nobody_waiting_and_is_told_once(
    engine: sa.Engine,
    generation: Generation,
    body: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    broken: str,
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    async def run() -> tuple[list[httpx.Response], httpx.Response]:
        async with asking(engine, generation) as client:
            with monkeypatch.context() as patch:
                patch.setattr(broken, fail)
                together = (client.post(ONE, json=each) for each in others(body, 5))
                answers = await asyncio.wait_for(asyncio.gather(*together), 60)
            return answers, await client.post(ONE, json=body)

    answers, after = asyncio.run(run())
    assert [each.status_code for each in answers] == [500] * 5
    assert answers[0].json()["type"] == "urn:curescore:problem:internal"
    assert after.status_code == 200
    assert [each.exc_info is not None for each in caplog.records if each.levelname == "ERROR"] == [
        True
    ]


def account_of(record: dict[str, Any]) -> bytes:
    """An answer that tells the account alone."""
    return str(record["account_id"]).encode()


def test_who_gives_up_holds_up_nobody(
    engine: sa.Engine, generation: Generation, body: dict[str, Any]
) -> None:
    asked = Asked(json.dumps(body).encode(), "test", None)

    async def run() -> None:
        app = create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW)
        async with app.router.lifespan_context(app):
            deciding = app.state.parts.deciding
            await deciding.one(asked, account_of)
            for turns in range(5):  # before it is decided, while it is written, afterwards
                gone = asyncio.create_task(deciding.one(asked, account_of))
                for _ in range(turns):
                    await asyncio.sleep(0)
                gone.cancel()
                answer = await asyncio.wait_for(deciding.one(asked, account_of), 60)
                assert answer == body["account"]["account_id"].encode()

    asyncio.run(run())


def test_who_cannot_be_answered_holds_up_nobody(
    engine: sa.Engine,
    generation: Generation,
    body: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = Asked(json.dumps(body).encode(), "test", None)

    async def run() -> list[bytes | BaseException | None]:
        app = create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW)
        async with app.router.lifespan_context(app):
            deciding = app.state.parts.deciding
            shows = (account_of, lambda record: record["absent"], account_of)
            together = (deciding.one(asked, show) for show in shows)
            return await asyncio.gather(*together, return_exceptions=True)

    first, second, third = asyncio.run(run())
    assert first == third == body["account"]["account_id"].encode()
    assert isinstance(second, ProblemError)
    assert second.kind == "internal"
    assert "a decision cannot be shown" in caplog.text


def test_a_batch_that_decides_nothing_needs_no_database(
    engine: sa.Engine, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object) -> None:
        raise DatabaseError("there is none")

    monkeypatch.setattr("service.log.writer.assert_durable_connection", gone)

    async def run() -> httpx.Response:
        async with asking(engine, generation) as client:
            return await client.post(BATCH, json={"items": [1, {}]})

    answered = asyncio.run(run())
    assert answered.status_code == 200
    assert (answered.json()["scored"], answered.json()["refused"]) == (0, 2)


def test_a_batch_is_decided_by_one_generation_whatever_comes_meanwhile(
    engine: sa.Engine, generation: Generation, body: dict[str, Any]
) -> None:
    other = replace(generation, code="another")

    async def run() -> None:
        async with asking(engine, generation, other) as client:
            items = {"items": others(body, 2 * SLICE + 1)}
            answers = [(await client.post(BATCH, json=items)).json() for _ in range(4)]
            singles = [(await client.post(ONE, json=body)).json() for _ in range(4)]
        codes = [{each["decision"]["versions"]["code"] for each in a["results"]} for a in answers]
        assert [len(each) for each in codes] == [1] * 4
        assert set.union(*codes) == {generation.code, "another"}
        assert {each["versions"]["code"] for each in singles} == {generation.code, "another"}

    asyncio.run(run())


def test_a_batch_is_written_in_parts_but_with_a_key_whole(
    engine: sa.Engine,
    generation: Generation,
    body: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []
    put = Inserts.put

    def counted(inserts: Inserts, connection: sa.Connection, entries: Sequence[Entry]) -> None:
        sizes.append(len(entries))
        put(inserts, connection, entries)

    monkeypatch.setattr(Inserts, "put", counted)
    batch = {"items": [*others(body, PART + 10), 17]}

    async def run() -> None:
        async with asking(engine, generation) as client:
            plain = await client.post(BATCH, json=batch)
            keyed = await client.post(BATCH, json=batch, headers={"Idempotency-Key": "k"})
        assert plain.json()["scored"] == keyed.json()["scored"] == PART + 10

    asyncio.run(run())
    assert sorted(sizes) == [10, PART, PART + 10]


def test_what_is_large_is_decided_by_a_thread_in_slices_and_delays_nobody(
    engine: sa.Engine, generation: Generation, body: dict[str, Any], spy: Spy
) -> None:
    large = json.dumps(body) + " " * SMALL
    kind = {"Content-Type": "application/json"}

    async def run() -> None:
        async with asking(engine, generation) as client:
            spy.go_on.clear()
            batch = asyncio.create_task(client.post(BATCH, json={"items": [body] * 150}))
            single = asyncio.create_task(client.post(ONE, content=large, headers=kind))
            while not spy.sizes:  # the batch is being decided
                await asyncio.sleep(0.01)
            small = [await client.post(ONE, json=body) for _ in range(3)]
            assert [each.status_code for each in small] == [200] * 3
            assert not batch.done()
            assert not single.done()
            spy.go_on.set()
            assert (await batch).json()["scored"] == 150
            assert without_id(await single) == without_id(small[0])
        assert sorted(spy.sizes) == sorted([SLICE, SLICE, 150 - 2 * SLICE, 1, 1, 1, 1])
        assert spy.threads == {"MainThread", "deciding_0"}

    asyncio.run(run())
