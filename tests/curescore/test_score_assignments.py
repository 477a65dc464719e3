"""What a night assigned: the table from which effects of contact are estimated."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from curescore.nightly.chunks import chunks_of
from curescore.nightly.columns import ASSIGNED, assignment_columns, decision_columns
from curescore.nightly.copies import POLICY
from curescore.nightly.manifest import read_manifest, write_manifest
from curescore.nightly.run import WORK, reader_of
from curescore.nightly.summary import part, summarise, summary_table, with_later
from curescore.nightly.worker import Worker
from features.tables import ASSIGNMENTS
from models.decision import Level
from models.intensity.ladder import RESOURCES
from models.intensity.plan import Terms
from models.intensity.policy import PACKAGED, load_policy
from tests.nights import AS_OF, decisions
from tests.records import EXPLORED, decided
from training.portfolio import check_columns
from training.relations import PROPENSITIES
from training.tables import read_tables

KEY = "never to be told 0123456789"
EXPLORATION = f"""
[exploration]
experiment = "autumn-2026"
key = "{KEY}"
share = 0.4
"""


@dataclass
class Night:
    """A run's folder and summary."""

    out: Path
    summary: dict[str, Any]

    @property
    def assigned(self) -> pd.DataFrame:
        return pq.read_table(self.out / "assignments").to_pandas()


@pytest.fixture(scope="module")
def exploring(night: Any, portfolio: Path, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """The night decided again, in this process, under a policy that draws levels."""
    out = Path(shutil.copytree(night["out"], tmp_path_factory.mktemp("exploring") / "night"))
    with (out / POLICY / PACKAGED).open("a") as file:
        file.write(EXPLORATION)
    changed = {"policy_sha256": load_policy(out / POLICY).sha256}
    manifest = read_manifest(out).model_copy(update=changed)
    write_manifest(out, manifest)
    reader = reader_of(check_columns(portfolio), manifest.as_of, out / WORK)
    worker = Worker(out, reader)
    for chunk in chunks_of(reader.bounds(manifest.chunk)):
        worker.work(chunk)
    use = worker.generation.policy.numbers.use
    return Night(out, summarise(out, reader.accounts, use, None))


def collected(run: Path, portfolio: Path, folder: Path) -> Path:
    """A folder of the portfolio's tables, with what the run assigned copied into it."""
    shutil.copytree(portfolio, folder)
    shutil.copytree(run / "assignments", folder / "assignments")
    return folder


def test_what_a_night_assigned_is_a_table_that_training_reads(
    exploring: Night, night: Any, portfolio: Path, tmp_path: Path
) -> None:
    for out in (exploring.out, night["out"]):
        tables = read_tables(collected(out, portfolio, tmp_path / out.parent.name))
        decided_late = decisions(out).query("target == 'cure'")
        assert tables.assignments is not None
        assert len(tables.assignments) == len(decided_late) > 200
        assert (tables.assignments["at"] == pd.Timestamp(AS_OF)).all()
    names = [column.name for column in ASSIGNMENTS.columns]
    assert pq.read_schema(exploring.out / "assignments" / "part-00000.parquet").names == names


def test_assignments_say_what_the_decisions_do(exploring: Night) -> None:
    decided_late = decisions(exploring.out).query("target == 'cure'").set_index("account_id")
    assigned = exploring.assigned.set_index("account_id")
    shared = ["level", "arm", "policy", *PROPENSITIES]
    pd.testing.assert_frame_equal(assigned[shared], decided_late[shared], check_dtype=False)
    assert not assigned["overridden"].any()
    chances = assigned[PROPENSITIES].to_numpy()
    given = chances[np.arange(len(assigned)), assigned["level"]]
    assert (given > 0).all()
    part = decided_late["experiment"].notna().to_numpy()
    assert np.array_equal(part, chances.max(axis=1) < 1)
    assert (decided_late.loc[~part, "level"] == decided_late.loc[~part, "recommended"]).all()
    drawn = decided_late["level"] != decided_late["recommended"]
    assert set(decided_late.loc[drawn, "arm"]) == {"explore"}
    assert drawn.sum() > 20
    for levels in decided_late["levels"]:
        assert [each["assumed_because"] for each in levels] == [None, *["no_estimate"] * 4]
        assert not any(each["estimated"] for each in levels)


def test_without_exploration_every_level_was_certain(night: Any) -> None:
    assigned = pq.read_table(night["out"] / "assignments").to_pandas()
    assert set(assigned["arm"]) == {"ordinary"}
    chances = assigned[PROPENSITIES].to_numpy()
    assert (chances[np.arange(len(assigned)), assigned["level"]] == 1).all()
    assert decisions(night["out"])["experiment"].isna().all()
    assert night["summary"]["arms"] == {}


def test_the_summary_counts_the_arms_and_never_tells_the_key(exploring: Night) -> None:
    part = decisions(exploring.out).dropna(subset="experiment")
    assert exploring.summary["arms"] == part["arm"].value_counts().to_dict()
    explored = exploring.summary["arms"]["explore"]
    assert 0.3 < explored / len(part) < 0.5
    table = summary_table(exploring.summary)
    labels = [str(cell) for column in table.columns[:1] for cell in column.cells]
    assert {"experiment explore", "experiment ordinary"} <= set(labels)
    written = [
        path for path in exploring.out.rglob("*") if path.is_file() and path.name != PACKAGED
    ]
    assert not any(KEY.encode() in path.read_bytes() for path in written)


def test_accounts_that_are_not_late_and_long_names(exploring: Night) -> None:
    run = read_manifest(exploring.out)
    late = decided(**EXPLORED)
    late.versions["policy"] = f"{'long-' * 12}name@1fbecb39559a"
    early = replace(late, score=replace(late.score, target="early_warning"))
    table = assignment_columns([late, early], run)
    assert table.schema.equals(ASSIGNED)
    (row,) = table.to_pylist()
    assert row["policy"] == f"{('long-' * 12)[:51]}@1fbecb39559a"
    assert len(row["policy"]) == 64
    assert (row["level"], row["arm"], row["propensity_2"]) == (1, "explore", 0.95)


def test_a_decision_s_columns_hold_effects_and_what_capacity_did_is_told_from_a_draw(
    exploring: Night, tmp_path: Path
) -> None:
    run = read_manifest(exploring.out)
    path = part(tmp_path, "decisions", 0)
    path.parent.mkdir()
    columns = with_later(decision_columns([decided(**EXPLORED)], run), 0)
    pq.write_table(columns, path)
    (row,) = pq.read_table(path).to_pylist()
    assert row["levels"] == [
        dict(zip(Level._fields, each, strict=True)) for each in EXPLORED["levels"]
    ]
    assert (row["level"], row["recommended"], row["arm"]) == (1, 2, "explore")
    assert [row[name] for name in PROPENSITIES] == list(EXPLORED["propensities"].values())
    none = dict.fromkeys(RESOURCES, 0.0)
    plan = Terms(
        run_id="run", as_of=run.as_of, decided_at=run.decided_at, prices=none, capacity=none,
        use=none, value=0.0, bound=0.0, keeps_minimum=True, bundles={}, policy_sha256="0" * 64,
        currencies={}, rules="", n=1,
    )  # fmt: skip
    # Capacity took level 3, which a rule bars anyway; that 2 is not the level is the draw's doing.
    assert summarise(tmp_path, 1, np.zeros((5, 3)), plan)["capacity"]["lowered"] == 0
