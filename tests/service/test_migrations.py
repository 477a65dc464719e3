"""Migrations up and down on both databases, with decisions in the tables."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from models.decision import Decision
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
from service.tables import DECISIONS, METADATA
from tests.records import EXPLORED, decided, first_record, second_record
from tests.storing import AT, as_json, made, put

OLD = "0001"


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
