"""Pages in the orders of reviewers, against a plain look at every record; on both databases."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import pytest
import sqlalchemy as sa

from models.decision import Status
from models.intensity.ladder import Treatment
from models.score.tier import TIERS
from models.stage import STAGES
from service.database import connect, upgrade
from service.instants import instant, microseconds
from service.log.decisions import DecisionLog, Query
from service.log.ordered import (
    Cursor,
    Order,
    Wanted,
    cursor_of,
    first_cursor,
    is_expired,
    ordered,
    waiting,
)
from service.log.records import Record, entry
from service.log.superseding import Superseding
from tests.postgres import new_database
from tests.records import INTENSITY, decided
from tests.storing import AT, numbered, put

ROWS, SEED = 300, 7
VALID = 2  # days
NOW = AT + timedelta(hours=10)
RULES = INTENSITY.binding_rules
START = first_cursor(NOW, VALID)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def log(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DecisionLog]:
    """Decisions of every kind, made within ten days before NOW, some of them superseded.

    Some are as of long before they were made, so that what was decided lately may be expired.
    """
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('orders') / 'log.db'}"
        yield from filled(url)
    else:
        with new_database(request.getfixturevalue("postgres_server")) as url:
            yield from filled(url)


def filled(url: str) -> Iterator[DecisionLog]:
    upgrade(url)
    engine = connect(url)
    draws = random.Random(SEED)
    number = numbered(engine, decided())
    superseding = Superseding(engine)
    for i in range(ROWS):
        at = NOW - timedelta(days=10 * draws.random() ** 2)
        as_of = at - timedelta(days=draws.choice((0, 0, 1, 3)))
        made = decided(
            level=draws.randrange(5),
            treatment=draws.choice(get_args(Treatment)),
            binding_rules=RULES[: draws.randrange(3)],
        )
        score = replace(made.score, stage=draws.choice(STAGES), tier=draws.choice(TIERS))
        made = replace(
            made,
            account_id=draws.choice(("A-1", "A-2", f"B-{i}")),
            as_of=as_of.isoformat(),
            valid_until=(as_of + timedelta(days=VALID)).isoformat(),
            status="proposed" if draws.random() < 0.4 else "effective",
            score=score,
        )
        one, _ = entry(made, b"{}", decided_at=at, actor="test", generation=number)
        put(engine, [one])
        if draws.random() < 0.2:
            later, _ = entry(
                replace(made, status="effective"),
                b"{}",
                decided_at=min(NOW, at + timedelta(hours=1)),
                actor="anna",
                generation=number,
            )
            superseding.record(later, one.decision_id, one.kind, None)
    yield DecisionLog(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def every(log: DecisionLog) -> list[Record]:
    """All there is, newest first: read one by one."""
    engine: sa.Engine = log._engine
    with engine.connect() as connection:
        ids = connection.execute(sa.text("SELECT decision_id FROM decisions")).scalars().all()
    found = [log.read(UUID(bytes=one) if isinstance(one, bytes) else one) for one in ids]
    return sorted(filter(None, found), key=lambda record: str(record["decision_id"]), reverse=True)


def of_all(log: DecisionLog, wanted: Wanted, limit: int) -> list[Record]:
    """The records of all pages; each page but the last is full."""
    cursor: Cursor | None = START
    pages: list[list[Record]] = []
    while cursor is not None:
        page = ordered(log, wanted, limit, cursor_of(str(cursor)))
        pages.append(page.records)
        cursor = page.next
    assert all(len(records) == limit for records in pages[:-1])
    assert pages[-1] or len(pages) == 1
    return [record for records in pages for record in records]


def _approval(record: Record) -> int:
    """Proposals that may be valid first, then what is effective, then other proposals."""
    if record["status"] == "proposed":
        if datetime.fromisoformat(record["as_of"]) >= START.since:
            return 0
        return 2 if record["decided_at"] >= text(START.since) else 3
    return {"effective": 1, "superseded": 4}[record["status"]]


def text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


PLACES: dict[Order, Callable[[Record], int]] = {
    "approval": _approval,
    "newest": lambda record: 0,
    "highest_level": lambda record: -int(record["intensity"]["level"]),
    "lowest_level": lambda record: int(record["intensity"]["level"]),
    "latest_stage": lambda record: -STAGES.index(record["score"]["stage"]),
    "earliest_stage": lambda record: STAGES.index(record["score"]["stage"]),
    "worst_tier": lambda record: -TIERS.index(record["score"]["tier"]),
    "best_tier": lambda record: TIERS.index(record["score"]["tier"]),
}


def meets(record: Record, query: Query) -> bool:
    """Whether the record meets all conditions, each looked at by itself."""
    score, intensity = record["score"], record["intensity"]
    bound = [rule["rule"] for rule in intensity["binding_rules"]]
    return all(
        wanted is None or holds
        for wanted, holds in (
            (query.account_id, record["account_id"] == query.account_id),
            (query.stage, score["stage"] == query.stage),
            (query.tier, score["tier"] == query.tier),
            (query.level, intensity["level"] == query.level),
            (query.treatment, intensity["treatment"] == query.treatment),
            (query.status, record["status"] == query.status),
            (query.rule, query.rule in bound),
            (query.model, record["versions"]["bundle_sha256"] == query.model),
            (query.decided_from, record["decided_at"] >= text(query.decided_from or NOW)),
            (query.decided_until, record["decided_at"] < text(query.decided_until or NOW)),
        )
    )


def expected(every: list[Record], wanted: Wanted) -> list[str]:
    shown = wanted.every or wanted.query.status == "superseded"
    found = [
        record
        for record in every
        if meets(record, wanted.query) and (shown or record["status"] != "superseded")
    ]
    return ids_of(sorted(found, key=PLACES[wanted.order]))


def ids_of(records: list[Record]) -> list[str]:
    return [record["decision_id"] for record in records]


def test_the_log_has_what_the_orders_part(every: list[Record]) -> None:
    assert {_approval(record) for record in every} == set(range(5))
    assert len(every) > ROWS
    valid = [each for each in every if each["status"] == "proposed" and not is_expired(each, NOW)]
    assert valid
    assert {_approval(record) for record in valid} == {0}
    for place in PLACES.values():
        assert len({place(record) for record in every}) in (1, 4, 5)


@pytest.mark.parametrize("with_superseded", [False, True])
@pytest.mark.parametrize("limit", [7, 100])
@pytest.mark.parametrize("order", get_args(Order))
def test_pages_hold_everything_once_in_every_order(
    log: DecisionLog, every: list[Record], order: Order, limit: int, with_superseded: bool
) -> None:
    wanted = Wanted(Query(), order, with_superseded)
    found = ids_of(of_all(log, wanted, limit))
    assert found == expected(every, wanted)
    assert (set(found) == set(ids_of(every))) == with_superseded


def conditions(seed: int) -> dict[str, Any]:
    """Conditions that are drawn, each of them there in one of three cases."""
    draws = random.Random(seed)
    since = NOW - timedelta(days=10 * draws.random())
    values: dict[str, Any] = {
        "account_id": draws.choice(("A-1", "A-2", "nobody")),
        "stage": draws.choice(STAGES),
        "tier": draws.choice(TIERS),
        "level": draws.randrange(5),
        "treatment": draws.choice(get_args(Treatment)),
        "status": draws.choice(get_args(Status)),
        "rule": draws.choice([rule.rule for rule in RULES[:3]]),
        "model": draws.choice(["78" * 32, "0" * 64]),
        "decided_from": since,
        "decided_until": since + timedelta(days=5 * draws.random()),
    }
    kept = draws.sample(list(values), draws.randrange(4))
    return {name: values[name] for name in kept}


@pytest.mark.parametrize("seed", range(50))
def test_each_filter_leaves_what_it_says_in_the_order(
    log: DecisionLog, every: list[Record], seed: int
) -> None:
    draws = random.Random(f"order {seed}")
    order: Order = draws.choice(get_args(Order))
    wanted = Wanted(Query(**conditions(seed)), order, draws.random() < 0.5)
    assert ids_of(of_all(log, wanted, draws.choice((5, 50)))) == expected(every, wanted)


@pytest.mark.parametrize("name", Query.__slots__)
def test_every_filter_was_drawn_and_met(every: list[Record], name: str) -> None:
    drawn = [Query(**conditions(seed)) for seed in range(50)]
    using = [query for query in drawn if getattr(query, name) is not None]
    assert any(meets(record, query) for query in using for record in every), name
    assert any(not meets(record, query) for query in using for record in every), name


def test_a_page_that_is_just_full_is_the_last_one(log: DecisionLog, every: list[Record]) -> None:
    for order in get_args(Order):
        wanted = Wanted(Query(account_id="A-1"), order)
        count = len(expected(every, wanted))
        assert count > 10
        assert ordered(log, wanted, count, START).next is None
        assert ordered(log, wanted, count - 1, START).next is not None


def test_what_is_decided_meanwhile_moves_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'moving.db'}"
    for moving in filled(url):
        wanted = Wanted(Query(), "highest_level")
        whole = ids_of(of_all(moving, wanted, 100))
        first = ordered(moving, wanted, 25, START)
        engine: sa.Engine = moving._engine
        number = numbered(engine, decided())
        new = [
            entry(
                decided(level=level),
                b"{}",
                decided_at=NOW + timedelta(seconds=level),
                actor="test",
                generation=number,
            )[0]
            for level in range(5)
        ]
        put(engine, new)
        seen, cursor = ids_of(first.records), first.next
        while cursor is not None:
            page = ordered(moving, wanted, 25, cursor)
            seen += ids_of(page.records)
            cursor = page.next
        fresh = {str(one.decision_id) for one in new}
        assert [one for one in seen if one not in fresh] == whole
        assert len(seen) == len(set(seen))


def test_proposals_that_can_be_approved_are_counted(log: DecisionLog, every: list[Record]) -> None:
    proposed = [record for record in every if record["status"] == "proposed"]
    count = sum(not is_expired(record, NOW) for record in proposed)
    assert count > 10
    assert waiting(log, NOW, VALID, 1_000) == count
    assert waiting(log, NOW, VALID, count) == count
    assert waiting(log, NOW, VALID, count - 1) == count
    assert waiting(log, NOW, VALID, 3) == 4
    assert waiting(log, NOW + timedelta(days=30), VALID, 10) == 0


def test_of_an_account_with_many_decisions_a_page_may_be_short_and_yet_leave_none_out(
    log: DecisionLog, every: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.log.searching.SCANNED", 3)
    monkeypatch.setattr("service.log.ordered.SEARCHES", 2)
    wanted = Wanted(Query(account_id="A-1", level=4), "approval", every=True)
    cursor: Cursor | None = START
    seen: list[str] = []
    sizes = set()
    while cursor is not None:
        page = ordered(log, wanted, 2, cursor)
        sizes.add(len(page.records))
        seen += ids_of(page.records)
        cursor = page.next
    assert seen == expected(every, wanted)
    assert 0 in sizes


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "1",
        "1.",
        "1.9",
        "-1.0",
        "1.0.",
        "1.0.x",
        f"{10**17}.0",
        "1.0.0-0",
        "1.0." + "-" * 36,
    ],
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError, match=r"cursor|UUID"):
        cursor_of(cursor)


def test_a_cursor_of_another_order_is_refused(log: DecisionLog) -> None:
    wanted = Wanted(Query(), "newest")
    with pytest.raises(ValueError, match="another order"):
        ordered(log, wanted, 5, START._replace(place=1))
    narrowed = Wanted(Query(level=1), "highest_level")
    with pytest.raises(ValueError, match="another order"):
        ordered(log, narrowed, 5, START._replace(place=1))


def test_a_cursor_is_read_as_it_was_written() -> None:
    whole = instant(microseconds(NOW))
    for cursor in (Cursor(whole), Cursor(whole, 4), Cursor(whole, 2, UUID(int=7))):
        assert cursor_of(str(cursor)) == cursor
