"""The numbers of the card's pictures: what they are drawn from, and whom they do not tell of."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from features.catalogue import BY_NAME
from features.matrix import matrix
from features.panel import known_at, panel
from models.score.bundle import Bundle, load
from models.score.calibration import last_stages
from models.score.scores import Scores, score_matrix
from models.stage import STAGES
from tests.histories import random_tables
from training.card.explained import (
    CONTRIBUTION_DIGITS,
    DEPENDENCE_POINTS,
    SHOWN_FEATURES,
    STRONGEST,
    SUMMARY_POINTS,
    explained_document,
    strongest,
)
from training.evaluate import Judged
from training.gains import gains
from training.plots import wilson
from training.reliability import reliability

ACCOUNTS = 900
MOST_BYTES = 500_000


class Run(NamedTuple):
    """All that the numbers are made of."""

    judged: Judged
    scores: Scores
    bundle: Bundle

    def document(self) -> dict[str, Any]:
        return explained_document(*self)


@pytest.fixture(scope="module")
def run(bundle_dir: Path) -> Run:
    """Rows whose outcomes are drawn from the bundle's scores."""
    bundle, rng = load(bundle_dir), np.random.default_rng(2)
    history = panel(*random_tables(5, accounts=ACCOUNTS))
    as_of = rng.uniform(19_100, 19_300, ACCOUNTS) * 86_400
    features = matrix(history, known_at(history, np.arange(ACCOUNTS), as_of))[:, bundle.columns]
    stage = last_stages(features, bundle.features)
    features, stage = features[stage > 0], stage[stage > 0]
    scores = score_matrix(bundle, features)
    label = (rng.random(len(features)) < scores.probability).astype(np.int64)
    judged = Judged(label, scores.log_odds, np.arange(len(features)), stage, {})
    return Run(judged, scores, bundle)


def test_what_is_told_of_whom(run: Run) -> None:
    told = run.document()
    assert told["bundle_sha256"] == run.bundle.sha256
    assert told["target"] == "cure"
    assert told["n"] == len(run.judged.label)
    assert told["explained"] == len(run.scores.log_odds) > DEPENDENCE_POINTS
    assert told["base_log_odds"] == run.bundle.base_log_odds
    assert len(json.dumps(told, allow_nan=False)) < MOST_BYTES


def test_the_features_are_those_that_weigh_most(run: Run) -> None:
    told = run.document()
    expected = strongest(run.scores.contributions, run.bundle.features, SHOWN_FEATURES)
    assert [each["feature"] for each in told["summary"]] == [name for name, _ in expected]
    for each, (name, mean) in zip(told["summary"], expected, strict=True):
        assert each["group"] == BY_NAME[name].group
        assert each["mean"] == round(mean, CONTRIBUTION_DIGITS)
        assert len(each["points"]) == SUMMARY_POINTS
    assert [each["feature"] for each in told["dependence"]] == [
        name for name, _ in expected[:STRONGEST]
    ]
    assert {len(each["points"]) for each in told["dependence"]} == {DEPENDENCE_POINTS}


def test_the_points_are_rows_that_were_explained(run: Run) -> None:
    for each in (told := run.document())["summary"] + told["dependence"]:
        j = run.bundle.features.index(each["feature"])
        known = {
            (None if np.isnan(value) else float(f"{value:.6g}"), round(share, CONTRIBUTION_DIGITS))
            for value, share in zip(
                run.scores.features[:, j].tolist(),
                run.scores.contributions[:, j].tolist(),
                strict=True,
            )
        }
        assert {tuple(point) for point in each["points"]} <= known


def test_no_row_can_be_put_together_from_its_features(run: Run) -> None:
    """The points lie by value: where they lay by row, one place would be one account's history."""
    for each in run.document()["summary"]:
        keys = [(value is None, value or 0.0, share) for value, share in each["points"]]
        assert keys == sorted(keys)


def test_unknown_values_are_none_and_come_last(run: Run) -> None:
    j = run.bundle.features.index(run.document()["summary"][0]["feature"])
    values = run.scores.features.copy()
    values[::2, j] = np.nan
    told = run._replace(scores=run.scores._replace(features=values)).document()
    values_told = [value for value, _ in told["dependence"][0]["points"]]
    unknown = values_told.count(None)
    assert 0 < unknown < len(values_told)
    assert values_told[-unknown:] == [None] * unknown


def test_a_feature_that_says_nothing_or_is_never_known_is_left_out(run: Run) -> None:
    first, second = (each["feature"] for each in run.document()["summary"][:2])
    values, shares = run.scores.features.copy(), run.scores.contributions.copy()
    values[:, run.bundle.features.index(first)] = np.nan
    shares[:, run.bundle.features.index(second)] = 0.0
    scores = run.scores._replace(features=values, contributions=shares)
    told = run._replace(scores=scores).document()
    assert not {first, second} & {each["feature"] for each in told["summary"]}


def test_bins_and_gains_are_those_of_the_card(run: Run) -> None:
    told, judged = run.document(), run.judged
    assert told["gains"] == gains(judged.label, judged.log_odds)
    stages = np.unique(judged.stage).tolist()
    assert list(told["reliability"]["by_stage"]) == [STAGES[s] for s in stages]
    parts = [(told["reliability"]["overall"], judged)]
    parts += [
        (told["reliability"]["by_stage"][STAGES[s]], judged.take(judged.stage == s)) for s in stages
    ]
    assert len(parts) > 2
    for part, rows in parts:
        bins = reliability(rows.label, rows.probability)
        low, high = wilson(bins.observed, bins.n)
        assert part["n"] == len(rows.label) == sum(each["n"] for each in part["bins"])
        columns = {"n": bins.n, "predicted": bins.predicted, "observed": bins.observed}
        for name, expected in (columns | {"low": low, "high": high}).items():
            assert [each[name] for each in part["bins"]] == expected.tolist()
        assert all(each["low"] <= each["observed"] <= each["high"] for each in part["bins"])


def test_the_same_rows_give_the_same_bytes(run: Run) -> None:
    again = run._replace(judged=replace(run.judged, others={}))
    assert json.dumps(run.document()) == json.dumps(again.document())
