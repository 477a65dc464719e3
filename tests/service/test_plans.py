"""The capacity plan in force, as the folder of plans changes under a running service."""

import logging
import os
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import sqlalchemy as sa

from models.generation import Generation
from models.intensity.plan import PLAN, PlanError, Terms, read_plan, write_plan
from models.intensity.policy import load_policy, policy_content
from models.intensity.rules.version import RULES_VERSION
from service.app import create_app
from service.served.plans import Plans, made_with
from service.settings import Settings
from tests.estimates import ByDays, with_estimate
from tests.servers import completed
from tests.service.conftest import NOW, Client

AS_OF = datetime(2025, 7, 2, 1, 30, tzinfo=UTC)


def published(plans: Path, generation: Generation, days: int = 0, price: float = 0.25) -> Path:
    """A plan of this generation, made so many days later than AS_OF."""
    terms = Terms(
        run_id=str(uuid4()),
        as_of=AS_OF + timedelta(days=days),
        decided_at=AS_OF + timedelta(days=days, hours=1),
        prices={"agent_minutes": price, "letters": 0.0, "visits": 40.0},
        capacity={"agent_minutes": 4_800.0, "letters": None, "visits": 10.0},
        use={"agent_minutes": 4_799.5, "letters": 812.0, "visits": 10.0},
        value=1_000.0,
        bound=1_001.0,
        keeps_minimum=True,
        bundles={target: bundle.sha256 for target, bundle in generation.bundles.items()},
        policy_sha256=generation.policy.sha256,
        estimate_sha256=generation.policy.estimate_sha256,
        currencies=dict(generation.policy.currencies),
        rules=RULES_VERSION,
        n=2,
    )
    return write_plan(plans, terms, np.array([5, 7], np.uint64), np.array([1, 2], np.uint8))


def damage(plan: Path) -> None:
    (plan / PLAN).write_bytes((plan / PLAN).read_bytes()[:-20])


def in_force(plans: Plans, generation: Generation) -> str | None:
    """The name of the plan's folder."""
    plan = plans.applied(generation).plan
    return None if plan is None else plan.terms.name


def test_the_newest_plan_is_picked_up_without_a_restart(
    generation: Generation, tmp_path: Path
) -> None:
    plans = Plans(tmp_path / "plans")
    assert plans.applied(generation).plan is None
    for days in (0, 1, 2):
        newest = published(tmp_path / "plans", generation, days)
        assert in_force(plans, generation) == newest.name
    published(tmp_path / "plans", generation, days=1)  # a run anew as of a day that has passed
    assert in_force(plans, generation) == newest.name
    assert plans.applied(generation) is plans.applied(generation)
    other = replace(generation)
    assert plans.applied(other).plan is plans.applied(generation).plan


def test_a_plan_of_the_moment_at_which_the_folder_was_read_is_seen(
    generation: Generation, tmp_path: Path
) -> None:
    """Clocks of file systems tick slowly: two changes may bear the same time."""
    folder = tmp_path / "plans"
    published(folder, generation)
    plans = Plans(folder)
    at = folder.stat().st_mtime_ns
    newest = published(folder, generation, days=1)
    os.utime(folder, ns=(at, at))
    assert in_force(plans, generation) == newest.name


def test_a_folder_that_does_not_change_is_not_read_again(
    generation: Generation, tmp_path: Path
) -> None:
    folder = tmp_path / "plans"
    newest = published(folder, generation)
    long_ago = time.time() - 60
    os.utime(folder, (long_ago, long_ago))
    plans = Plans(folder)
    shutil.rmtree(newest)
    os.utime(folder, (long_ago, long_ago))
    assert in_force(plans, generation) == newest.name


def test_a_plan_that_was_met_half_copied_is_used_once_it_is_whole(
    generation: Generation, tmp_path: Path
) -> None:
    whole = published(tmp_path / "elsewhere", generation, days=1)
    folder = tmp_path / "plans"
    before = published(folder, generation)
    plans = Plans(folder)
    copied = folder / whole.name
    copied.mkdir()
    assert in_force(plans, generation) == before.name
    for file in whole.iterdir():
        shutil.copy(file, copied)
    assert in_force(plans, generation) == whole.name


def test_a_damaged_plan_is_told_once_and_the_one_before_goes_on(
    generation: Generation, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "plans"
    before = published(folder, generation)
    plans = Plans(folder)
    newest = published(folder, generation, days=1)
    damage(newest)
    for _ in range(3):
        assert in_force(plans, generation) == before.name
    (told,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert str(newest) in told.getMessage()
    assert in_force(Plans(folder), generation) == before.name  # also of a service that starts
    mended = published(folder, generation, days=2)
    assert in_force(plans, generation) == mended.name


def test_plans_that_are_taken_away_are_followed_and_it_is_told(
    generation: Generation, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "plans"
    before, newest = published(folder, generation), published(folder, generation, days=1)
    plans = Plans(folder)
    assert in_force(plans, generation) == newest.name
    shutil.rmtree(newest)
    assert in_force(plans, generation) == before.name
    shutil.rmtree(before)
    assert in_force(plans, generation) is None
    assert "taken away" in caplog.text


def test_a_folder_that_cannot_be_reached_leaves_the_plan_in_force(
    generation: Generation, tmp_path: Path
) -> None:
    folder = tmp_path / "plans"
    newest = published(folder, generation)
    plans = Plans(folder)
    folder.rename(tmp_path / "elsewhere")
    assert in_force(plans, generation) == newest.name


def test_no_service_starts_where_no_plan_is_sound(
    generation: Generation, bundle_dir: Path, empty_database: Path, tmp_path: Path
) -> None:
    damage(published(tmp_path / "plans", generation))
    with pytest.raises(PlanError, match="nightly run with a capacity"):
        Plans(tmp_path / "plans")
    here = {"CURESCORE_HOME": str(tmp_path), "CURESCORE_MODELS": str(bundle_dir)}
    shutil.copy(empty_database, tmp_path / "decisions.db")
    done = completed(here, "serve")
    assert done.returncode == 1
    assert "nightly run with a capacity" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_plan_of_another_policy_is_told_and_its_prices_hold(
    generation: Generation, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_bytes(policy_content(None) + b"# another")
    published(tmp_path / "plans", replace(generation, policy=load_policy(policy)))
    applied = Plans(tmp_path / "plans").applied(generation)
    assert applied.plan is not None
    assert "its prices hold, its levels do not" in caplog.text


def test_a_plan_holds_under_the_estimate_that_it_was_made_with(
    generation: Generation, tmp_path: Path
) -> None:
    estimated = replace(generation, policy=with_estimate(generation.policy, ByDays()))
    for made, other in ((generation, estimated), (estimated, generation)):
        folder = tmp_path / str(made.policy.estimate_sha256)
        plan = read_plan(published(folder, made))
        assert made_with(made, plan)
        assert not made_with(other, plan)


def test_the_policy_shows_the_prices_of_the_plan_in_force(
    engine: sa.Engine, generation: Generation, tmp_path: Path
) -> None:
    plans = Plans(tmp_path / "plans")
    app = create_app(Settings(auth="off"), engine, lambda: plans.applied(generation), lambda: NOW)
    client = Client(app)
    assert client.get("/v1/policy").json()["prices"] is None
    published(tmp_path / "plans", generation, price=0.75)
    told = client.get("/v1/policy").json()["prices"]
    assert told["resources"]["agent_minutes"] == {
        "price": 0.75,
        "capacity_per_day": 4_800.0,
        "use_per_day": 4_799.5,
    }
    assert told["resources"]["letters"]["capacity_per_day"] is None
    assert (told["levels_hold"], told["keeps_minimum"]) == (True, True)
    assert datetime.fromisoformat(told["as_of"]) == AS_OF
