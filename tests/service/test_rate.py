"""How often a key may call, and when it was last used."""

import asyncio
import logging
from typing import Any

import pytest
import sqlalchemy as sa

from models.generation import Generation
from service.app import create_app
from service.errors import ProblemError
from service.security.callers import Caller
from service.security.keys import Keys, LiveKey
from service.security.rates import BUCKETS_KEPT, Rates
from service.security.uses import USE_SECONDS, KeyUses
from service.settings import Settings
from service.tables import KEY_USES
from tests.service.conftest import Client


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def key(name: str, rate: int | None = None) -> LiveKey:
    return LiveKey(Caller(name, "score"), name, requests_per_second=rate)


def admitted(rates: Rates, of: LiveKey, times: int) -> int:
    """How many of so many calls at once are let in."""
    for let_in in range(times):
        try:
            rates.admit(of)
        except ProblemError:
            return refused_after(let_in, rates, of)
    return times


def refused_after(let_in: int, rates: Rates, of: LiveKey) -> int:
    with pytest.raises(ProblemError) as refused:
        rates.admit(of)
    assert refused.value.kind == "rate-limited"
    assert refused.value.headers == {"Retry-After": "1"}
    return let_in


def test_a_seconds_worth_may_come_at_once_then_by_the_rate() -> None:
    clock = Clock()
    rates = Rates(0, clock)
    ten = key("ten", 10)
    assert admitted(rates, ten, 30) == 10
    clock.now = 0.25
    assert admitted(rates, ten, 30) == 2
    clock.now = 100.0
    assert admitted(rates, ten, 30) == 10
    one = key("one", 1)
    assert admitted(rates, one, 3) == 1
    clock.now += 1  # what Retry-After says
    assert admitted(rates, one, 3) == 1


def test_a_rate_of_the_keys_own_goes_before_the_settings_and_0_is_no_limit() -> None:
    rates = Rates(3, Clock())
    assert admitted(rates, key("plain"), 9) == 3
    assert admitted(rates, key("own", 5), 9) == 5
    assert admitted(Rates(0, Clock()), key("plain"), 5_000) == 5_000


def test_no_more_buckets_are_kept_than_there_is_room_for() -> None:
    clock = Clock()
    rates = Rates(2, clock)
    for i in range(BUCKETS_KEPT):
        rates.admit(key(f"k{i}"))
    clock.now = 0.1
    rates.admit(key("new"))
    assert len(rates._buckets) == BUCKETS_KEPT  # none was full again: the oldest went
    assert admitted(rates, key("k1"), 3) == 1  # it is remembered still
    clock.now = 10.0
    rates.admit(key("another"))
    assert len(rates._buckets) == 1


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_too_many_calls_are_429_before_a_body_is_read(
    engine: sa.Engine, generation: Generation, keys: Keys, body: dict[str, Any]
) -> None:
    settings = Settings(auth="keys", body_limit=1024, requests_per_second=1)
    app = create_app(settings, engine, lambda: generation)
    token, other = keys.add("busy", "score"), keys.add("other", "score", requests_per_second=50)
    read: list[str] = []

    async def receive() -> dict[str, Any]:
        read.append("body")
        return {"type": "http.request", "body": b"x" * 5_000, "more_body": False}

    async def call(path: str, token: str) -> list[dict[str, Any]]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"authorization", f"Bearer {token}".encode()), (b"content-length", b"5000")]
        scope = {"type": "http", "method": "POST", "path": path, "query_string": b""}
        await app(scope | {"headers": headers}, receive, send)
        return sent

    async def run() -> None:
        statuses = []
        for path in ("/v1/decisions", "/v1/decisions", "/v1/decisions:explain", "/nothing"):
            read.clear()
            start = (await call(path, token))[0]
            statuses.append(start["status"])
            if start["status"] == 429:
                assert dict(start["headers"])[b"retry-after"] == b"1"
                assert read == []
        assert statuses == [413, 429, 429, 429]
        assert [(await call("/v1/decisions", other))[0]["status"] for _ in range(5)] == [413] * 5

    asyncio.run(run())


def test_keys_that_nobody_has_are_limited_too(
    engine: sa.Engine, generation: Generation, keys: Keys
) -> None:
    app = create_app(Settings(auth="keys"), engine, lambda: generation)
    client = Client(app)
    token = keys.add("someone", "score")
    assert client.get("/v1/models", headers=bearer(token)).status_code == 200
    statuses = {client.get("/v1/models", headers=bearer(f"k{i}")).status_code for i in range(3)}
    assert statuses == {401}


def uses_of(engine: sa.Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(KEY_USES))]  # type: ignore[misc]


def test_a_use_is_written_once_a_minute(engine: sa.Engine) -> None:
    clock = Clock()
    uses = KeyUses(engine, clock)
    written: list[str] = []
    sa.event.listen(engine, "commit", lambda _: written.append("commit"))

    def noted(at: float) -> int:
        clock.now = at
        uses.start()
        for _ in range(100):
            uses.note("a" * 64)
        uses.close()
        return len(written)

    assert noted(0) == 1
    ((sha256, first),) = uses_of(engine)
    assert sha256 == "a" * 64
    assert noted(USE_SECONDS - 0.01) == 1
    assert noted(USE_SECONDS) == 2
    ((_, second),) = uses_of(engine)
    assert second > first


def test_the_service_tells_when_a_key_was_last_used(
    generation: Generation, engine: sa.Engine
) -> None:
    keys = Keys(engine)
    token = keys.add("used", "score")
    keys.add("unused", "score")
    app = create_app(Settings(auth="keys"), engine, lambda: generation)
    assert Client(app).get("/v1/models", headers=bearer(token)).status_code == 200
    unused, used = keys.every()
    assert unused.last_used_at is None
    assert used.last_used_at is not None
    assert used.last_used_at >= used.created_at


def test_what_cannot_be_written_is_told_once_and_fails_nothing(
    generation: Generation, engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    token = Keys(engine).add("someone", "score")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE key_uses")
    uses = KeyUses(engine, Clock())
    with caplog.at_level(logging.WARNING, "service.security.uses"):
        uses.start()
        for name in ("a", "b", "c"):
            uses.note(name * 64)
        uses.close()
    (line,) = [record.getMessage() for record in caplog.records]
    assert "last used" in line
    assert "aaaa" not in line
    app = create_app(Settings(auth="keys"), engine, lambda: generation)
    assert Client(app).get("/v1/models", headers=bearer(token)).status_code == 200
