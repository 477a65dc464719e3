"""Sessions in the database: what is stored, whose they are, and when they end."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from service.database import connect, upgrade
from service.instants import utc_text
from service.log import grants
from service.security.keys import Keys, LiveKey, sha256_of
from service.security.known import KnownKeys
from service.security.sessions import IDLE, LASTS, MOST, Sessions
from service.security.uses import USE_SECONDS, KeyUses
from service.tables import KEY_USES, KEYS, SESSIONS

A_MOMENT = timedelta(minutes=1)
ROLE = "curescore_of_sessions"


@pytest.fixture
def sessions(engine: sa.Engine) -> Sessions:
    return Sessions(engine)


@pytest.fixture
def key(keys: Keys) -> LiveKey:
    live = keys.live(keys.add("anna", "review"))
    assert live is not None
    return live


def set_back(engine: sa.Engine, **values: str) -> None:
    with engine.begin() as connection:
        connection.execute(SESSIONS.update().values(values))


def ago(time: timedelta) -> str:
    return utc_text(datetime.now(UTC) - time)


def rows(engine: sa.Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(SESSIONS)))


def test_a_session_is_that_of_its_key(sessions: Sessions, key: LiveKey) -> None:
    found = sessions.key(sessions.open(key.sha256))
    assert found is not None
    assert (found.caller, found.sha256) == (key.caller, key.sha256)
    assert found.ends <= (datetime.now(UTC) + IDLE).timestamp()


def test_a_key_has_a_bounded_number_of_sessions_the_newest(
    sessions: Sessions, key: LiveKey, keys: Keys, engine: sa.Engine
) -> None:
    other = keys.live(keys.add("boss", "admin"))
    assert other is not None
    of_other, first = sessions.open(other.sha256), sessions.open(key.sha256)
    set_back(engine, last_used_at=ago(A_MOMENT))
    last = [sessions.open(key.sha256) for _ in range(MOST)][-1]
    assert len(rows(engine)) == MOST + 1
    assert sessions.key(first) is None
    assert sessions.key(last) is not None
    assert sessions.key(of_other) is not None


def test_only_the_digest_of_a_session_is_stored(
    sessions: Sessions, key: LiveKey, engine: sa.Engine
) -> None:
    value = sessions.open(key.sha256)
    assert len(value) == 43  # 256 bits in base64, without padding
    (row,) = rows(engine)
    assert value not in str(row)
    assert row.session_sha256 == sha256_of(value)
    assert sessions.key(row.session_sha256) is None
    assert sessions.key(value[:-1]) is None


def test_a_session_that_was_ended_is_none_and_others_of_the_key_go_on(
    sessions: Sessions, key: LiveKey
) -> None:
    here, there = sessions.open(key.sha256), sessions.open(key.sha256)
    assert here != there
    sessions.end(here)
    sessions.end(here)
    sessions.end("never opened")
    assert sessions.key(here) is None
    assert sessions.key(there) is not None


def test_a_session_ends_with_its_key(
    sessions: Sessions, keys: Keys, key: LiveKey, engine: sa.Engine
) -> None:
    value = sessions.open(key.sha256)
    soon = datetime.now(UTC) + A_MOMENT
    with engine.begin() as connection:
        connection.execute(KEYS.update().values(expires_at=utc_text(soon)))
    found = sessions.key(value)
    assert found is not None
    assert found.ends == pytest.approx(soon.timestamp(), abs=1e-5)
    with engine.begin() as connection:
        connection.execute(KEYS.update().values(expires_at=utc_text(datetime.now(UTC))))
    assert sessions.key(value) is None
    with engine.begin() as connection:
        connection.execute(KEYS.update().values(expires_at=None))
    assert sessions.key(value) is not None
    keys.revoke("anna")
    assert sessions.key(value) is None


def test_a_session_ends_after_some_hours_however_much_it_is_used(
    sessions: Sessions, key: LiveKey, engine: sa.Engine
) -> None:
    value = sessions.open(key.sha256)
    set_back(engine, created_at=ago(LASTS - A_MOMENT))
    found = sessions.key(value)
    assert found is not None
    assert found.ends < (datetime.now(UTC) + 2 * A_MOMENT).timestamp()
    set_back(engine, created_at=ago(LASTS))
    assert sessions.key(value) is None


def test_a_session_that_is_not_used_ends_sooner(
    sessions: Sessions, key: LiveKey, engine: sa.Engine
) -> None:
    value = sessions.open(key.sha256)
    set_back(engine, last_used_at=ago(IDLE - A_MOMENT))
    assert sessions.key(value) is not None
    set_back(engine, last_used_at=ago(IDLE))
    assert sessions.key(value) is None


def test_those_that_ended_unused_are_removed_when_another_is_opened(
    sessions: Sessions, key: LiveKey, engine: sa.Engine
) -> None:
    for _ in range(3):
        sessions.open(key.sha256)
    set_back(engine, last_used_at=ago(IDLE + A_MOMENT))
    value = sessions.open(key.sha256)
    assert [row.session_sha256 for row in rows(engine)] == [sha256_of(value)]


def test_a_use_is_written_once_a_minute_and_keeps_a_session(
    sessions: Sessions, key: LiveKey, engine: sa.Engine
) -> None:
    value = sessions.open(key.sha256)
    before = ago(IDLE - A_MOMENT)
    set_back(engine, last_used_at=before)
    now = 0.0
    uses = KeyUses(engine, lambda: now)
    uses.start()
    uses.note(key.sha256, sha256_of(value))
    uses.close()
    (row,) = rows(engine)
    assert row.last_used_at > before
    with engine.connect() as connection:
        assert connection.execute(sa.select(KEY_USES.c.last_used_at)).scalar_one() > before
    set_back(engine, last_used_at=before)
    now = USE_SECONDS - 1
    uses.start()
    uses.note(key.sha256, sha256_of(value))
    uses.close()
    assert rows(engine)[0].last_used_at == before
    now = USE_SECONDS
    uses.start()
    uses.note(key.sha256, sha256_of(value))
    uses.close()
    assert rows(engine)[0].last_used_at > before


def test_the_use_of_a_session_that_is_gone_makes_none(key: LiveKey, engine: sa.Engine) -> None:
    uses = KeyUses(engine)
    uses.start()
    uses.note(key.sha256, "0" * 64)
    uses.close()
    assert rows(engine) == []


def test_what_is_forgotten_does_not_count_even_if_it_is_just_being_asked(key: LiveKey) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def ask(_: str) -> LiveKey | None:
        asked.set()
        assert go_on.wait(30)
        return key

    async def run() -> None:
        known = KnownKeys(ask)
        waiting = asyncio.create_task(known.live("t"))
        await asyncio.to_thread(asked.wait, 30)
        known.forget("t")
        go_on.set()
        assert await waiting is None
        assert known._known == {}
        assert known._asking == {}
        assert await known.live("t") is key  # it is asked for anew
        known.forget("t")
        assert known._known == {}
        known.forget("never seen")

    asyncio.run(run())


@pytest.fixture
def as_service(postgres_url: str) -> Iterator[sa.Engine]:
    """A database of PostgreSQL under a role that has the service's rights and no others."""
    upgrade(postgres_url)
    owner = connect(postgres_url)
    with owner.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {ROLE} LOGIN")
    grants.grant(owner, {ROLE: grants.SERVICE})
    Keys(owner).add("anna", "review")
    service = connect(owner.url.set(username=ROLE).render_as_string(hide_password=False))
    yield service
    service.dispose()
    with owner.begin() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {ROLE}")
        connection.exec_driver_sql(f"DROP ROLE {ROLE}")
    owner.dispose()


def test_on_postgresql_what_the_service_may_is_enough_and_workers_share_sessions(
    as_service: sa.Engine,
) -> None:
    here, there = Sessions(as_service), Sessions(as_service)
    with as_service.connect() as connection:
        digest = connection.execute(sa.select(KEYS.c.key_sha256)).scalar_one()
    here.open(digest)
    set_back(as_service, last_used_at=ago(IDLE + A_MOMENT))
    value = here.open(digest)
    assert len(rows(as_service)) == 1
    assert there.key(value) is not None
    before = rows(as_service)[0].last_used_at
    uses = KeyUses(as_service)
    uses.start()
    uses.note(digest, sha256_of(value))
    uses.close()
    assert rows(as_service)[0].last_used_at > before
    there.end(value)
    assert here.key(value) is None
