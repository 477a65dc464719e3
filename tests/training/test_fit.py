"""Fitting: the number of trees, the calibration line, determinism, refusals."""

import numpy as np
import pytest

from features.catalogue import CATALOGUE
from features.errors import InputError
from features.matrix import matrix
from features.panel import Floats, panel
from models.score.booster import booster_text
from tests.histories import random_tables
from training.calibrate import calibration_line
from training.config import TrainingConfig, load_config
from training.fit import fit, require_both_outcomes
from training.labels import Snapshots, snapshots
from training.progress import silent

QUICK = TrainingConfig(max_trees=60, patience=10, threads=1, groups=3)


@pytest.fixture(scope="module")
def training_rows() -> tuple[Floats, Snapshots]:
    """Rows whose cure depends on how much was paid of the balance."""
    history = panel(*random_tables(5, accounts=1_500, months=10))
    rows = snapshots(history)
    features = matrix(history, rows.view)
    names = [feature.name for feature in CATALOGUE]
    paid = np.nan_to_num(features[:, names.index("paid_last")])
    chance = 1 / (1 + np.exp(-(paid / 300 - 1)))
    label = (np.random.default_rng(1).random(len(rows)) < chance).astype(np.int64)
    changed = Snapshots(**(vars(rows) | {"label": label}))
    return features, changed


def test_the_same_rows_give_the_same_bytes(training_rows: tuple[Floats, Snapshots]) -> None:
    features, rows = training_rows
    first, second = (fit(features, rows, CATALOGUE, QUICK, silent) for _ in range(2))
    assert booster_text(first.booster) == booster_text(second.booster)
    assert first.calibration == second.calibration


def test_what_is_learnt_is_calibrated(training_rows: tuple[Floats, Snapshots]) -> None:
    features, rows = training_rows
    found = fit(features, rows, CATALOGUE, QUICK, silent)
    assert 1 < found.trees <= QUICK.max_trees
    assert found.booster.num_trees() == found.trees
    assert np.isfinite(found.margin).all()
    probability = 1 / (1 + np.exp(-found.calibration.log_odds(found.margin, rows.stage)))
    assert probability.mean() == pytest.approx(rows.label.mean(), abs=1e-6)
    chance = rows.label.mean()
    assert found.fold_log_loss < -(chance * np.log(chance) + (1 - chance) * np.log(1 - chance))


def test_the_line_is_fitted_on_rows_that_the_booster_did_not_see(
    training_rows: tuple[Floats, Snapshots],
) -> None:
    features, rows = training_rows
    greedy = QUICK.model_copy(
        update={"booster": QUICK.booster.model_copy(update={"min_data_in_leaf": 1})}
    )
    found = fit(features, rows, CATALOGUE, greedy, silent)
    seen = np.asarray(found.booster.predict(features, raw_score=True))
    flattered, _ = calibration_line(seen, rows.label)
    assert flattered > found.calibration.slope


def test_monotone_constraints_hold(training_rows: tuple[Floats, Snapshots]) -> None:
    features, rows = training_rows
    found = fit(features, rows, CATALOGUE, QUICK, silent)
    column = [feature.name for feature in CATALOGUE].index("dpd_last")
    assert CATALOGUE[column].monotone == -1
    later = features.copy()
    later[:, column] += 60
    now, then = (found.booster.predict(x, raw_score=True) for x in (features, later))
    assert (np.asarray(then) <= np.asarray(now)).all()


@pytest.mark.parametrize("label", [[0] * 200, [1] * 200, [1] * 4 + [0] * 196, []])
def test_too_few_outcomes_are_refused(label: list[int]) -> None:
    with pytest.raises(InputError, match="at least 5 of each"):
        require_both_outcomes(np.array(label, dtype=np.int64), 5)
    require_both_outcomes(np.array([1] * 5 + [0] * 5), 5)


def test_a_settings_file_overrides_and_is_checked(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "settings.toml"
    file.write_text("seed = 7\n[booster]\nmax_depth = 6\n")
    assert load_config(file).seed == 7
    assert load_config(file).booster.max_depth == 6
    assert load_config(None) == TrainingConfig()
    for text, where in (
        ("[booster]\nmax_depth = 9", "booster.max_depth"),
        ("treees = 3", "treees"),
        ("max_treess = 3", "Did you mean max_trees"),
        ("[search]\ntrails = 3", "Did you mean trials"),
        ("seed = [", "not TOML"),
        (f"seed = {'9' * 5_000}", "not TOML"),
    ):
        file.write_text(text)
        with pytest.raises(InputError, match=where):
            load_config(file)
    with pytest.raises(InputError, match="no such file"):
        load_config(tmp_path / "absent.toml")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load_config(tmp_path)
    file.write_bytes(b"seed = 1 # \xff")
    with pytest.raises(InputError, match="is not UTF-8"):
        load_config(file)
