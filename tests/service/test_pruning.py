"""Pruning: what goes, what stays, what is logged of it, and who else writes meanwhile."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.database import connect, upgrade
from service.instants import instant
from service.log import pruning
from service.log.grants import PRUNE, SERVICE, grant
from service.log.pruning import Prunable, Pruned, prunable, prune
from service.tables import (
    DECISIONS,
    EVENTS,
    GENERATIONS,
    IDEMPOTENCY,
    PRUNINGS,
    RECORDED_CHUNKS,
    RULES,
    SUPERSESSIONS,
    VISITS,
)
from tests.logged import accounts, day, decided, every_table, happened, keyed

SINCE = day("2024-07-01")
MOMENT = timedelta(microseconds=1)


def ignore(_: Pruned) -> None:
    """Whom nobody needs to tell."""


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'log.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    upgrade(url)
    engine = connect(url)
    yield engine
    engine.dispose()


def record(engine: sa.Engine, *decisions: tuple[str, datetime]) -> None:
    with engine.begin() as connection:
        for account, at in decisions:
            decided(connection, account, at, ("plan_kept", "quiet_hours"))


def count(engine: sa.Engine, table: sa.Table) -> int:
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def log(engine: sa.Engine) -> list[Any]:
    order = PRUNINGS.c.pruning_id, PRUNINGS.c.batch
    with engine.connect() as connection:
        return list(connection.execute(sa.select(PRUNINGS).order_by(*order)))


def test_an_account_goes_by_its_last_decision(engine: sa.Engine) -> None:
    record(
        engine,
        ("before", SINCE - MOMENT),
        ("at", SINCE),
        ("after", SINCE + MOMENT),
        ("long before", SINCE - timedelta(days=900)),
        ("long before", SINCE - timedelta(days=800)),
        ("still active", SINCE - timedelta(days=900)),
        ("still active", SINCE),
    )
    assert prune(engine, SINCE, "test", ignore) == Pruned(accounts=2, decisions=3)
    assert accounts(engine) == ["after", "at", "still active", "still active"]
    assert count(engine, RULES) == 8
    assert prune(engine, SINCE, "test", ignore) == Pruned()


def test_an_account_goes_by_what_was_told_of_it_too(engine: sa.Engine) -> None:
    long_ago = SINCE - timedelta(days=900)
    record(engine, ("told since", long_ago), ("told before", long_ago), ("decided since", SINCE))
    with engine.begin() as connection:
        happened(connection, "told since", long_ago, "E-1")
        happened(connection, "told since", SINCE, "E-2")
        happened(connection, "told before", SINCE - MOMENT, "E-3")
        happened(connection, "decided since", long_ago, "E-4")
        happened(connection, "never decided on", long_ago, "E-5")
        happened(connection, "only told since", SINCE, "E-6")
    found = prunable(engine, SINCE)
    assert (found.accounts, found.decisions, found.events) == (2, 1, 4)
    assert prune(engine, SINCE, "test", ignore) == Pruned(accounts=2, decisions=1, events=4)
    assert accounts(engine) == ["decided since", "told since"]
    for table in (EVENTS, VISITS):
        with engine.connect() as connection:
            kept = connection.execute(sa.select(table.c.account_id)).scalars().all()
        assert sorted(kept) == ["decided since", "only told since", "told since", "told since"]
    assert sum(row.events for row in log(engine)) == 4


def test_the_events_of_an_account_count_for_the_size_of_a_batch(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BATCH", 4)
    old = SINCE - MOMENT
    record(engine, *((f"A{i}", old) for i in range(6)))
    with engine.begin() as connection:
        for i in range(6):
            happened(connection, f"A{i}", old, f"E-{i}")
        for i in range(5):
            happened(connection, f"B{i}", old, f"F-{i}")
    assert prune(engine, SINCE, "test", ignore) == Pruned(11, 6, 0, 22)
    assert max(row.decisions + row.events for row in log(engine)) == 4


def test_the_count_says_what_would_go_and_removes_nothing(engine: sa.Engine) -> None:
    assert prunable(engine, SINCE) == Prunable(0, 0, None, None, 0, 0, 0, 0)
    oldest = SINCE - timedelta(days=900)
    record(
        engine,
        ("A", oldest),
        ("A", SINCE - timedelta(days=2)),
        ("B", SINCE - timedelta(days=3)),
        ("active", SINCE - timedelta(days=1_000)),
        ("active", SINCE),
    )
    with engine.begin() as connection:
        keyed(connection, "old", SINCE)
        happened(connection, "B", SINCE - timedelta(days=1), "EB")
        happened(connection, "active", SINCE - timedelta(days=1), "E")
    size = 3 * len(b"record" + b"inputs")
    expected = Prunable(2, 3, oldest, SINCE - timedelta(days=2), 6, 1, size, 2)
    assert prunable(engine, SINCE) == expected
    assert prunable(engine, SINCE) == expected
    assert len(accounts(engine)) == 5


def test_idempotency_keys_go_when_they_are_a_week_old(engine: sa.Engine) -> None:
    now = datetime.now(UTC)
    with engine.begin() as connection:
        keyed(connection, "old", now - timedelta(days=7, minutes=1))
        keyed(connection, "young", now - timedelta(days=7, minutes=-1))
    assert prune(engine, SINCE, "test", ignore) == Pruned(keys=1)
    with engine.connect() as connection:
        assert connection.execute(sa.select(IDEMPOTENCY.c.key)).scalars().all() == ["young"]


def test_generations_and_chunks_stay(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        every_table(connection, SINCE - MOMENT)
    assert prune(engine, SINCE, "test", ignore) == Pruned(1, 1, 1, 2)
    gone = (DECISIONS, RULES, IDEMPOTENCY, EVENTS, VISITS, SUPERSESSIONS)
    assert [count(engine, table) for table in gone] == [0] * len(gone)
    assert (count(engine, GENERATIONS), count(engine, RECORDED_CHUNKS)) == (1, 1)


def test_every_batch_is_logged_with_what_it_removed(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BATCH", 4)
    old = SINCE - timedelta(days=1)
    record(engine, *((f"A{i}", old) for i in range(9)), *(("heavy", old) for _ in range(11)))
    with engine.begin() as connection:
        for i in range(9):
            keyed(connection, f"key {i}", SINCE)
    sums: list[Pruned] = []
    began = datetime.now(UTC)
    assert prune(engine, SINCE, "somebody", sums.append) == Pruned(10, 20, 9)
    rows = log(engine)
    removed = [(row.accounts, row.decisions, row.keys) for row in rows]
    accounts_, decisions, keys = (list(column) for column in zip(*removed, strict=True))
    assert (sum(accounts_), sum(decisions), sum(keys)) == (10, 20, 9)
    assert all(n <= 4 or (a, n) == (1, 11) for a, n in zip(accounts_, decisions, strict=True))
    assert max(keys) == 4
    assert [row.batch for row in rows] == list(range(len(rows)))
    assert [row.completed for row in rows] == [False] * (len(rows) - 1) + [True]
    assert len({row.pruning_id for row in rows}) == 1
    assert {(row.actor, instant(row.inactive_since)) for row in rows} == {("somebody", SINCE)}
    assert all(began <= instant(row.at) <= datetime.now(UTC) for row in rows)
    assert sums[-1] == Pruned(10, 20, 9)
    assert len(sums) == len(rows) - 1


def test_an_interrupted_pruning_is_logged_as_far_as_it_came_and_goes_on(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BATCH", 2)
    record(engine, *((f"A{i}", SINCE - MOMENT) for i in range(7)))

    def interrupt(removed: Pruned) -> None:
        if removed.decisions == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prune(engine, SINCE, "test", interrupt)
    assert len(accounts(engine)) == 3
    assert [(row.decisions, row.completed) for row in log(engine)] == [(2, False), (2, False)]
    assert prune(engine, SINCE, "test", ignore) == Pruned(3, 3)
    assert accounts(engine) == []


def test_an_account_that_becomes_active_meanwhile_keeps_everything(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BATCH", 4)
    old = SINCE - MOMENT
    record(engine, *((name, old) for name in ("A", "B", "B", "B", "C", "C", "D")))

    def decide(removed: Pruned) -> None:
        if removed.accounts == 2:  # C was found to be inactive together with A and B
            record(engine, ("C", SINCE))

    assert prune(engine, SINCE, "test", decide) == Pruned(3, 5)
    assert accounts(engine) == ["C", "C", "C"]
    assert count(engine, RULES) == 6


def test_pruning_and_recording_go_on_beside_each_other(engine: sa.Engine) -> None:
    inactive = [(f"old {i % 400}", SINCE - timedelta(minutes=i + 1)) for i in range(2_000)]
    record(engine, *inactive)
    stop = threading.Event()
    recorded: list[str] = []
    errors: list[Exception] = []

    def write() -> None:
        while not stop.is_set():
            name = f"new {len(recorded)}"
            try:
                record(engine, (name, SINCE + timedelta(minutes=1)))
            except sa.exc.SQLAlchemyError as error:
                errors.append(error)
                return
            recorded.append(name)

    between: list[int] = []
    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert prune(engine, SINCE, "test", lambda _: between.append(len(recorded))) == Pruned(
            400, 2_000
        )
    finally:
        stop.set()
        writer.join()
    assert errors == []
    assert between[-1] > between[0]
    assert accounts(engine) == sorted(recorded)


def test_two_prunings_at_once_remove_each_decision_once(engine: sa.Engine) -> None:
    record(engine, *((f"old {i % 300}", SINCE - timedelta(minutes=i + 1)) for i in range(1_500)))
    results: list[Pruned] = []
    threads = [
        threading.Thread(target=lambda: results.append(prune(engine, SINCE, "test", ignore)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result.decisions for result in results) == 1_500
    assert sum(row.decisions for row in log(engine)) == 1_500
    assert count(engine, RULES) == 0


def test_what_was_pruned_is_no_longer_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    upgrade(f"sqlite:///{path}")
    engine = connect(f"sqlite:///{path}")
    record(engine, *((f"forgotten-{i:05}", SINCE - MOMENT) for i in range(3_000)))
    record(engine, ("remembered", SINCE))
    checkpoint(engine)
    assert path.read_bytes().count(b"forgotten-") >= 3_000
    prune(engine, SINCE, "test", ignore)
    checkpoint(engine)
    content = path.read_bytes()
    assert b"remembered" in content
    assert b"forgotten-" not in content
    engine.dispose()


def checkpoint(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def test_it_is_done_under_a_role_of_its_own(postgres_url: str) -> None:
    upgrade(postgres_url)
    owner = connect(postgres_url)
    record(owner, ("old", SINCE - MOMENT), ("new", SINCE))
    with owner.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE pruner LOGIN")
        connection.exec_driver_sql("CREATE ROLE server LOGIN")
    grant(owner, {"pruner": PRUNE, "server": SERVICE})
    urls = (owner.url.set(username=name) for name in ("pruner", "server"))
    pruner, server = (connect(url.render_as_string(hide_password=False)) for url in urls)
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        prune(server, SINCE, "test", ignore)
    assert prunable(pruner, SINCE).decisions == 1
    assert prune(pruner, SINCE, "test", ignore) == Pruned(1, 1)
    assert accounts(owner) == ["new"]
    pruner.dispose()
    server.dispose()
    with owner.begin() as connection:
        connection.exec_driver_sql("DROP OWNED BY pruner, server")
        connection.exec_driver_sql("DROP ROLE pruner, server")
    owner.dispose()
