import asyncio
import base64
import math
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from models.generation import Generation
from service.app import create_app
from service.errors import ProblemError
from service.instants import utc_text
from service.security.callers import SCOPES, Caller
from service.security.keys import Keys, LiveKey
from service.security.known import KEY_SECONDS, KEYS_KEPT, UNKNOWN_PER_SECOND, KnownKeys
from service.settings import Settings
from service.tables import KEYS
from tests.service.conftest import Client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_an_endpoint_that_declares_nothing_is_for_admin_alone(
    keyed_app: FastAPI, keys: Keys
) -> None:
    @keyed_app.get("/new")
    def new() -> str:
        return "reached"

    client = Client(keyed_app)
    statuses = [
        client.get("/new", headers=bearer(keys.add(scope, scope))).status_code for scope in SCOPES
    ]
    assert dict(zip(SCOPES, statuses, strict=True)) == {"score": 403, "review": 403, "admin": 200}


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic !!!", "Basic eA==", "Digest x", "é"]
)
def test_a_wrong_key_is_no_key(keyed_app: FastAPI, keys: Keys, header: str) -> None:
    keys.add("someone", "admin")
    headers = {"Authorization": header.encode("latin-1")}
    assert Client(keyed_app).get("/v1/models", headers=headers).status_code == 401


def test_the_actor_of_a_decision_is_the_name_of_the_key(
    keyed_app: FastAPI, keys: Keys, body: dict[str, Any]
) -> None:
    token = keys.add("nightly strategy", "score")
    answered = Client(keyed_app).post("/v1/decisions", json=body, headers=bearer(token))
    assert answered.json()["actor"] == "nightly strategy"


def test_a_revoked_key_is_soon_refused_and_its_name_stays_taken(
    keyed_app: FastAPI, keys: Keys
) -> None:
    token = keys.add("someone", "score")
    client = Client(keyed_app)
    assert client.get("/v1/models", headers=bearer(token)).status_code == 200
    keys.revoke("someone")
    until = time.monotonic() + 60
    while client.get("/v1/models", headers=bearer(token)).status_code != 401:
        assert time.monotonic() < until
    assert keys.every()[0].revoked_at is not None
    with pytest.raises(LookupError):
        keys.revoke("someone")
    with pytest.raises(ValueError, match="someone"):
        keys.add("someone", "score")


def test_a_key_that_expires_is_refused_from_then_on_like_any_other(
    keyed_app: FastAPI, keys: Keys, engine: sa.Engine
) -> None:
    token = keys.add("someone", "score", datetime.now(UTC) + timedelta(days=1))
    client = Client(keyed_app)
    assert client.get("/v1/models", headers=bearer(token)).status_code == 200
    unknown = client.get("/v1/models", headers=bearer("unknown"))
    with engine.begin() as connection:
        connection.execute(KEYS.update().values(expires_at=utc_text(datetime.now(UTC))))
    time.sleep(KEY_SECONDS)  # no more than that it is known still
    refused = client.get("/v1/models", headers=bearer(token))
    assert (refused.status_code, refused.content) == (unknown.status_code, unknown.content)
    assert refused.status_code == 401
    assert keys.live(token) is None
    (key,) = keys.every()
    assert key.state == "expired"
    assert not keys.any_live()


class Asked:
    """Answers which key a token is of, and counts how often it was asked; time stands still."""

    def __init__(self, *answers: LiveKey | None) -> None:
        self.answers = list(answers)
        self.now = 0.0
        self.known = KnownKeys(self.ask, lambda: self.now, lambda: self.now)

    def ask(self, _: str) -> LiveKey | None:
        return self.answers.pop(0)


SOMEONE = LiveKey(Caller("someone", "score"), "0" * 64)


def test_a_live_key_is_asked_for_once_a_second_however_many_come() -> None:
    async def run() -> None:
        asked = Asked(SOMEONE, None)
        at_once = await asyncio.gather(*(asked.known.live("t") for _ in range(50)))
        assert at_once == [SOMEONE] * 50
        asked.now = KEY_SECONDS / 2 - 0.01
        assert await asked.known.live("t") == SOMEONE
        assert len(asked.answers) == 1
        asked.now = KEY_SECONDS / 2  # asked anew, but not waited for
        assert await asked.known.live("t") == SOMEONE
        while asked.answers:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        with pytest.raises(IndexError):  # it was refused, and is not known any more
            await asked.known.live("t")

    asyncio.run(run())


def test_a_key_that_was_not_asked_for_in_time_waits_for_the_answer() -> None:
    async def run() -> None:
        asked = Asked(SOMEONE, None, SOMEONE)
        assert await asked.known.live("t") == SOMEONE
        asked.now = KEY_SECONDS
        assert await asked.known.live("t") is None
        assert await asked.known.live("t") == SOMEONE  # what is no key is not remembered

    asyncio.run(run())


def test_no_more_keys_are_remembered_than_there_is_room_for() -> None:
    async def run() -> None:
        asked = Asked(*[SOMEONE] * (KEYS_KEPT + 2))
        for i in range(KEYS_KEPT + 2):
            await asked.known.live(f"t{i}")
        assert len(asked.known._known) == 2

    asyncio.run(run())


def test_a_key_is_not_known_beyond_its_end_however_lately_it_was_asked_for() -> None:
    async def run() -> None:
        ends = KEY_SECONDS / 4
        asked = Asked(LiveKey(SOMEONE.caller, SOMEONE.sha256, ends))
        assert await asked.known.live("t") is not None
        asked.now = math.nextafter(ends, 0)
        assert await asked.known.live("t") is not None
        asked.now = ends
        assert await asked.known.live("t") is None

    asyncio.run(run())


def test_who_tries_tokens_cannot_keep_the_database_busy() -> None:
    async def run() -> None:
        wrong = [None] * UNKNOWN_PER_SECOND
        asked = Asked(SOMEONE, *wrong, SOMEONE, None)
        assert await asked.known.live("known") == SOMEONE
        for i in range(UNKNOWN_PER_SECOND):
            assert await asked.known.live(f"t{i}") is None
        with pytest.raises(ProblemError) as refused:
            await asked.known.live("one more")
        assert refused.value.kind == "rate-limited"
        assert len(asked.answers) == 2  # it was not asked for
        asked.now = KEY_SECONDS  # by now a hundred more may come
        asked.known._unknown.take(asked.now)
        for _ in range(UNKNOWN_PER_SECOND - 1):
            asked.known._unknown.take(asked.now)
        assert await asked.known.live("known") == SOMEONE  # it was live before
        with pytest.raises(ProblemError):
            await asked.known.live("one more")

    asyncio.run(run())


def test_a_key_that_is_asked_for_the_first_time_uses_up_nothing() -> None:
    async def run() -> None:
        asked = Asked(*[SOMEONE] * (UNKNOWN_PER_SECOND + 1))
        for i in range(UNKNOWN_PER_SECOND + 1):
            assert await asked.known.live(f"t{i}") == SOMEONE

    asyncio.run(run())


def test_a_key_is_found_by_its_digest_alone(keys: Keys, engine: sa.Engine) -> None:
    asked: list[Any] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    token = keys.add("someone", "score")
    sa.event.listen(engine, "before_cursor_execute", note)
    assert keys.live(token) is not None
    ((statement, parameters),) = asked
    assert "key_sha256 = ?" in statement
    assert token not in str(parameters)
    assert keys.live(token).sha256 in parameters  # type: ignore[union-attr]


def test_only_the_digest_of_a_key_is_stored(keys: Keys, engine: sa.Engine) -> None:
    token = keys.add("someone", "score")
    assert token.startswith("cs_")
    assert len(token) == 46  # 256 bits in base64, without padding
    with engine.connect() as connection:
        row = connection.execute(sa.select(KEYS)).one()
    assert token not in str(row)
    assert keys.live(token[:-1]) is None


@pytest.mark.parametrize("path", ["/review", "/v1/models"])
def test_a_key_is_no_password_that_a_browser_would_send_unasked(
    keyed_app: FastAPI, keys: Keys, path: str
) -> None:
    token = keys.add("someone", "admin")
    sent = base64.b64encode(f"any:{token}".encode()).decode()
    refused = Client(keyed_app).get(path, headers={"Authorization": f"Basic {sent}"})
    assert refused.status_code == 401
    assert refused.headers.get_list("www-authenticate") == ['Bearer realm="curescore"']


def test_without_keys_only_this_machine_is_answered(client: Client) -> None:
    for host in ("127.0.0.1", "localhost:8000", "[::1]:8000", "LOCALHOST:65535"):
        assert client.get("/v1/models", headers={"Host": host}).status_code == 200
    for host in (
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example@127.0.0.1",
        "localhost:65536",
        "localhost:99999",
        "localhost:x",
        "localhost:",
        "localhost/",
        "::1",
        "",
    ):
        assert client.get("/v1/models", headers={"Host": host}).status_code == 403


def test_no_body_is_read_for_who_is_not_known(engine: sa.Engine, generation: Generation) -> None:
    app = create_app(Settings(auth="keys", body_limit=1024), engine, lambda: generation)
    answered = Client(app).post("/v1/decisions", content=b"x" * 5_000)
    assert answered.status_code == 401
