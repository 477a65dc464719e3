"""Migrations up and down on both databases, with decisions in the tables."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from models.decision import Decision
from models.intensity.ladder import Treatment
from service.database import (
    VERSION_TABLE,
    DatabaseError,
    assert_migrated,
    connect,
    downgrade,
    upgrade,
)
from service.log.decisions import DecisionLog, Query
from service.log.generations import Generations, versions_of
from service.log.records import Record, entry, shown
from service.log.superseding import Superseding
from service.tables import DECISIONS, METADATA, RULES, SUPERSESSIONS
from tests.logged import every_table
from tests.records import EXPLORED, decided, first_record, second_record
from tests.storing import AT, as_json, made, put, store_whole

OLD = "0001"
NO_TREATMENTS = "0005"  # the last revision whose kinds have none


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'log.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    upgrade(url)
    made = connect(url)
    yield made
    made.dispose()


def test_they_make_the_tables_that_the_code_uses(url: str, engine: sa.Engine) -> None:
    downgrade(url, "base")
    with pytest.raises(DatabaseError, match="curescore db upgrade"):
        assert_migrated(engine)
    assert upgrade(url) == upgrade(url)
    assert_migrated(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, METADATA) == []
    assert downgrade(url, "base") == "base"
    engine.dispose()
    assert sa.inspect(engine).get_table_names() == [VERSION_TABLE]


def old_records() -> list[Record]:
    """Records of schemas 1 to 3, oldest first."""
    _, third = entry(decided(**EXPLORED), b"{}", decided_at=AT, actor="night", generation=1)
    every = [first_record(), second_record(), as_json(third)]
    return sorted(every, key=lambda record: str(record["decision_id"]))


def old_row(record: Record) -> dict[str, Any]:
    """A row of `decisions` at the first revision."""
    score, intensity = record["score"], record["intensity"]
    rules = [rule["rule"] for rule in intensity["binding_rules"]]
    at = datetime.fromisoformat(record["as_of"]).astimezone(UTC)
    return {
        "decision_id": record["decision_id"],
        "account_id": record["account_id"],
        "as_of": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "decided_at": record["decided_at"],
        "stage": score["stage"],
        "tier": score["tier"],
        "level": intensity["level"],
        "status": record["status"],
        "target": score["target"],
        "bundle_sha256": record["versions"]["bundle_sha256"],
        "rules": "\n".join(["", *rules, ""]),
        "actor": record["actor"],
        "record": json.dumps(record, separators=(",", ":")),
        "inputs": json.dumps({"account": {"account_id": "名"}}, ensure_ascii=False),
    }


def old_table() -> sa.TableClause:
    return sa.table("decisions", *(sa.column(name) for name in old_row(first_record())))


def old_rows(engine: sa.Engine) -> list[dict[str, Any]]:
    engine.dispose()
    with engine.connect() as connection:
        query = sa.select(old_table()).order_by(sa.column("decision_id"))
        return [dict(row) for row in connection.execute(query).mappings()]


@pytest.fixture
def before(url: str, engine: sa.Engine) -> list[dict[str, Any]]:
    """Rows of the first revision, in the database at that revision."""
    downgrade(url, OLD)
    rows = [old_row(record) for record in old_records()]
    with engine.begin() as connection:
        connection.execute(old_table().insert(), rows)
    engine.dispose()
    return rows


def test_old_decisions_are_read_and_found_after_an_upgrade(
    url: str, engine: sa.Engine, before: list[dict[str, Any]]
) -> None:
    upgrade(url)
    log = DecisionLog(engine)
    for row in before:
        record = json.loads(row["record"])
        read = log.read(row["decision_id"])
        assert read is not None
        assert as_json(read) == record
        assert list(as_json(read)) == list(record)
        assert shown(read, 5, "en")["reasons"][0]["text"]
        assert log.inputs(row["decision_id"]) == row["inputs"].encode()
        found = log.search(
            Query(
                stage=row["stage"],
                level=row["level"],
                treatment=record["intensity"]["treatment"],
                model=row["bundle_sha256"],
                rule=record["intensity"]["binding_rules"][0]["rule"],
                decided_from=datetime.fromisoformat(row["decided_at"]),
            ),
            10,
        )
        assert row["decision_id"] in [one["decision_id"] for one in found.records]
    assert len(log.search(Query(), 10).records) == len(before)


def test_an_upgrade_and_a_downgrade_leave_old_decisions_as_they_were(
    url: str, engine: sa.Engine, before: list[dict[str, Any]]
) -> None:
    upgrade(url)
    downgrade(url, OLD)
    assert old_rows(engine) == before


def test_generations_say_what_old_records_say_of_them(
    url: str, engine: sa.Engine, before: list[dict[str, Any]]
) -> None:
    upgrade(url)
    with engine.connect() as connection:
        query = sa.select(DECISIONS.c.generation).order_by(DECISIONS.c.decision_id)
        numbers = connection.execute(query).scalars().all()
    for number, row in zip(numbers, before, strict=True):
        record = json.loads(row["record"])
        document = Generations(engine).document(number)
        told = versions_of(document, record["score"]["target"], record["intensity"]["arm"] or "")
        assert told == {"estimate": None} | record["versions"]


def test_new_decisions_become_old_ones_and_are_read_as_before(
    url: str, engine: sa.Engine, decision: Decision
) -> None:
    """More than one batch of them, real ones and such with every kind of change."""
    pairs = [
        *made(engine, decision, 600, inputs='{"名":1}'.encode()),
        *made(engine, decided(), 1, 10_000),
        *made(engine, decided(**EXPLORED), 1, 10_001),
    ]
    put(engine, [one for one, _ in pairs])
    engine.dispose()
    downgrade(url, OLD)
    records = [record for _, record in pairs]
    for row, record in zip(old_rows(engine), records, strict=True):
        same = ("record", "inputs")
        expected = old_row(as_json(record))
        assert {k: row[k] for k in row if k not in same} == {
            k: expected[k] for k in expected if k not in same
        }
        assert row["record"] == expected["record"]
    engine.dispose()
    upgrade(url)
    log = DecisionLog(engine)
    for one, record in pairs[::100] + pairs[-2:]:
        read = log.read(one.decision_id)
        assert read is not None
        assert shown(read, None, "en") == shown(record, None, "en")
    assert log.inputs(pairs[0][0].decision_id) == '{"名":1}'.encode()


def kinds_of(engine: sa.Engine) -> dict[str, list[int]]:
    """The kinds in each table that has them, in the order of the decisions."""
    engine.dispose()
    with engine.connect() as connection:
        return {
            table.name: list(
                connection.execute(
                    sa.select(table.c.kind).order_by(table.c.decision_id, table.c.kind)
                ).scalars()
            )
            for table in (DECISIONS, RULES, SUPERSESSIONS)
        }


def guards(engine: sa.Engine) -> list[Any]:
    """What the database has of the triggers that keep the log as it is."""
    sqlite = engine.dialect.name == "sqlite"
    query = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
        if sqlite
        else "SELECT tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger "
        "WHERE NOT tgisinternal ORDER BY tgname, tgrelid"
    )
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


TREATED = dict.fromkeys(get_args(Treatment), 2) | {"negotiate": 1_100}


@pytest.fixture
def treated(engine: sa.Engine) -> None:
    """So many decisions with each treatment, the first superseded; and two old ones."""
    superseding = Superseding(engine)
    for i, (treatment, count) in enumerate(TREATED.items()):
        pairs = made(engine, decided(treatment=treatment), count, 10_000 * i)
        put(engine, [one for one, _ in pairs])
        ((successor, _),) = made(engine, decided(treatment="wait"), 1, 100_000 + i)
        superseding.record(successor, pairs[0][0].decision_id, pairs[0][0].kind, None)
    for record in (first_record(), second_record()):
        store_whole(engine, record)


@pytest.mark.usefixtures("treated")
def test_kinds_lose_their_treatments_and_get_them_again(url: str, engine: sa.Engine) -> None:
    before, guarded = kinds_of(engine), guards(engine)
    assert {kind >> 60 for kind in before["decisions"]} == set(range(1, 8))
    assert {kind >> 60 for kind in before["supersessions"]} == set(range(1, 8))
    engine.dispose()
    downgrade(url, NO_TREATMENTS)
    without = (1 << 60) - 1
    assert kinds_of(engine) == {
        name: [kind & without for kind in kinds] for name, kinds in before.items()
    }
    assert guards(engine) == guarded
    engine.dispose()
    upgrade(url)
    assert kinds_of(engine) == before
    assert guards(engine) == guarded
    for table in before:
        with pytest.raises(sa.exc.IntegrityError, match="append-only"), engine.begin() as changing:
            changing.exec_driver_sql(f"UPDATE {table} SET kind = 0")


@pytest.mark.usefixtures("treated")
def test_old_decisions_are_found_by_their_treatments(url: str, engine: sa.Engine) -> None:
    engine.dispose()
    downgrade(url, NO_TREATMENTS)
    upgrade(url)
    log, rule = DecisionLog(engine), decided().intensity.binding_rules[0].rule
    intensities = [each["intensity"] for each in (first_record(), second_record())]
    old = Counter(each["treatment"] for each in intensities)
    bound = Counter(
        each["treatment"]
        for each in intensities
        if rule in [one["rule"] for one in each["binding_rules"]]
    )
    for treatment, count in TREATED.items():
        succeeding = len(TREATED) if treatment == "wait" else 0
        for query, expected in (
            (Query(treatment=treatment), count + succeeding + old[treatment]),
            (Query(treatment=treatment, rule=rule), count + succeeding + bound[treatment]),
            (Query(treatment=treatment, status="superseded"), 1),
            (Query(treatment=treatment, status="superseded", rule=rule), 1),
        ):
            found = log.search(query, 2_000).records
            assert {each["intensity"]["treatment"] for each in found} == {treatment}
            assert len(found) == expected, query


def test_what_cannot_be_read_keeps_no_log_from_moving(url: str, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        every_table(connection, AT)  # whose record is no record
    before = kinds_of(engine)
    engine.dispose()
    downgrade(url, NO_TREATMENTS)
    upgrade(url)
    assert kinds_of(engine) == before
