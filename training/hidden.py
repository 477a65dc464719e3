"""What a simulation hides, read to see whether ability and willingness are what they are called.

It is used once everything is fitted, and for nothing else: see `Hidden`.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.stats import spearmanr

from features.errors import InputError
from features.panel import Floats
from models.score.standing import Agreement, StandingCheck
from training.labels import Snapshots
from training.problems import unreadable

FILE = "truth.parquet"
_KEY = ["account_id", "statement_date"]
_COLUMNS = pa.schema(
    [
        ("account_id", pa.string()),
        ("statement_date", pa.date32()),
        ("ability", pa.float64()),
        ("willingness", pa.float64()),
    ]
)
_REMEDY = "Delete the file, or simulate anew: without it, what is hidden is not measured"


class Hidden(NamedTuple):
    """The true ability and willingness during the cycle after each of n snapshots' statements.

    NaN where they are not told.
    """

    ability: Floats
    willingness: Floats


def read_hidden(folder: Path, rows: Snapshots, account_ids: NDArray[np.str_]) -> Hidden | None:
    """What the folder's simulation hid of these snapshots; None where it is no simulation.

    Raises InputError where the file cannot be read, lacks columns or keys, or repeats a statement.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    truth = _truth(path)
    wanted = pd.DataFrame(
        {"account_id": account_ids[rows.account], "statement_date": rows.day.astype(np.int64)}
    )
    found = wanted.merge(truth, on=_KEY, how="left", validate="many_to_one")
    return Hidden(found["ability"].to_numpy(np.float64), found["willingness"].to_numpy(np.float64))


def _truth(path: Path) -> pd.DataFrame:
    """The file's rows, `statement_date` in days since 1970; each statement once."""
    try:
        with pq.ParquetFile(path) as file:
            for name in _COLUMNS.names:
                if name not in file.schema_arrow.names:
                    raise InputError(f"{path.name}, column {name}", "is missing", _REMEDY)
            truth = file.read(_COLUMNS.names).select(_COLUMNS.names).cast(_COLUMNS)
    except (pa.ArrowException, OSError) as error:
        raise unreadable(path, error, _REMEDY) from error
    for name in _KEY:
        if truth[name].null_count:
            raise InputError(f"{path.name}, column {name}", "lacks values", _REMEDY)
    days = truth["statement_date"].cast(pa.int32()).cast(pa.int64())
    frame: pd.DataFrame = truth.set_column(1, "statement_date", days).to_pandas()
    if frame.duplicated(_KEY).any():
        raise InputError(path.name, "tells of a statement more than once", _REMEDY)
    return frame


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
