"""The nightly run with a model for each target: every stage is decided."""

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from curescore.nightly.run import run
from curescore.nightly.terms import Terms, Told
from models.score.bundle import load
from service.settings import Settings
from tests.bundles import OFFSETS, small_bundle
from training.sources.simulate import simulate
from training.tables import read_tables, write_tables

SILENT = Told(lambda _: None, lambda _, __, ___: None, lambda _: None)


def portfolio(folder: Path) -> Path:
    """A simulated portfolio, of which too few accounts would be late: some are made so."""
    simulate(folder / "drawn", 160, 8, seed=5)
    tables = read_tables(folder / "drawn")
    accounts, statements = tables.accounts.copy(), tables.statements.copy()
    late = (np.arange(len(accounts)) % 2 == 0) & (accounts["balance"] > 0)
    accounts.loc[late, "past_due_amount"] = accounts.loc[late, "balance"].clip(upper=100.0)
    accounts.loc[late, "days_past_due"] = 70
    newest = statements.groupby("account_id")["statement_date"].transform("max")
    own = statements["account_id"].isin(accounts.loc[late, "account_id"])
    statements.loc[own & (statements["statement_date"] == newest), "days_past_due"] = 70
    write_tables(
        type(tables)(accounts, statements, tables.payments, tables.contacts), folder / "tables"
    )
    return folder / "tables"


def test_each_stage_is_decided_by_the_bundle_of_its_target(tmp_path: Path) -> None:
    models, out = tmp_path / "models", tmp_path / "night"
    digests = {
        "cure": load(small_bundle(models / "cure", offsets=OFFSETS)).sha256,
        "early_warning": load(small_bundle(models / "early", target="early_warning")).sha256,
    }
    as_of = datetime(2023, 9, 5, tzinfo=UTC)
    terms = Terms(portfolio(tmp_path), out, as_of, reasons=None, chunk=1_000, workers=1)
    run(terms, Settings(home=tmp_path / "home", models=models), SILENT)
    rows = pq.read_table(out / "decisions").to_pylist()
    kinds = pq.read_table(out / "refused").column("kind").to_pylist()
    assert "no-model-for-stage" not in kinds
    stages = [row["stage"] for row in rows]
    assert min(stages.count("pre_due"), stages.count("M3")) > 20
    for row in rows:
        target = "early_warning" if row["stage"] == "pre_due" else "cure"
        assert (row["target"], row["bundle_sha256"]) == (target, digests[target])
        assert (row["sustained"], row["standing_valid"]) == (False, False)
        shares = [reason["contribution"] for reason in row["reasons"]]
        total = row["base_log_odds"] + sum(shares) + row["other_contributions"]
        assert math.isclose(total, row["log_odds"], abs_tol=1e-9)
        own = [r for r in row["reasons"] if r["feature"] == "stage_offset"]
        assert len(own) == (target == "cure")
    told = [r for row in rows if row["stage"] == "M3" for r in row["reasons"]]
    own = [r for r in told if r["feature"] == "stage_offset"]
    assert {(r["group"], r["value"], r["unit"]) for r in own} == {("calibration", 70.0, "days")}
    assert {r["contribution"] for r in own} == {OFFSETS[3]}
