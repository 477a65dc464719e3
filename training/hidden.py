"""What a simulation hides, read to see whether ability and willingness are what they are called.

It is read once everything is fitted, and for nothing else: see `Hidden`.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from features.panel import Floats
from models.score.standing import Agreement, StandingCheck
from training.labels import Snapshots

FILE = "truth.parquet"
_KEY = ["account_id", "statement_date"]


class Hidden(NamedTuple):
    """The true ability and willingness during the cycle after each of n snapshots' statements.

    NaN where they are not told.
    """

    ability: Floats
    willingness: Floats


def read_hidden(folder: Path, rows: Snapshots, account_ids: NDArray[np.str_]) -> Hidden | None:
    """What the folder's simulation hid of these snapshots; None where it is no simulation."""
    path = folder / FILE
    if not path.is_file():
        return None
    truth = pd.read_parquet(path, columns=[*_KEY, "ability", "willingness"])
    truth["statement_date"] = truth["statement_date"].to_numpy("datetime64[D]").astype(np.int64)
    wanted = pd.DataFrame(
        {"account_id": account_ids[rows.account], "statement_date": rows.day.astype(np.int64)}
    )
    found = wanted.merge(truth, on=_KEY, how="left")
    return Hidden(found["ability"].to_numpy(np.float64), found["willingness"].to_numpy(np.float64))


def standing_check(hidden: Hidden | None, ability: Floats, willingness: Floats) -> StandingCheck:
    """How far ability and willingness of rows that did not train agree with what was hidden."""
    if hidden is None:
        return StandingCheck(measured=False, n=0)
    known = np.isfinite(hidden.ability) & np.isfinite(hidden.willingness)
    own, other = hidden.ability[known], hidden.willingness[known]
    return StandingCheck(
        measured=True,
        n=int(known.sum()),
        ability=Agreement(
            own=_rank_correlation(ability[known], own),
            other=_rank_correlation(ability[known], other),
        ),
        willingness=Agreement(
            own=_rank_correlation(willingness[known], other),
            other=_rank_correlation(willingness[known], own),
        ),
    )


def _rank_correlation(a: Floats, b: Floats) -> float | None:
    """Spearman's; None where there is none, a constant having no ranks."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(spearmanr(a, b).statistic)
