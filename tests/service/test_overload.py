"""More than can be answered soon is refused at once; whoever was let in is answered."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from models.generation import Generation
from service.app import FREE_LARGE, FREE_SMALL, LANE_BYTES, create_app
from service.bodies import examples
from service.log.inserts import Inserts
from service.log.records import Entry
from service.settings import Settings
from service.tables import DECISIONS
from tests.scraped import samples
from tests.service.conftest import BASE, NOW

ONE, BATCH = "/v1/decisions", "/v1/decisions:batch"
KIND = {"Content-Type": "application/json"}


class Held:
    """A database that takes nothing until it is told to go on."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def put(self, inserts: Inserts, connection: sa.Connection, entries: Sequence[Entry]) -> None:
        assert self.go_on.wait(60)
        _PUT(inserts, connection, entries)


_PUT = Inserts.put


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    made = Held()
    monkeypatch.setattr(Inserts, "put", lambda *given: made.put(*given))
    yield made
    made.go_on.set()


@asynccontextmanager
async def asking(engine: sa.Engine, generation: Generation) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, timeout=60) as client,
    ):
        yield client


def recorded(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        query = sa.select(sa.func.count()).select_from(DECISIONS)
        return int(connection.execute(query).scalar_one())


async def burst(
    client: httpx.AsyncClient, held: Held, path: str, body: Any, times: int, refused: int
) -> list[httpx.Response]:
    """Answers to as many requests at once, those that are let in held until the others are told."""
    content = json.dumps(body).encode()
    asked = [
        asyncio.create_task(client.post(path, content=content, headers=KIND)) for _ in range(times)
    ]
    while sum(each.done() for each in asked) < refused:
        await asyncio.sleep(0.01)
    assert sum(each.done() for each in asked) == refused
    held.go_on.set()
    return await asyncio.gather(*asked)


@pytest.mark.parametrize(("path", "free"), [(ONE, FREE_SMALL), (BATCH, FREE_LARGE)])
def test_whoever_is_too_many_is_refused_at_once_and_the_others_are_answered(
    engine: sa.Engine,
    generation: Generation,
    body: dict[str, Any],
    held: Held,
    path: str,
    free: int,
) -> None:
    content = body if path == ONE else {"items": [body]}

    async def run() -> tuple[list[httpx.Response], str]:
        async with asking(engine, generation) as client:
            answers = await burst(client, held, path, content, free + 20, 20)
            return answers, (await client.get("/metrics")).text

    answers, text = asyncio.run(run())
    told = samples(text)
    refused = [each for each in answers if each.status_code == 503]
    assert len(refused) == 20
    for each in refused:
        assert each.json()["type"] == "urn:curescore:problem:overloaded"
        assert int(each.headers["retry-after"]) >= 1
    assert [each.status_code for each in answers].count(200) == free
    lane = "small" if path == ONE else "large"
    assert told["curescore_requests_overloaded_total", lane] == 20
    assert told["curescore_requests_waiting", lane] == 0
    if path == ONE:
        assert told[("curescore_group_requests_sum",)] == free
    assert recorded(engine) == free


def test_many_batches_keep_no_single_decision_out(
    engine: sa.Engine, generation: Generation, body: dict[str, Any], held: Held
) -> None:
    async def run() -> None:
        async with asking(engine, generation) as client:
            batches = [
                asyncio.create_task(client.post(BATCH, json={"items": [body]}))
                for _ in range(FREE_LARGE + 1)
            ]
            while not any(each.done() for each in batches):
                await asyncio.sleep(0.01)
            single = asyncio.create_task(client.post(ONE, json=body))
            held.go_on.set()
            assert (await single).status_code == 200
            assert sorted([(await each).status_code for each in batches]) == [200, 200, 503]

    asyncio.run(run())


def test_events_wait_in_a_lane_of_their_own(engine: sa.Engine, generation: Generation) -> None:
    content = json.dumps(examples.contacts())

    async def run() -> list[httpx.Response]:
        app = create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW)
        lane = app.state.parts.told
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
            with lane.admission.arriving(LANE_BYTES):  # the lane is full of what others send
                refused = await client.post("/v1/contacts", content=content, headers=KIND)
            return [refused, await client.post("/v1/contacts", content=content, headers=KIND)]

    refused, answered = asyncio.run(run())
    assert refused.status_code == 503
    assert refused.json()["type"] == "urn:curescore:problem:overloaded"
    assert answered.json()["new"] == len(examples.contacts())


def test_a_refused_body_is_not_read(engine: sa.Engine, generation: Generation) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"{}"

    async def run() -> httpx.Response:
        app = create_app(
            Settings(auth="off", body_limit=2 * LANE_BYTES), engine, lambda: generation, lambda: NOW
        )
        lane = app.state.parts.large
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
            with lane.admission.arriving(2 * LANE_BYTES):  # the lane is full of what others send
                return await client.post(BATCH, content=body(), headers=KIND)

    answered = asyncio.run(run())
    assert answered.status_code == 503
    assert read == []
