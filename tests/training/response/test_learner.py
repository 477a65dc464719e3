"""The learner on simulated portfolios: intervals that cover what is true, and the same twice."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GroupKFold

from features.catalogue import NAMES
from features.errors import InputError
from features.matrix import matrix
from features.panel import Floats, Indices
from models.intensity.cells import CONTACTS, LATE_STAGES
from models.intensity.estimate import Content, load_estimate, write_estimate
from tests.estimates import given
from training.assigned import Assigned, assigned
from training.labels import CURE
from training.panels import panel_of
from training.progress import silent
from training.response.learner import (
    EFFECT_FEATURES,
    LEAST_ACCOUNTS,
    Learned,
    effect_columns,
    learn,
)
from training.sources.simulate import simulate
from training.tables import read_tables

ACCOUNTS, MONTHS = 10_000, 18
TRAINING = {"data_sha256": "ab" * 32, "from": "2023-02-01", "until": "2024-05-28"}


class Studied(NamedTuple):
    """What was learnt of a portfolio, and each row's true probabilities under the levels."""

    rows: Assigned
    features: Floats
    truth: Floats
    learned: Learned


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Studied:
    folder = tmp_path_factory.mktemp("simulated") / "tables"
    simulate(folder, ACCOUNTS, MONTHS, seed=11)
    tables = read_tables(folder)
    panel, ids = panel_of(tables)
    rows = assigned(tables, panel, CURE)
    features = np.full((len(rows), len(NAMES)), np.nan)  # who pays is learnt faster from few
    features[:, effect_columns()] = matrix(panel, rows.view)[:, effect_columns()]
    told = pd.read_parquet(folder / "truth.parquet")
    since = pd.to_datetime(told["statement_date"]) - pd.Timestamp("1970-01-01")
    key = pd.DataFrame({"account_id": ids[rows.account], "day": rows.day})
    joined = key.merge(told.assign(day=since.dt.days), how="left")
    truth = joined[[f"probability_{level}" for level in range(5)]].to_numpy()
    return Studied(rows, features, truth, learn(features, rows, 1, silent))


def test_intervals_cover_the_true_mean_effects(studied: Studied) -> None:
    missed, known = 0, [cell for cell in studied.learned.cells if cell.estimated]
    for cell in known:
        assert cell.low is not None
        assert cell.effect is not None
        assert cell.high is not None
        assert cell.low <= cell.effect <= cell.high
        here = studied.rows.stage == 1 + LATE_STAGES.index(cell.stage)
        true = (studied.truth[here, cell.level] - studied.truth[here, 0]).mean()
        missed += not cell.low <= true <= cell.high
    assert len(known) >= 10
    assert missed <= 2


def test_a_call_in_the_first_month_is_seen_to_help(studied: Studied) -> None:
    cell = studied.learned.cells[1]
    assert (cell.stage, cell.level) == ("M1", 2)
    assert cell.low is not None
    assert cell.low > 0


def test_cells_count_what_they_are_made_of(studied: Studied) -> None:
    rows, cells = studied.rows, studied.learned.cells
    assert [(cell.stage, cell.level) for cell in cells] == [
        (stage, level) for stage in LATE_STAGES for level in range(1, CONTACTS + 1)
    ]
    assert studied.learned.doubt is None
    for cell in cells:
        had = (rows.stage == 1 + LATE_STAGES.index(cell.stage)) & (rows.level == cell.level)
        assert (cell.n, cell.accounts) == (had.sum(), len(np.unique(rows.account[had])))


def test_outcomes_and_ratios_are_of_each_row(studied: Studied) -> None:
    found = studied.learned
    assert found.outcome.shape == (len(studied.rows), 5)
    assert ((found.outcome > 0) & (found.outcome < 1)).all()
    ratio, low, high = found.ratios
    assert (ratio[:, 0] == 1).all()
    assert ((low <= ratio) & (ratio <= high)).all()
    # Who pays is known in part: what is told of the level that was given is no constant.
    given_ = found.outcome[np.arange(len(studied.rows)), studied.rows.level]
    assert np.corrcoef(given_, studied.rows.cured)[0, 1] > 0.3


def test_ratios_held_out_are_much_like_those_served(studied: Studied, tmp_path: Path) -> None:
    served = estimate_in(tmp_path / "estimate", studied.learned, studied.features)
    found = load_estimate(tmp_path / "estimate")
    assert found.sha256 == served
    ratios = np.log(found.ratios(studied.features, studied.rows.stage).odds_ratio[:, 1:])
    held_out = np.log(studied.learned.ratios.odds_ratio[:, 1:])
    assert not np.array_equal(ratios, held_out)
    assert np.corrcoef(ratios.ravel(), held_out.ravel())[0, 1] > 0.7


def estimate_in(folder: Path, learned: Learned, features: Floats) -> str:
    golden = features[:20, effect_columns()]
    content = Content(
        learned.booster, EFFECT_FEATURES, learned.cells, learned.lines, TRAINING, golden
    )
    return write_estimate(folder, content)


@pytest.fixture(scope="module")
def small(studied: Studied) -> tuple[Floats, Assigned]:
    some = np.flatnonzero(studied.rows.account < 1_000)
    return studied.features[some], studied.rows.take(some)


def test_the_same_seed_gives_the_same_bytes(small: tuple[Floats, Assigned], tmp_path: Path) -> None:
    made = []
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        learned = learn(*small, seed, silent)
        estimate_in(tmp_path / name, learned, small[0])
        files = sorted((tmp_path / name).iterdir())
        made.append([(file.name, file.read_bytes()) for file in files])
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_a_doubted_log_leaves_every_cell_assumed(small: tuple[Floats, Assigned]) -> None:
    features, rows = small
    certain = given(rows.level, np.eye(5)[rows.level], rows.stage, rows.account, rows.cured)
    learned = learn(features, certain, 1, silent)
    assert learned.doubt is not None
    assert {cell.why for cell in learned.cells} == {"not_randomised"}
    assert {cell.effect for cell in learned.cells} == {None}


def test_too_few_accounts(small: tuple[Floats, Assigned]) -> None:
    features, rows = small
    some = np.isin(rows.account, np.unique(rows.account)[: LEAST_ACCOUNTS - 1])
    with pytest.raises(InputError, match="for 99 accounts only"):
        learn(features[some], rows.take(some), 1, silent)


@pytest.mark.parametrize("outcome", [0, 1])
def test_outcomes_that_are_all_alike(small: tuple[Floats, Assigned], outcome: int) -> None:
    features, rows = small
    alike = rows.cured == outcome
    with pytest.raises(InputError, match="all ended alike"):
        learn(features[alike], rows.take(alike), 1, silent)


# --- Beside another estimator

FAR = 3.5  # standard errors: 13 effects or so are compared


class Recorded(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Hands econml the propensities that were recorded, which stand behind the stages."""

    def fit(self, _: Floats, level: Indices, **__: Any) -> "Recorded":
        self.classes_ = np.unique(level)
        return self

    def predict_proba(self, given: Floats) -> Floats:
        return given[:, len(LATE_STAGES) : len(LATE_STAGES) + 5]

    def score(self, *_: Any, **__: Any) -> float:
        return 0.0


# econml fits on numbers without names and predicts so too, which LightGBM remarks on.
@pytest.mark.filterwarnings("ignore")
def test_mean_effects_are_those_of_econml(studied: Studied) -> None:
    from econml.dr import LinearDRLearner

    rows = studied.rows
    stages = np.eye(len(LATE_STAGES))
    learner = LinearDRLearner(
        model_propensity=Recorded(),
        model_regression=LGBMClassifier(
            n_estimators=120, learning_rate=0.05, num_leaves=15, n_jobs=1, verbose=-1
        ),
        discrete_outcome=True,
        categories=[0, 1, 2, 3, 4],
        fit_cate_intercept=False,
        cv=GroupKFold(5),
        min_propensity=0.01,
        allow_missing=True,
        random_state=1,
    )
    learner.fit(
        rows.cured.astype(int),
        rows.level,
        X=stages[rows.stage - 1],
        W=np.column_stack([rows.propensity, studied.features[:, effect_columns()]]),
        groups=rows.account,
        inference="statsmodels",
    )
    compared = 0
    for cell in studied.learned.cells:
        if cell.effect is None:
            continue
        one = stages[[LATE_STAGES.index(cell.stage)]]
        theirs = learner.const_marginal_effect_inference(one)
        effect = theirs.point_estimate[0].ravel()[cell.level - 1]
        error = theirs.stderr[0].ravel()[cell.level - 1]
        assert abs(cell.effect - effect) < FAR * error, (cell.stage, cell.level)
        compared += 1
    assert compared >= 5
