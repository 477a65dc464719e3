"""Whether probabilities are what they say: bins, the error over them, and what chance makes."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import root
from scipy.special import expit

from features.panel import Floats, Indices
from training.bootstrap import Interval, account_draws, interval
from training.calibrate import calibration_line

BINS = 10  # of equal mass
LEAST_IN_BIN = 10  # rows; with fewer than BINS times as many there are fewer bins
BAND_DRAWS = 1_000
LINE_DRAWS = 200  # of accounts: enough for an interval's ends to a tenth of its width


@dataclass(frozen=True)
class Bins:
    """Equal-mass bins of the predicted probability, lowest first: one entry per bin."""

    n: Indices
    predicted: Floats
    observed: Floats

    @property
    def ece(self) -> float:
        """Expected calibration error: mean distance of predicted and observed over the rows.

        Naeini, Cooper and Hauskrecht, AAAI 2015; bins of equal mass as in Nguyen and O'Connor,
        EMNLP 2015.
        """
        return float(self.n @ np.abs(self.predicted - self.observed) / self.n.sum())


@dataclass(frozen=True)
class Band:
    """What a perfectly calibrated score shows on the same rows, by chance alone.

    `low` and `high` hold the middle 95% of each bin's observed rate; `ece_mean` and `ece_p95`
    are the mean and the 95th percentile of the expected calibration error.
    """

    low: Floats
    high: Floats
    ece_mean: float
    ece_p95: float


@dataclass(frozen=True)
class Line:
    """Calibration line of label on log-odds: 1 and 0 where predictions need no mending.

    Intervals are 95%, by LINE_DRAWS bootstrap draws of accounts; None where no draw has a line.
    """

    slope: float
    slope_ci: Interval | None
    intercept: float
    intercept_ci: Interval | None


def reliability(label: Indices, probability: Floats) -> Bins:
    """BINS bins of equal mass, or fewer so that each holds LEAST_IN_BIN rows; one at least.

    Needs a row. Rows of equal probability keep their order, and may lie in two bins.
    """
    order, starts = _binned(probability)
    n = np.diff([*starts, len(order)])
    predicted = np.add.reduceat(probability[order], starts) / n
    return Bins(n, predicted, np.add.reduceat(label[order], starts) / n)


def calibrated_band(probability: Floats, seed: int) -> Band:
    """Draw BAND_DRAWS times, for the same rows, labels that the probabilities foretell exactly.

    The error of a perfect score is above 0 wherever rows are finite (Bröcker and Smith, Weather
    and Forecasting 2007): only an error above the band tells of miscalibration.
    """
    order, starts = _binned(probability)
    ordered, n = probability[order], np.diff([*starts, len(order)])
    rng = np.random.default_rng(seed)
    count = np.array(
        [
            np.add.reduceat(rng.random(len(ordered)) < ordered, starts, dtype=np.int64)
            for _ in range(BAND_DRAWS)
        ]
    )
    error = np.abs(count - np.add.reduceat(ordered, starts)).sum(axis=1) / len(ordered)
    low, high = np.percentile(count / n, (2.5, 97.5), axis=0)
    return Band(low, high, float(error.mean()), float(np.percentile(error, 95)))


def deviation(label: Indices, probability: Floats) -> float | None:
    """Observed minus predicted rate in binomial standard deviations; None where they are 0.

    (Σ label − Σ p) / √Σ p(1 − p), the statistic of Spiegelhalter's kind for the level alone:
    beyond ±2 the level is off, were rows independent; months of one account are not, quite.
    """
    spread = float(np.sqrt(np.sum(probability * (1.0 - probability))))
    return float(label.sum() - probability.sum()) / spread if spread > 0 else None


def line(label: Indices, log_odds: Floats, account: Indices, seed: int) -> Line | None:
    """The line and its intervals; None where no finite line fits best."""
    fitted = _line(label, log_odds)
    if fitted is None:
        return None
    drawn = [
        _redrawn(label, log_odds, weight, fitted)
        for weight in account_draws(account, LINE_DRAWS, seed)
    ]
    slopes, intercepts = np.array(drawn).T
    return Line(fitted[0], interval(slopes), fitted[1], interval(intercepts))


def _line(label: Indices, log_odds: Floats) -> tuple[float, float] | None:
    return calibration_line(log_odds, label) if _overlap(label, log_odds) else None


def _redrawn(
    label: Indices, log_odds: Floats, weight: Indices, start: tuple[float, float]
) -> tuple[float, float]:
    """The line of the rows with their weights, sought from `start`; NaN where there is none.

    Where the likelihood's gradient is 0: a tenth of the time of fitting anew on many rows.
    """
    kept = weight > 0
    label, x, weight = label[kept], log_odds[kept], weight[kept]
    if not _overlap(label, x):
        return np.nan, np.nan

    def gradient(at: Floats) -> tuple[Floats, Floats]:
        probability = expit(at[0] * x + at[1])
        off, bend = weight * (probability - label), weight * probability * (1.0 - probability)
        across = bend @ x
        curvature = np.array([[bend @ (x * x), across], [across, bend.sum()]])
        return np.array([off @ x, off.sum()]) / len(x), curvature / len(x)

    found = root(gradient, np.array(start), jac=True, tol=1e-9)
    return (float(found.x[0]), float(found.x[1])) if found.success else (np.nan, np.nan)


def _overlap(label: Indices, log_odds: Floats) -> bool:
    """Both classes are there, and neither lies wholly above the other: a finite line fits best."""
    reached, others = log_odds[label == 1], log_odds[label == 0]
    if not len(reached) or not len(others):
        return False
    return bool(reached.min() < others.max() and reached.max() > others.min())


def _binned(probability: Floats) -> tuple[Indices, Indices]:
    """Rows in rising order, and where each bin begins among them."""
    order = np.argsort(probability, kind="stable")
    bins = max(1, min(BINS, len(order) // LEAST_IN_BIN))
    sizes = [len(part) for part in np.array_split(order, bins)]
    return order, np.cumsum([0, *sizes[:-1]])
