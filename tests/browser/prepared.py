"""A home as it is after some months of use: models, a policy, decisions, and what came of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from curescore.bodies import last_known
from models.intensity.policy import policy_content
from tests.replayed import then
from tests.servers import curescore_here
from training.config import SearchConfig, TrainingConfig
from training.pipeline import train
from training.population import Window
from training.progress import silent
from training.sources.simulate import simulate
from training.tables import Tables, read_tables, write_tables
from training.tracking import Tracker

ACCOUNTS, MONTHS = 4_000, 26
LEARNT = 14  # of the last months
AGO = timedelta(days=75)  # when the portfolio was decided as a whole
QUICK = TrainingConfig(
    most_snapshots=1_500,
    max_trees=60,
    patience=10,
    groups=3,
    cuts=1,
    bootstrap_draws=100,
    search=SearchConfig(trials=1),
)
EXPLORATION = b"""
[exploration]
experiment = "autumn"
key = "never to be told 0123456789"
share = 0.05
"""


def prepare(home: Path) -> None:
    """Fill the folder `home`, whose tables end now: a service shows all of its pages from it."""
    environment = {"CURESCORE_HOME": str(home)}
    tables = _until_now(home)
    tracker = Tracker(f"sqlite:///{home / 'mlflow.db'}", home / "mlartifacts")
    recent = Window((datetime.now(UTC) - timedelta(days=31 * LEARNT)).date(), None)
    for seed in (1, 2):  # the champion, and a challenger
        config = QUICK.model_copy(update={"seed": seed})
        train(home / "tables", config, recent, tracker, silent)
    _promote_policy(environment, home)
    curescore_here(environment, "db", "upgrade")
    _decide_as_of(environment, home, tables, datetime.now(UTC) - AGO)


def _until_now(home: Path) -> Tables:
    """The tables of a simulated portfolio, moved by whole days so that the last is of today."""
    simulate(home / "drawn", ACCOUNTS, MONTHS, seed=4)
    drawn = read_tables(home / "drawn")
    days = pd.Timedelta(days=(datetime.now(UTC) - last_known(drawn)).days)
    moved = replace(drawn, **{name: _moved(each, days) for name, each in drawn.present().items()})
    write_tables(moved, home / "tables")
    return moved


def _moved(rows: pd.DataFrame, by: pd.Timedelta) -> pd.DataFrame:
    times = [name for name in rows.columns if rows[name].dtype.kind == "M"]
    return rows.assign(**{name: rows[name] + by for name in times})


def _promote_policy(environment: dict[str, str], home: Path) -> None:
    """Estimate what contact changes, and let the policy with the estimate be used."""
    data = ("--data", str(home / "tables"))
    policy = home / "policy.toml"
    policy.write_bytes(policy_content() + EXPLORATION)
    told = ("--policy", str(policy), "--out", str(home / "autumn"))
    curescore_here(environment, "policy", "estimate", *data, *told)
    curescore_here(environment, "policy", "promote", str(home / "autumn"), *data)


def _decide_as_of(environment: dict[str, str], home: Path, tables: Tables, as_of: datetime) -> None:
    """Record a nightly run of then, and publish how its decisions turned out."""
    write_tables(then(tables, as_of), home / "then")
    night = ("score", "--data", str(home / "then"), "--out", str(home / "night"))
    words = ("--as-of", as_of.isoformat(), "--reasons", "all", "--workers", "1", "--record")
    curescore_here(environment, *night, *words)
