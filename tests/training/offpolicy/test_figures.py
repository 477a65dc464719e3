"""Figures with their intervals: paired draws of accounts, by stage, and what the largest make."""

import numpy as np
import pytest

from models.stage import STAGES
from training.bootstrap import account_draws
from training.offpolicy.draws import Grouped, drawn_sums
from training.offpolicy.estimators import Given, Rewards, Term, estimates, terms
from training.offpolicy.figures import Rows, figure, figures, largest_share

N, DRAWS, SEED = 300, 60, 3  # more draws than are held at a time


@pytest.fixture(scope="module")
def rewarded() -> Rewards:
    rng = np.random.default_rng(1)
    propensity = rng.dirichlet(np.full(5, 2.0), N)
    return Rewards(
        level=np.array([rng.choice(5, p=each) for each in propensity]),
        propensity=propensity,
        cured=(rng.random(N) < 0.4).astype(float),
        worth=rng.lognormal(4, 1, N),
        cost=np.array([0.0, 1.0, 4.0, 9.0, 20.0]),
        contacts=np.array([0.0, 5.0, 7.0, 9.0, 20.0]),
        outcome=rng.uniform(0.2, 0.6, (N, 5)),
    )


@pytest.fixture(scope="module")
def rows() -> Rows:
    rng = np.random.default_rng(2)
    return Rows(account=rng.integers(0, 70, N) * 10, stage=rng.integers(1, 4, N))


GIVEN = {
    "done": Given(np.zeros(N, np.int64), as_done=True),
    "remind": Given(np.full(N, 1)),
    "mixed": Given(np.arange(N) % 3),
}


@pytest.fixture(scope="module")
def given(rewarded: Rewards) -> dict[str, Given]:
    return {**GIVEN, "done": Given(rewarded.level, as_done=True)}


def test_draws_are_those_of_a_direct_recomputation(
    rewarded: Rewards, rows: Rows, given: dict[str, Given]
) -> None:
    grouped = Grouped(rows.account, rows.stage)
    every = [terms(each, rewarded) for each in given.values()]
    sums = grouped.sums([grouped.summed(each) for each in every])
    stages = [1, 2, 3]
    found = drawn_sums(sums, stages, DRAWS, SEED)
    samples = list(account_draws(rows.account, DRAWS, SEED))
    for d in (0, 49, 50, DRAWS - 1):
        for j, stage in enumerate(stages):
            here = rows.stage == stage
            direct = [(samples[d][here, None] * each[here]).sum(axis=0) for each in every]
            assert found[d, j] == pytest.approx(np.array(direct))
    assert sums.of_stages(stages).sum(axis=0) == pytest.approx(
        np.array([each.sum(axis=0) for each in every])
    )


def test_intervals_and_differences_are_of_the_same_draws(
    rewarded: Rewards, rows: Rows, given: dict[str, Given]
) -> None:
    found = figures(given, rows, rewarded, DRAWS, SEED)
    samples = list(account_draws(rows.account, DRAWS, SEED))
    net = {name: terms(each, rewarded)[:, Term.NET] for name, each in given.items()}
    drawn = {
        name: np.array([1_000 * (w * each).sum() / w.sum() for w in samples])
        for name, each in net.items()
    }
    for name in given:
        value = 1_000 * net[name].mean()
        assert found[name]["net_dr"] == pytest.approx(mirrored(value, drawn[name]))
    value = 1_000 * (net["mixed"] - net["remind"]).mean()
    both = drawn["mixed"] - drawn["remind"]
    assert found["mixed"]["minus"]["remind"] == pytest.approx(mirrored(value, both))
    rate = found["mixed"]["cure_rate_dr"]  # which may not leave 0 to 1
    cures = terms(given["mixed"], rewarded)[:, Term.CURES]
    low, high = np.percentile([(w * cures).sum() / w.sum() for w in samples], (2.5, 97.5))
    assert (rate["low"], rate["high"]) == pytest.approx((low, high))
    assert set(found["mixed"]["minus"]) == {"done", "remind"}


def mirrored(value: float, draws: np.ndarray) -> dict[str, float]:
    low, high = np.percentile(draws, (2.5, 97.5))
    return {"value": value, "low": 2 * value - high, "high": 2 * value - low}


def test_stages_have_figures_of_their_own(
    rewarded: Rewards, rows: Rows, given: dict[str, Given]
) -> None:
    found = figures(given, rows, rewarded, DRAWS, SEED)["mixed"]
    assert list(found["by_stage"]) == ["M1", "M2", "M3"]
    for name, part in found["by_stage"].items():
        here = rows.stage == STAGES.index(name)
        own = estimates(terms(given["mixed"], rewarded)[here].sum(axis=0))
        assert part["net_snips"]["value"] == pytest.approx(float(own.net_snips))
        assert part["net_dr"]["low"] < part["net_dr"]["value"] < part["net_dr"]["high"]
        levels = np.bincount(given["mixed"].level[here], minlength=5) / here.sum()
        assert part["levels"] == pytest.approx(levels.tolist())


def test_an_account_s_rows_are_drawn_together(rewarded: Rewards, given: dict[str, Given]) -> None:
    one = figures(given, Rows(np.zeros(N, int), np.ones(N, int)), rewarded, DRAWS, SEED)
    told = one["mixed"]["net_dr"]
    assert told["low"] == pytest.approx(told["value"]) == pytest.approx(told["high"])


def test_what_is_not_defined_is_none() -> None:
    nothing = {"value": None, "low": None, "high": None}
    assert figure(np.nan, np.array([1.0]), reflected=True) == nothing
    without_bounds = {**nothing, "value": 2.0}
    assert figure(2.0, np.array([np.nan]), reflected=False) == without_bounds


def test_the_largest_amounts_part_in_the_width() -> None:
    account, worth = np.arange(1_000), np.ones(1_000)
    net = np.tile([1.0, -1.0], 500)
    assert largest_share(net, account, worth) == pytest.approx(0)  # none is larger
    worth[:10] = 100.0
    net[:10] *= 100.0
    # 990 rows of variance 1, and ten of 10,000.
    assert largest_share(net, account, worth) == pytest.approx(1 - np.sqrt(990 / 100_990), rel=1e-3)
    assert largest_share(np.ones(5), np.arange(5), np.ones(5)) is None
