import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from pydantic import ValidationError

from models.intensity.ladder import RESOURCES
from models.intensity.plan import KEYS, PLAN, PlanError, Terms, latest, read_plan, write_plan

AS_OF = datetime.fromisoformat("2026-11-23T01:30:00+08:00")
DIGEST = "0123456789abcdef" * 4


def terms(as_of: datetime = AS_OF, decided: timedelta = timedelta(hours=1)) -> Terms:
    return Terms(
        run_id=str(uuid4()),
        as_of=as_of,
        decided_at=as_of + decided,
        prices={"agent_minutes": 0.25, "letters": 0.0, "visits": 41.5},
        capacity={"agent_minutes": 4800.0, "letters": None, "visits": 10.0},
        use={"agent_minutes": 4799.5, "letters": 812.0, "visits": 10.0},
        value=123456.789,
        bound=123457.0,
        keeps_minimum=True,
        bundles={"cure": DIGEST, "early_warning": DIGEST[::-1]},
        policy_sha256=DIGEST,
        currencies={"USD": 1.0, "CNY": 7.0},
        rules="2026.11",
        n=5,
    )


def entries(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    keys = rng.integers(0, 2**64, n, dtype=np.uint64)
    return keys, rng.integers(0, 5, n).astype(np.uint8)


def written(plans: Path, n: int = 1_000) -> Path:
    return write_plan(plans, terms(), *entries(n))


def test_a_plan_comes_back_as_it_was_written(tmp_path: Path) -> None:
    told, (keys, levels) = terms(), entries(1_000)
    plan = read_plan(write_plan(tmp_path, told, keys, levels))
    assert plan.terms == told
    assert plan.prices.tolist() == [told.prices[resource] for resource in RESOURCES]
    found = [plan.level_of(key) for key in keys.tolist()]
    assert found == levels.tolist()
    assert all(type(level) is int for level in found)
    assert len(plan.sha256) == 64


def test_prices_follow_the_unit_of_the_policy(tmp_path: Path) -> None:
    plan = read_plan(written(tmp_path))
    same, tenths, rates = ({"USD": 1.0, "CNY": 7.0}, {"USD": 10.0, "CNY": 70.0}, {"CNY": 14.0})
    prices = [0.25, 0.0, 41.5]
    assert plan.prices_in(same, "CNY").tolist() == prices
    assert plan.prices_in(tenths, "USD").tolist() == [price / 10 for price in prices]
    assert plan.prices_in(rates, "CNY").tolist() == [price / 2 for price in prices]
    assert plan.prices_in({"EUR": 3.0}, "EUR").tolist() == prices  # it never knew the currency


def test_a_key_that_is_not_there_has_no_level(tmp_path: Path) -> None:
    keys, levels = np.array([7, 2**64 - 1, 0], np.uint64), np.array([1, 2, 3], np.uint8)
    plan = read_plan(write_plan(tmp_path, terms(), keys, levels))
    assert [plan.level_of(key) for key in (0, 7, 2**64 - 1)] == [3, 1, 2]
    assert [plan.level_of(key) for key in (1, 6, 8, 2**64 - 2)] == [None] * 4
    empty = read_plan(write_plan(tmp_path, terms(), keys[:0], levels[:0]))
    assert empty.level_of(7) is None


def test_a_key_with_several_levels_has_none(tmp_path: Path) -> None:
    keys = np.array([5, 9, 5, 9, 5, 6], np.uint64)
    levels = np.array([1, 2, 1, 3, 1, 4], np.uint8)
    plan = read_plan(write_plan(tmp_path, terms(), keys, levels))
    assert [plan.level_of(key) for key in (5, 9, 6)] == [1, None, 4]


@pytest.mark.parametrize("name", ["keys.npy", "levels.npy"])
def test_a_changed_byte_is_refused(tmp_path: Path, name: str) -> None:
    path = written(tmp_path) / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(PlanError, match=f"{name} was changed: make the plan anew"):
        read_plan(path.parent)


@pytest.mark.parametrize("name", ["keys.npy", "levels.npy", "plan.json"])
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    folder = written(tmp_path)
    (folder / name).unlink()
    with pytest.raises(PlanError, match="cannot be read"):
        read_plan(folder)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("n", -1, "terms.n"),
        ("policy_sha256", "none", "terms.policy_sha256"),
        ("estimate_sha256", "none", "terms.estimate_sha256"),
        ("as_of", "2026-11-23T01:30:00", "terms.as_of"),
        ("prices", {"agent_minutes": 1.0}, "name each of agent_minutes, letters, visits"),
        ("prices", {"agent_minutes": -1.0, "letters": 0.0, "visits": 0.0}, "no price is below 0"),
        ("value", "12", "terms.value"),
        ("salt", 1, "terms.salt"),
    ],
)
def test_terms_that_cannot_be_are_refused(
    tmp_path: Path, field: str, value: object, told: str
) -> None:
    path = written(tmp_path) / PLAN
    document = json.loads(path.read_text())
    document["terms"][field] = value
    path.write_text(json.dumps(document))
    with pytest.raises(PlanError, match=told):
        read_plan(path.parent)


@pytest.mark.parametrize(
    ("keys", "levels"),
    [
        (np.array([1, 1], np.uint64), np.array([1, 1], np.uint8)),
        (np.array([2, 1], np.uint64), np.array([1, 1], np.uint8)),
        (np.array([1, 2], np.uint64), np.array([1], np.uint8)),
        (np.array([1, 2], np.uint64), np.array([1, 5], np.uint8)),
        (np.array([1, 2], np.int64), np.array([1, 1], np.uint8)),
        (np.array([[1], [2]], np.uint64), np.array([[1], [1]], np.uint8)),
        (np.array([None]), np.array([1], np.uint8)),
    ],
)
def test_arrays_that_do_not_go_together_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: np.ndarray, levels: np.ndarray
) -> None:
    # Written with digests that fit, as by another version of the program.
    monkeypatch.setattr("models.intensity.plan._distinct", lambda *_: (keys, levels))
    with pytest.raises(PlanError, match=r"do not go together|cannot be read"):
        read_plan(written(tmp_path))


def test_infinite_amounts_are_not_written() -> None:
    with pytest.raises(ValidationError, match="finite number"):
        Terms.model_validate({**terms().model_dump(), "value": float("inf")})


def test_a_plan_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk is full"):
        written(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert latest(tmp_path) is None


def test_a_plan_is_never_replaced(tmp_path: Path) -> None:
    told = terms()
    folder = write_plan(tmp_path, told, *entries(10))
    before = (folder / KEYS).read_bytes()
    with pytest.raises(FileExistsError, match="already holds a plan"):
        write_plan(tmp_path, told, *entries(20))
    assert (folder / KEYS).read_bytes() == before


def test_the_latest_is_that_of_the_newest_as_of(tmp_path: Path) -> None:
    assert latest(tmp_path / "nowhere") is None
    east = terms(AS_OF)
    west = terms(datetime.fromisoformat("2026-11-22T13:00:00-05:00"))  # half an hour later
    again = terms(AS_OF, timedelta(hours=9))
    for each in (west, east, again):
        write_plan(tmp_path, each, *entries(10))
    (tmp_path / ".99991231.part").mkdir()
    (tmp_path / "99991231T000000.000000Z-file").touch()
    newest = latest(tmp_path)
    assert newest is not None
    assert read_plan(newest).terms == west
    assert newest.name.startswith(west.as_of.astimezone(UTC).strftime("%Y%m%dT%H%M%S"))
    (newest / PLAN).unlink()
    (newest / KEYS).unlink()
    (newest / "levels.npy").unlink()
    newest.rmdir()
    newest = latest(tmp_path)
    assert newest is not None
    assert read_plan(newest).terms == again
