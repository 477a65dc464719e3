"""What is kept of a chunk comes back as it was."""

from pathlib import Path

import numpy as np

from curescore.nightly.kept import Totals, is_kept, keep, kept
from features.panel import known_at, panel
from models.assessed import assess
from models.decide import asked_of
from models.generation import Generation
from models.intensity.policy import load_policy
from models.intensity.stakes import stakes_of
from models.score.bundle import load
from tests.csvtables import ACCOUNT, STATEMENT, folder_with
from tests.estimates import ByDays, with_estimate
from tests.histories import random_tables
from training.accounts import accounts_of
from training.tables import read_tables

N = 6


def test_assessed_accounts_come_back_as_they_were(bundle_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    names = [f"a-{i}" for i in range(N)]
    tables = folder_with(
        tmp_path / "data",
        accounts=[ACCOUNT | {"account_id": name} for name in names],
        statements=[STATEMENT | {"account_id": name} for name in names],
    )
    frame = read_tables(tables).accounts
    accounts = accounts_of(frame)
    policy = load_policy()
    generation = Generation(
        bundles={"cure": load(bundle_dir)},
        models={"cure": "cure/1"},
        policy=with_estimate(policy, ByDays()),
        challenger=with_estimate(policy, ByDays(0.3)),
        code="test",
        tzdata="test",
    )
    history = panel(*random_tables(3, accounts=N))
    view = known_at(history, np.arange(N), np.full(N, 19_320 * 86_400.0))
    known = assess(generation, accounts, history, view, 3, keyed=True)
    stakes = stakes_of(generation.policy, asked_of(generation, accounts, known))
    assert not is_kept(tmp_path, 2)
    keep(tmp_path, 2, frame, known, stakes, Totals(N + 1, 1))
    assert is_kept(tmp_path, 2)
    back = kept(tmp_path, 2)
    assert (back.accounts, back.totals) == (accounts, Totals(N + 1, 1))
    for name, part in known._asdict().items():
        found = getattr(back.known, name)
        assert type(found) is type(part), name
        parts = zip(found, part, strict=True) if isinstance(part, tuple) else [(found, part)]
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in parts), name
    ratios, others = back.known.ratios.odds_ratio, back.known.challenger_ratios.odds_ratio
    assert (others[:, 1:] > ratios[:, 1:]).all()
