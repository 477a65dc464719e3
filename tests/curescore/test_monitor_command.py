"""`curescore monitor` on decisions of real nightly runs."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest

from features.catalogue import NAMES
from features.matrix import matrix
from features.panel import known_at
from models.score.bundle import write
from models.score.calibration import Calibration
from models.score.contributions import Explainer
from models.score.standing import references
from tests.bundles import content
from tests.servers import completed_here, curescore_json_here
from training.outcomes import became, population
from training.panels import panel_of
from training.reference import reference_of
from training.sources.simulate import simulate
from training.tables import Tables, read_tables, write_tables

ACCOUNTS, MONTHS = 6_000, 6  # from January 2023
AS_OF = datetime(2023, 5, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Night:
    """Half of a portfolio as it was some months before its end, and what decides it.

    The bundle was fitted on the other half, as it was then.
    """

    tables: Tables
    later: Path
    environment: dict[str, str]
    bundle: Path


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    root = tmp_path_factory.mktemp("monitor")
    simulate(root / "later", ACCOUNTS, MONTHS, seed=5)
    tables = read_tables(root / "later")
    trains = np.arange(len(tables.accounts)) % 2 == 0
    bundle = _bundle(tables, trains, root / "bundle")
    return Night(
        _known(tables, ~trains),
        root / "later",
        {"CURESCORE_HOME": str(root / "home"), "CURESCORE_MODELS": str(bundle)},
        bundle,
    )


def _bundle(tables: Tables, trains: np.ndarray, folder: Path) -> Path:
    """A booster of what became of half of the accounts after that instant."""
    panel, _ = panel_of(tables)
    rows = np.flatnonzero(trains)
    view = known_at(panel, rows, np.full(len(rows), AS_OF.timestamp()))
    fixed = content()
    kept = view.stop > panel.first[rows]
    kept &= population(panel, fixed.outcome)[rows, view.stop - 1]
    view = view.take(kept)
    label = became(panel, view.row, view.stop - 1, fixed.outcome).label
    features = matrix(panel, view.take(label >= 0))
    booster = lightgbm.train(
        {"objective": "binary", "num_leaves": 4, "num_threads": 1, "verbose": -1, "seed": 1},
        lightgbm.Dataset(features, label[label >= 0], feature_name=list(NAMES)),
        num_boost_round=20,
    )
    explained = Explainer(booster).explain(features)
    made = replace(
        fixed,
        booster=booster,
        features=NAMES,
        calibration=Calibration(1.0, 0.0),
        references=references(explained.contributions, NAMES),
        reference=reference_of(features, explained.margin, explained.contributions, NAMES),
        training={"n": len(features)},
    )
    write(folder, made)
    return folder


def _known(tables: Tables, wanted: np.ndarray) -> Tables:
    """Those accounts that were late at the instant, as they were then."""
    accounts = tables.accounts[wanted].set_index("account_id", drop=False)
    mine = {
        name: frame[frame["account_id"].isin(accounts["account_id"])]
        for name, frame in tables.present().items()
        if name in ("statements", "payments", "contacts")
    }
    day = pd.Timestamp(AS_OF.date())
    mine["statements"] = mine["statements"][mine["statements"]["statement_date"] < day]
    mine["payments"] = mine["payments"][mine["payments"]["received_at"] < AS_OF]
    mine["contacts"] = mine["contacts"][mine["contacts"]["at"] < AS_OF]
    last = mine["statements"].groupby("account_id").last()
    accounts = accounts.loc[accounts["account_id"].isin(last.index)]
    for name in ("balance", "days_past_due"):
        accounts[name] = last[name]
    accounts = accounts[(accounts["days_past_due"] > 0) & (accounts["balance"] > 0)]
    accounts["past_due_amount"] = (accounts["balance"] / 10).round(2)
    kept = {
        name: frame[frame["account_id"].isin(accounts["account_id"])]
        for name, frame in mine.items()
    }
    return Tables(accounts.reset_index(drop=True), **kept)


def scored(night: Night, tables: Tables, folder: Path, reasons: str) -> Path:
    write_tables(tables, folder / "tables")
    curescore_json_here(
        night.environment,
        *("score", "--data", str(folder / "tables"), "--out", str(folder / "night")),
        *("--as-of", AS_OF.isoformat(), "--reasons", reasons, "--workers", "1"),
    )
    return folder / "night"


def monitored(night: Night, decisions: Path, *more: str) -> tuple[int, Any, str]:
    done = completed_here(
        night.environment,
        *("monitor", "--data", str(decisions), "--model", str(night.bundle), "--json", *more),
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


@pytest.fixture(scope="module")
def alike(night: Night, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scored(night, night.tables, tmp_path_factory.mktemp("alike"), "all")


def test_decisions_like_those_trained_on_break_no_bound(
    night: Night, alike: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report"
    code, report, _ = monitored(night, alike, "--outcomes", str(night.later), "--out", str(out))
    assert (code, report["broken"]) == (0, [])
    assert report["decisions"]["compared"] > 200
    assert report["drift"]["score_psi"] < 0.25
    assert set(report["drift"]["features"]) == set(NAMES)
    found = report["outcomes"]
    assert found["overall"]["n"] + sum(found["without"].values()) == report["decisions"]["compared"]
    assert found["overall"]["n"] == sum(group["n"] for group in found["by_stage"].values())
    assert found["overall"]["realised"] == pytest.approx(found["overall"]["predicted"], abs=0.1)
    assert json.loads((out / "monitor.json").read_text()) == report
    page = (out / "monitor.html").read_text()
    assert "No bound is broken." in page
    told = page + json.dumps(report)
    assert not any(name in told for name in night.tables.accounts["account_id"])


def test_a_portfolio_of_larger_amounts_is_told_by_its_features(
    night: Night, tmp_path: Path
) -> None:
    accounts, statements = night.tables.accounts.copy(), night.tables.statements.copy()
    payments = night.tables.payments.copy()
    for frame, names in (
        (accounts, ("balance", "past_due_amount", "credit_limit")),
        (statements, ("balance", "amount_due", "amount_paid", "credit_limit")),
        (payments, ("amount",)),
    ):
        for name in names:
            frame[name] = (5 * frame[name]).round(2)
    larger = Tables(accounts, statements, payments, night.tables.contacts)
    decisions = scored(night, larger, tmp_path, "all")
    code, report, _ = monitored(night, decisions)
    assert code == 1
    broken = {each["of"] for each in report["broken"]}
    moved = {name for name, value in report["drift"]["features"].items() if value > 0.25}
    assert {"balance_last", "limit_last", "balance_trend_6"} <= moved
    assert broken == moved & set(report["used_features"]) != set()
    assert not {"dpd_last", "late_streak", "utilisation_last", "score"} & broken
    assert report["outcomes"] is None
    (written,) = Path(night.environment["CURESCORE_HOME"]).glob("monitor/*/monitor.html")
    assert written.parent.name == f"2023-05-01-{report['bundle_sha256'][:12]}"


def test_bad_input_is_told(night: Night, tmp_path: Path) -> None:
    code, report, said = monitored(night, tmp_path)
    assert (code, report) == (2, None)
    assert "holds no decisions in Parquet" in said
