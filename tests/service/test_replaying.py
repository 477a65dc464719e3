"""Recorded decisions made again: the same to the bit, or told what differs or is missing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import pytest
import sqlalchemy as sa
from backports import zstd

from features.panel import known_at
from models.decide import decide
from models.decision import Decision
from models.generation import Generation
from models.intensity.policy import load_policy
from service.bodies.decoding import decode_decision
from service.bodies.inputs import body_of, decided_on
from service.bodies.panels import panel_of
from service.bodies.schemas import account_from
from service.database import connect, upgrade
from service.instants import new_id
from service.log.decisions import DecisionLog
from service.log.generations import Generations
from service.log.inserts import Inserts
from service.log.packing import WHOLE, packed, unpacked
from service.log.records import entry
from service.replay.making import ReplayError
from service.replay.replaying import Replay, replay
from service.served.reload import Folders, generation_of, table_limit_of
from service.settings import Settings
from service.tables import DECISIONS, GENERATIONS
from tests.bundles import small_bundle
from tests.nightinputs import random_inputs
from tests.policies import PACKAGED
from tests.policyfolders import policy_folder
from tests.records import second_record

AT = datetime(2025, 7, 3, 12, 30, 0, 123_456, UTC)
ACCOUNTS = 40
EXPLORATION = b"""
[exploration]
experiment = "autumn-2026"
key = "never to be told 0123456789"
share = 0.4
challenger_share = 0.3
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'log.db'}" if sqlite else request.getfixturevalue("postgres_url")
    upgrade(url)
    made = connect(url)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Both targets, a policy that explores, and a challenger that comes with an estimate."""
    folder = tmp_path_factory.mktemp("served")
    small_bundle(folder / "models" / "cure")
    small_bundle(folder / "models" / "early_warning", target="early_warning")
    policy = folder / "policy.toml"
    policy.write_bytes(PACKAGED + EXPLORATION)
    challenger = policy_folder(folder, "challenger")
    models = folder / "models"
    return Settings(home=folder, models=models, policy=policy, challenger=challenger)


@pytest.fixture(scope="module")
def deciding(settings: Settings) -> Generation:
    assert settings.models is not None
    folders = {f"{path.name}/1": path for path in settings.models.iterdir()}
    served = Folders(folders, settings.policy, settings.challenger)
    return generation_of(served, table_limit_of(settings))


@pytest.fixture(scope="module")
def inputs() -> list[bytes]:
    """Of accounts as a nightly run records them, then of others as the service does."""
    columns = random_inputs(0, ACCOUNTS)
    bodies = [body_of(each) for each in random_inputs(1, ACCOUNTS, shared=False)]
    return columns + [decode_decision(body, AT).inputs for body in bodies]


def recorded(
    engine: sa.Engine, generation: Generation, inputs: list[bytes], reasons: int | None = None
) -> list[UUID]:
    """The ids of what was decided on these inputs, as one panel, and recorded."""
    bodies = [decided_on(each) for each in inputs]
    panel = panel_of(bodies)
    as_of = np.array([body.as_of.timestamp() for body in bodies])
    view = known_at(panel, np.arange(len(bodies)), as_of)
    accounts = [account_from(body.account) for body in bodies]
    number = Generations(engine).id_of(generation)
    entries = [
        entry(decision, each, decided_at=AT, actor="test", generation=number)[0]
        for decision, each in zip(
            decide(generation, accounts, panel, view, reasons), inputs, strict=True
        )
        if isinstance(decision, Decision)
    ]
    with engine.begin() as connection:
        Inserts(engine).put(connection, entries)
    return [each.decision_id for each in entries]


def replayed(engine: sa.Engine, settings: Settings, decision_id: UUID) -> Replay:
    found = replay(engine, settings, decision_id)
    assert found is not None
    return found


def test_what_was_decided_in_a_crowd_is_the_same_alone(
    engine: sa.Engine, settings: Settings, deciding: Generation, inputs: list[bytes]
) -> None:
    arms, targets, count = set(), set(), 0
    for reasons, part in ((None, inputs[::2]), (5, inputs[1::2])):
        for decision_id in recorded(engine, deciding, part, reasons):
            found = replayed(engine, settings, decision_id)
            assert found.identical, found.compared.differences
            assert found.compared.contributions == len(found.record["reasons"])
            assert found.compared.fields > 100
            arms.add(found.record["intensity"]["arm"])
            targets.add(found.record["score"]["target"])
            count += 1
    assert arms == {"ordinary", "explore", "challenger"}
    assert targets == {"cure", "early_warning"}
    assert count > ACCOUNTS / 2


def test_an_id_that_was_never_given_is_of_nothing(engine: sa.Engine, settings: Settings) -> None:
    assert replay(engine, settings, new_id(AT)) is None


@pytest.fixture
def one(engine: sa.Engine, deciding: Generation, inputs: list[bytes]) -> UUID:
    """A decision in a log in which, unlike any other, what is recorded can be changed."""
    for table in ("decisions", "generations"):
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql(f"DROP TRIGGER {table}_no_update")
            else:
                connection.exec_driver_sql(f"DROP TRIGGER {table}_append_only ON {table}")
    return recorded(engine, deciding, inputs[:20])[0]


def changed(engine: sa.Engine, table: sa.Table, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(table.update().values(**values))


def test_a_field_that_was_changed_is_told_as_stored_and_as_replayed(
    engine: sa.Engine, settings: Settings, one: UUID
) -> None:
    log = DecisionLog(engine)
    before = log.read(one)
    assert before is not None
    query = sa.select(DECISIONS.c.record).where(DECISIONS.c.decision_id == one)
    with engine.connect() as connection:
        stored = unpacked(connection.execute(query).scalar_one(), before["reasons"].names)
    assert not isinstance(stored, dict)
    probability = np.nextafter(before["score"]["probability"], 1)
    other = stored._replace(score=[float(probability), *stored.score[1:]])
    changed(engine, DECISIONS, record=packed(other))
    found = replayed(engine, settings, one)
    assert not found.identical
    (difference,) = found.compared.differences
    assert difference.field == "score.probability"
    assert difference.stored == probability
    assert difference.replayed == before["score"]["probability"]


def test_a_column_that_no_field_shows_is_compared_too(
    engine: sa.Engine, settings: Settings, one: UUID
) -> None:
    changed(engine, DECISIONS, kind=1)
    (difference,) = replayed(engine, settings, one).compared.differences
    assert (difference.field, difference.stored) == ("stored kind", 1)


def test_inputs_that_were_changed_are_seen(
    engine: sa.Engine, settings: Settings, one: UUID
) -> None:
    told = DecisionLog(engine).inputs(one)
    assert told is not None
    other = json.loads(told)
    other["account"]["apr"] = 0.5
    changed(engine, DECISIONS, inputs=b"\x01" + zstd.compress(json.dumps(other).encode()))
    fields = [each.field for each in replayed(engine, settings, one).compared.differences]
    assert "inputs_sha256" in fields


@pytest.mark.parametrize("part", ["record", "inputs"])
def test_what_is_damaged_is_told(
    part: str, engine: sa.Engine, settings: Settings, one: UUID
) -> None:
    query = sa.select(DECISIONS.c[part]).where(DECISIONS.c.decision_id == one)
    with engine.connect() as connection:
        stored = connection.execute(query).scalar_one()
    changed(engine, DECISIONS, **{part: stored[:-10]})
    with pytest.raises(ReplayError, match="damaged"):
        replay(engine, settings, one)


def test_another_image_is_named_with_both_versions(
    engine: sa.Engine, settings: Settings, one: UUID
) -> None:
    with engine.connect() as connection:
        document = json.loads(connection.execute(sa.select(GENERATIONS.c.document)).scalar_one())
    document |= {"code": "0.0.7", "tzdata": "1999.1"}
    changed(engine, GENERATIONS, document=json.dumps(document))
    with pytest.raises(ReplayError, match=r"code 0\.0\.7 \(here .+tzdata 1999\.1 \(here .+image"):
        replay(engine, settings, one)


@pytest.mark.parametrize(
    ("without", "named"),
    [("models", "bundle .* SHA-256"), ("policy", "policy default"), ("challenger", "challenger")],
)
def test_what_decided_and_is_gone_is_named(
    without: str, named: str, engine: sa.Engine, settings: Settings, one: UUID, tmp_path: Path
) -> None:
    left = settings.model_copy(update={"home": tmp_path / "other", without: None})
    with pytest.raises(ReplayError, match=rf"{named}.*put its folder back"):
        replay(engine, left, one)


def test_the_plan_of_a_run_that_is_gone_is_named(
    engine: sa.Engine, settings: Settings, one: UUID
) -> None:
    with engine.connect() as connection:
        document = json.loads(connection.execute(sa.select(GENERATIONS.c.document)).scalar_one())
    changed(engine, GENERATIONS, document=json.dumps(document | {"plan": "a-run"}))
    with pytest.raises(ReplayError, match="capacity plan of run a-run"):
        replay(engine, settings, one)


def test_a_record_of_an_earlier_schema_cannot_be_replayed(
    engine: sa.Engine, settings: Settings, one: UUID
) -> None:
    old = bytes([WHOLE]) + zstd.compress(msgspec.msgpack.encode(second_record()))
    changed(engine, DECISIONS, record=old)
    with pytest.raises(ReplayError, match=r"schema 2.*not be replayed bit for bit"):
        replay(engine, settings, one)


def test_another_generation_differs(
    engine: sa.Engine, settings: Settings, deciding: Generation, inputs: list[bytes]
) -> None:
    """What the generation's number says decided is what is replayed."""
    number = Generations(engine).id_of(deciding)
    plain = replace(deciding, policy=load_policy(None), challenger=None)
    ids = recorded(engine, plain, inputs[:20])
    assert all(replayed(engine, settings, each).identical for each in ids)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER decisions_no_update")
        else:
            connection.exec_driver_sql("DROP TRIGGER decisions_append_only ON decisions")
    changed(engine, DECISIONS, generation=number)
    assert not all(replayed(engine, settings, each).identical for each in ids)
