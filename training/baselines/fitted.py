"""All baselines, fitted on the rows that train and scored on the rows that are judged."""

from dataclasses import dataclass
from typing import Any

import lightgbm
from sklearn.pipeline import Pipeline

from features.panel import Floats
from training.baselines.days_past_due import days_past_due
from training.baselines.logistic import logistic
from training.baselines.roll_rate import roll_rate_table, roll_rates
from training.baselines.scorecard import Scorecard, scorecard
from training.baselines.untuned import untuned_booster
from training.boosting import margins
from training.config import TrainingConfig
from training.draws import drawn_accounts, keys
from training.labels import Snapshots
from training.progress import Progress
from training.split import folds

MOST_ROWS = 20_000  # for scorecard and regression: more would cost minutes and add nothing
GROUPS = 3  # of accounts, each validated once


@dataclass(frozen=True)
class Baselines:
    """Five baselines fitted on the same rows; `names` are the columns that they read."""

    names: tuple[str, ...]
    roll_rate: dict[str, Any]
    scorecard: Scorecard
    logistic: Pipeline
    untuned: lightgbm.Booster
    threads: int

    def scores(self, features: Floats, rows: Snapshots) -> dict[str, Floats]:
        """By name, a number for each row that is higher where the target is likelier.

        `features` is rows × `names`. `roll_rate` gives probabilities, `scorecard`, `logistic`
        and `untuned` log-odds, `days_past_due` only an order.
        """
        return {
            "days_past_due": days_past_due(features, self.names),
            "roll_rate": roll_rates(self.roll_rate, rows.stage, rows.previous_stage),
            "scorecard": self.scorecard.log_odds(features),
            "logistic": self.logistic.decision_function(features),
            "untuned": margins(self.untuned, features, self.threads),
        }


def fit_baselines(
    features: Floats,
    rows: Snapshots,
    names: tuple[str, ...],
    config: TrainingConfig,
    progress: Progress,
) -> Baselines:
    """Fit each as a careful analyst would; `features` is rows × `names`.

    Scorecard and regression see the rows of whole accounts, about MOST_ROWS where there are
    more; their penalties are chosen on the last training month, on accounts and months not
    fitted on. InputError where the rows have no folds in time.
    """
    drawn = drawn_accounts(keys(rows.account, None), MOST_ROWS / max(len(rows), 1), config.seed)
    fewer, inputs = rows.take(drawn), features[drawn]
    last_month = folds(fewer, cuts=1, groups=GROUPS, seed=config.seed)
    progress(f"fitting a scorecard on {len(fewer)} rows")
    card = scorecard(inputs, fewer.label, last_month)
    progress(f"fitting a logistic regression on {len(fewer)} rows")
    line = logistic(inputs, fewer.label, last_month)
    progress("fitting an untuned booster")
    return Baselines(
        names=names,
        roll_rate=roll_rate_table(rows.label, rows.stage, rows.previous_stage),
        scorecard=card,
        logistic=line,
        untuned=untuned_booster(features, rows.label, names, config),
        threads=config.threads,
    )
