"""Our features in pandas: vectorised columns and groupby, no Python per account.

Statements are sorted by account and day, so what a statement needs of those before it is
shifted or filled along the whole frame; of each window of months, all columns are then
aggregated together. NaN stands for what is not known.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.peers.pandas_windows import (
    FULL,
    Columns,
    aggregated,
    latest_row,
    of_3,
    of_6,
    of_12,
    of_24,
    ratio,
)

CYCLE_DAYS = 365.25 / 12
DAY_SECONDS = 86_400.0


def frame(arrays: Mapping[str, NDArray[np.float64]]) -> pd.DataFrame:
    """Flat arrays of statements, sorted by account and day, as a frame."""
    return pd.DataFrame(dict(arrays))


def features(statements: pd.DataFrame, as_of: float) -> pd.DataFrame:
    """The features of each account, one a row, as known at `as_of` (UTC seconds)."""
    rows = _rows(statements[statements["known_at"] <= as_of])
    out = _last(rows, as_of) | _whole(rows)
    rows = rows.drop(columns=["day", "known_at", "first", "last"])
    for months, window in ((3, of_3), (6, of_6), (12, of_12), (24, of_24)):
        out |= window(rows[rows["age"] < months - 0.5])
    out |= _combined(out)
    return pd.DataFrame({name: values for name, values in out.items() if name[0] != "_"})


def _rows(known: pd.DataFrame) -> pd.DataFrame:
    """The statements with what their aggregation needs to know of their neighbours."""
    rows = known.reset_index(drop=True)
    account = rows["account"]
    first, last = account != account.shift(), account != account.shift(-1)
    rows["first"], rows["last"] = first, last
    rows["age"] = (rows["day"].where(last).bfill() - rows["day"]) / CYCLE_DAYS
    rows["used"] = ratio(rows["balance"], rows["credit_limit"])
    for name in ("days_past_due", "amount_due", "balance"):
        rows[f"{name}_before"] = rows[name].shift().where(~first)
    rows["balance_share"] = ratio(rows["amount_paid"], rows["balance_before"])
    rows["due_share"] = ratio(rows["amount_paid"], rows["amount_due_before"])
    rows["cure"] = (rows["days_past_due_before"] > 0) & (rows["days_past_due"] == 0)
    return rows


def _last(rows: pd.DataFrame, as_of: float) -> Columns:
    """What the last statements tell by themselves and of the two before."""
    at = np.flatnonzero(rows["last"])
    start = np.flatnonzero(rows["first"])
    now = rows.take(at)

    def earlier(name: str, steps: int) -> pd.Series:
        values = rows[name].to_numpy()[np.maximum(at - steps, 0)]
        return pd.Series(np.where(at - steps >= start, values, np.nan), now.index)

    late, late_before = now["days_past_due"], now["days_past_due_before"]
    earliest = earlier("days_past_due", 2)
    out = {
        "dpd_last": late,
        "dpd_previous": late_before,
        "dpd_before_previous": earliest,
        "dpd_change": late - late_before,
        "dpd_acceleration": late - 2 * late_before + earliest,
        "paid_last": now["amount_paid"],
        "paid_previous": earlier("amount_paid", 1),
        "paid_share_last": now["balance_share"],
        "paid_share_previous": earlier("balance_share", 1),
        "paid_to_balance_last": ratio(now["amount_paid"], now["balance"]),
        "paid_to_due_last": now["due_share"],
        "balance_last": now["balance"],
        "balance_to_previous": ratio(now["balance"], now["balance_before"]),
        "utilisation_last": now["used"],
        "utilisation_change": now["used"] - earlier("used", 1),
        "limit_last": now["credit_limit"],
        "due_to_balance": ratio(now["amount_due"], now["balance"]),
        "days_since_statement": np.floor((as_of - now["known_at"]) / DAY_SECONDS),
        "_due": now["amount_due"],
        "_row": pd.Series(at, now.index),
        "_start": pd.Series(start, now.index),
    }
    return {name: column.set_axis(now["account"]) for name, column in out.items()}


def _whole(rows: pd.DataFrame) -> Columns:
    """What is aggregated over all statements."""
    late, paid, due_share = rows["days_past_due"], rows["amount_paid"], rows["due_share"]
    age, current = rows["age"], late == 0
    row = pd.Series(np.arange(len(rows), dtype=np.float64))
    since = {
        "months_since_current": current,
        "months_since_over_30": late > 30,
        "months_since_over_limit": rows["used"] > 1,
        "months_since_cure": rows["cure"],
        "months_since_paid": paid > 0,
        "months_since_full": rows["balance_share"] >= FULL,
    }
    out = aggregated(
        rows["account"],
        sum={"_cures": rows["cure"], "_late_before": rows["days_past_due_before"] > 0},
        last={
            **{name: age.where(condition) for name, condition in since.items()},
            "_current_row": row.where(current),
            "_late_row": latest_row(late > 0, rows["first"]).where(current),
            "_paid_row": row.where(~(paid == 0)),
            "_met_row": row.where(~(due_share < 1)),
        },
    )
    return out | {name: np.floor(out[name] + 0.5) for name in since}


def _slope(out: Columns, name: str) -> pd.Series:
    """Least-squares change per month out of sums; NaN below 3 known values."""
    n, x, y = out[f"_n_{name}"], out[f"_x_{name}"], out[f"_y_{name}"]
    spread = out[f"_xx_{name}"] - x * x / n
    return ((x * y / n - out[f"_xy_{name}"]) / spread).where((n >= 3) & (spread > 0))


def _combined(out: Columns) -> Columns:
    """What needs several aggregations."""
    row, several = out["_row"], out["_row"] > out["_start"]
    balance, before_all = out["balance_last"], out["_start"] - 1
    streak = row - out["_current_row"].fillna(before_all)
    late_before = out["_late_24"] - np.minimum(streak, out["statements_24"])
    missed = row - out["_paid_row"].fillna(before_all)
    paid_known = out["_paid_known_12"]
    deviation = out["_paid_deviation_12"] * np.sqrt((paid_known - 1).clip(lower=0) / paid_known)
    short = row - out["_met_row"].fillna(before_all)
    return {
        "late_streak": streak,
        "current_streak": out["_current_row"] - out["_late_row"],
        "missed_streak": missed.where(out["paid_last"].notna()),
        "short_streak": short.where(out["paid_to_due_last"].notna()),
        "own_cure_share": ratio(out["_cures"], out["_late_before"]),
        "late_before_24": late_before.where(out["_current_row"].notna()),
        "late_run_mean_24": ratio(late_before, out["_cures_24"]),
        "cures_12": out["_cures_12"].where(several),
        "cures_24": out["_cures_24"].where(several),
        "dpd_trend_6": _slope(out, "dpd_6"),
        "dpd_trend_12": _slope(out, "dpd_12"),
        "balance_trend_6": _slope(out, "balance_6"),
        "utilisation_trend_6": _slope(out, "used_6"),
        "paid_trend_6": _slope(out, "paid_6"),
        "paid_over_balance_3": ratio(out["_paid_of_balance_3"], out["_balance_of_paid_3"]),
        "paid_over_balance_12": ratio(out["_paid_of_balance_12"], out["_balance_of_paid_12"]),
        "paid_over_due_6": ratio(out["_paid_6"], out["_asked_6"]),
        "balance_to_highest_12": ratio(balance, out["_balance_highest_12"]),
        "limit_to_highest_24": ratio(out["limit_last"], out["_limit_highest_24"]),
        "paid_highest_to_balance_12": ratio(out["_paid_highest_12"], balance),
        "paid_variation_12": ratio(deviation, out["_paid_mean_12"]),
        "due_to_usual_paid_12": ratio(out["_due"], out["_paid_mean_12"]),
    }
