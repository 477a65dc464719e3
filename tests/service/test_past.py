"""What decided before is found again, verified, and stays loaded."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from models.generation import Generation
from models.intensity.policy import load_policy, policy_content
from service.app import create_app
from service.log.records import Record
from service.replay.making import Kept, ReplayError
from service.replay.past import Past
from service.served.kept import keep_bundle, keep_policy
from service.served.registry import ModelsError
from service.settings import Settings
from service.tables import GENERATIONS
from tests.service.conftest import NOW, Client


@pytest.fixture
def settings(tmp_path: Path, bundle_dir: Path) -> Settings:
    """Of a service that has kept what it served."""
    made = Settings(home=tmp_path, auth="off")
    keep_bundle(made.cache, bundle_dir)
    keep_policy(made.cache, None)
    return made


@pytest.fixture
def record(
    engine: sa.Engine, settings: Settings, generation: Generation, body: dict[str, Any]
) -> Record:
    """Decided by the session's generation."""
    client = Client(create_app(settings, engine, lambda: generation, lambda: NOW))
    made: Record = client.post("/v1/decisions?reasons=all", json=body).json()
    return made


@pytest.fixture
def later(settings: Settings, generation: Generation) -> Generation:
    """What is served instead: another policy, and a model of another name."""
    path = settings.home / "other.toml"
    path.write_bytes(policy_content().replace(b'name = "', b'name = "other-'))
    return replace(generation, policy=load_policy(path), models={"cure": "cure/2"})


def kept_by(past: Past, record: Record) -> Kept:
    kept = past.kept(UUID(record["decision_id"]))
    assert kept is not None
    return kept


def test_what_decides_now_is_used_as_it_is(
    engine: sa.Engine, settings: Settings, generation: Generation, record: Record
) -> None:
    past = Past(engine, settings, lambda: generation)
    assert past.of(kept_by(past, record)) is generation
    assert past.bundle_of(record) is generation.bundles["cure"]


def test_what_decided_is_found_once_another_decides_and_stays_loaded(
    engine: sa.Engine,
    settings: Settings,
    generation: Generation,
    later: Generation,
    record: Record,
) -> None:
    past = Past(engine, settings, lambda: later)
    kept = kept_by(past, record)
    found = past.of(kept)
    assert found is not later
    assert found.versions["cure", False] == record["versions"]
    shutil.rmtree(settings.cache)
    assert past.of(kept) is found
    with pytest.raises(ReplayError, match="bundle cure"):
        Past(engine, settings, lambda: later).of(kept)


def test_the_bundle_alone_is_found_whatever_became_of_the_rest(
    engine: sa.Engine,
    settings: Settings,
    generation: Generation,
    later: Generation,
    record: Record,
) -> None:
    none = replace(later, bundles={})
    past = Past(engine, settings, lambda: none)
    for path in settings.cache.glob("policy-*"):
        shutil.rmtree(path)
    found = past.bundle_of(record)
    assert found.sha256 == record["versions"]["bundle_sha256"]
    assert found is past.bundle_of(record)
    shutil.rmtree(settings.cache)
    with pytest.raises(ReplayError, match="not in"):
        Past(engine, settings, lambda: none).bundle_of(record)


def test_a_bundle_that_was_altered_does_not_decide(
    engine: sa.Engine, settings: Settings, later: Generation, record: Record
) -> None:
    folder = settings.cache / record["versions"]["bundle_sha256"]
    (folder / "booster.txt").write_text("another")
    past = Past(engine, settings, lambda: replace(later, bundles={}))
    with pytest.raises(ModelsError, match=r"booster\.txt"):
        past.bundle_of(record)


def test_looking_for_what_decided_stores_nothing(
    engine: sa.Engine, settings: Settings, later: Generation, record: Record
) -> None:
    past = Past(engine, settings, lambda: later)
    past.of(kept_by(past, record))
    with engine.connect() as connection:
        rows = connection.execute(sa.select(sa.func.count()).select_from(GENERATIONS)).scalar_one()
    assert rows == 1


def test_no_decision_is_of_nothing(
    engine: sa.Engine, settings: Settings, generation: Generation
) -> None:
    assert Past(engine, settings, lambda: generation).kept(UUID(int=1)) is None
