"""Our features in polars: one lazy plan over statements sorted by account and day.

What a statement needs of those before it is shifted or filled along the whole frame, which
costs less than a window function per account; each window of months is one pass of
aggregations. Null stands for what is not known.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

CYCLE_DAYS = 365.25 / 12
DAY_SECONDS = 86_400.0
FULL = 0.99
ALL = 0.999
RESTRUCTURED = 1

ACCOUNT, DAY, KNOWN_AT = pl.col("account"), pl.col("day"), pl.col("known_at")
BALANCE, PAID, DUE = pl.col("balance"), pl.col("amount_paid"), pl.col("amount_due")
LATE, LIMIT, STATUS = pl.col("days_past_due"), pl.col("credit_limit"), pl.col("status")
# Worked out for each statement; AGE is in months before the account's last one.
ROW, FIRST, LAST, AGE, USED = (pl.col(name) for name in ("row", "first", "last", "age", "used"))
BALANCE_BEFORE, DUE_BEFORE = pl.col("balance_before"), pl.col("due_before")
LATE_BEFORE, LATE_ROW, RUN = pl.col("late_before"), pl.col("late_row"), pl.col("run")
BALANCE_SHARE, DUE_SHARE, CURE = pl.col("balance_share"), pl.col("due_share"), pl.col("cure")

Expressions = dict[str, pl.Expr]


def frame(arrays: Mapping[str, NDArray[np.float64]]) -> pl.DataFrame:
    """Flat arrays of statements, sorted by account and day, as a frame."""
    columns = [pl.Series(name, values, nan_to_null=True) for name, values in arrays.items()]
    return pl.DataFrame(columns).with_columns(ACCOUNT.set_sorted())


def features(statements: pl.DataFrame, as_of: float) -> pl.DataFrame:
    """The features of each account, one a row, as known at `as_of` (UTC seconds)."""
    rows = _rows(statements.lazy().filter(KNOWN_AT.le(as_of)))
    passes = [rows.filter(LAST).select(**_last(as_of)), _pass(rows, _whole())]
    for months, aggregations in ((3, _of_3()), (6, _of_6()), (12, _of_12()), (24, _of_24())):
        passes.append(_pass(rows.filter(AGE.lt(months - 0.5)), aggregations))
    together = pl.concat(passes, how="horizontal").with_columns(**_streaks())
    return together.with_columns(**_combined()).select(pl.exclude("^_.*$")).collect()


def _pass(rows: pl.LazyFrame, aggregations: Expressions) -> pl.LazyFrame:
    return rows.group_by("account", maintain_order=True).agg(**aggregations).drop("account")


def _if(condition: pl.Expr, value: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(value)


def _ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return _if(whole > 0, part / whole)


def _rows(known: pl.LazyFrame) -> pl.LazyFrame:
    """The statements with what the passes need to know of their neighbours."""
    return (
        known.with_columns(
            row=pl.int_range(pl.len(), dtype=pl.Int32),
            first=ACCOUNT.ne_missing(ACCOUNT.shift(1)),
            last=ACCOUNT.ne_missing(ACCOUNT.shift(-1)),
            used=_ratio(BALANCE, LIMIT),
        )
        .with_columns(
            age=(_if(LAST, DAY).backward_fill() - DAY) / CYCLE_DAYS,
            late_before=_before(LATE),
            due_before=_before(DUE),
            balance_before=_before(BALANCE),
        )
        .with_columns(
            balance_share=_ratio(PAID, BALANCE_BEFORE),
            due_share=_ratio(PAID, DUE_BEFORE),
            cure=(LATE_BEFORE > 0) & (LATE == 0),
            late_row=_latest_row(LATE > 0, FIRST),
            run=ROW - _latest_row(LATE == 0, FIRST | ((AGE < 23.5) & (AGE.shift(1) >= 23.5))),
        )
    )


def _before(value: pl.Expr) -> pl.Expr:
    """The value of the account's statement before."""
    return _if(~FIRST, value.shift(1))


def _latest_row(condition: pl.Expr, begins: pl.Expr) -> pl.Expr:
    """The latest row that meets the condition, or else the one before all began."""
    return pl.when(condition).then(ROW).when(begins).then(ROW - 1).forward_fill()


def _last(as_of: float) -> Expressions:
    """What the last statement of each account tells by itself and the one before."""
    return {
        "dpd_last": LATE,
        "dpd_previous": LATE_BEFORE,
        "dpd_change": LATE - LATE_BEFORE,
        "paid_last": PAID,
        "paid_share_last": BALANCE_SHARE,
        "paid_to_balance_last": _ratio(PAID, BALANCE),
        "paid_to_due_last": DUE_SHARE,
        "balance_last": BALANCE,
        "balance_to_previous": _ratio(BALANCE, BALANCE_BEFORE),
        "utilisation_last": USED,
        "limit_last": LIMIT,
        "due_to_balance": _ratio(DUE, BALANCE),
        "days_since_statement": ((as_of - KNOWN_AT) / DAY_SECONDS).floor(),
        "_row": ROW,
        "_due": DUE,
        "_due_share": DUE_SHARE,
    }


def _since(condition: pl.Expr) -> pl.Expr:
    return (AGE.filter(condition).last() + 0.5).floor()


def _whole() -> Expressions:
    """What is aggregated over all statements."""
    return {
        "dpd_before_previous": LATE.get(-3, null_on_oob=True),
        "paid_previous": PAID.get(-2, null_on_oob=True),
        "paid_share_previous": BALANCE_SHARE.get(-2, null_on_oob=True),
        "months_since_current": _since(LATE == 0),
        "months_since_over_30": _since(LATE > 30),
        "months_since_over_limit": _since(USED > 1),
        "months_since_cure": _since(CURE),
        "months_since_paid": _since(PAID > 0),
        "months_since_full": _since(BALANCE_SHARE >= FULL),
        "own_cure_share": _ratio(CURE.sum(), (LATE_BEFORE > 0).sum()),
        "_count": pl.len(),
        "_used_previous": USED.get(-2, null_on_oob=True),
        "_current_row": ROW.filter(LATE == 0).last(),
        "_late_row": LATE_ROW.filter(LATE == 0).last(),
        "_paid_row": ROW.filter((PAID != 0).fill_null(True)).last(),
        "_met_row": ROW.filter((DUE_SHARE >= 1).fill_null(True)).last(),
    }


def _of_3() -> Expressions:
    return {
        "dpd_highest_3": LATE.max(),
        "dpd_mean_3": LATE.mean(),
        "late_share_3": (LATE > 0).mean(),
        "utilisation_mean_3": USED.mean(),
        "paid_over_balance_3": _paid_over_balance(),
        "paid_to_due_mean_3": DUE_SHARE.clip(upper_bound=1).mean(),
        "missed_share_3": (PAID == 0).mean(),
    }


def _of_6() -> Expressions:
    asked = DUE_SHARE.is_not_null()
    return {
        "dpd_highest_6": LATE.max(),
        "dpd_mean_6": LATE.mean(),
        "late_share_6": (LATE > 0).mean(),
        "roll_forward_share_6": (LATE > LATE_BEFORE).slice(1).mean(),
        "paid_share_mean_6": BALANCE_SHARE.clip(upper_bound=1).mean(),
        "paid_over_due_6": _ratio(_if(asked, PAID).sum(), _if(asked, DUE_BEFORE).sum()),
        "due_met_share_6": (DUE_SHARE >= 1).mean(),
        "_n_6": pl.len(),
        "_x_6": AGE.sum(),
        "_xx_6": (AGE * AGE).sum(),
        "_late_6": LATE.sum(),
        "_x_late_6": (AGE * LATE).sum(),
        "_balance_6": BALANCE.sum(),
        "_x_balance_6": (AGE * BALANCE).sum(),
        **_sums("used", USED),
        **_sums("paid", PAID),
    }


def _sums(name: str, value: pl.Expr) -> Expressions:
    """What the trend over 6 months of a value that may be unknown is made of."""
    x = _if(value.is_not_null(), AGE)
    return {
        f"_n_{name}_6": value.count(),
        f"_of_{name}_6": x.sum(),
        f"_xx_{name}_6": (x * x).sum(),
        f"_{name}_6": value.sum(),
        f"_x_{name}_6": (AGE * value).sum(),
    }


def _of_12() -> Expressions:
    both = DUE_SHARE.is_not_null() & BALANCE_SHARE.is_not_null()
    return {
        "dpd_highest_12": LATE.max(),
        "dpd_mean_12": LATE.mean(),
        "late_share_12": (LATE > 0).mean(),
        "over_30_share_12": (LATE > 30).mean(),
        "months_since_worst_12": (AGE.reverse().get(LATE.reverse().arg_max()) + 0.5).floor(),
        "roll_back_share_12": (LATE < LATE_BEFORE).slice(1).mean(),
        "utilisation_mean_12": USED.mean(),
        "over_limit_share_12": (USED > 1).mean(),
        "paid_share_mean_12": BALANCE_SHARE.clip(upper_bound=1).mean(),
        "paid_over_balance_12": _paid_over_balance(),
        "paid_to_due_mean_12": DUE_SHARE.clip(upper_bound=1).mean(),
        "missed_share_12": (PAID == 0).mean(),
        "partial_share_12": ((DUE_SHARE > 0) & (DUE_SHARE < 1)).mean(),
        "minimum_share_12": _if(both, (DUE_SHARE >= 1) & (BALANCE_SHARE < FULL)).mean(),
        "full_share_12": (BALANCE_SHARE >= FULL).mean(),
        "_cures_12": CURE.slice(1).sum(),
        "_balance_highest_12": BALANCE.max(),
        "_paid_highest_12": PAID.max(),
        "_paid_mean_12": PAID.mean(),
        "_paid_known_12": PAID.count(),
        "_paid_deviation_12": PAID.std(ddof=0),
        "_n_12": pl.len(),
        "_x_12": AGE.sum(),
        "_xx_12": (AGE * AGE).sum(),
        "_late_12": LATE.sum(),
        "_x_late_12": (AGE * LATE).sum(),
    }


def _of_24() -> Expressions:
    met = (DUE_SHARE >= 1) & (DUE_BEFORE < ALL * BALANCE_BEFORE)
    return {
        "statements_24": pl.len(),
        "dpd_highest_24": LATE.max(),
        "longest_late_streak_24": RUN.max(),
        "was_restructured_24": (STATUS == RESTRUCTURED).any(),
        "missed_share_24": (PAID == 0).mean(),
        "due_met_share_24": (DUE_SHARE >= 1).mean(),
        "above_due_share_24": _if(met, DUE_SHARE > 1).mean(),
        "_late_24": (LATE > 0).sum(),
        "_cures_24": CURE.slice(1).sum(),
        "_limit_highest_24": LIMIT.max(),
    }


def _paid_over_balance() -> pl.Expr:
    both = PAID.is_not_null() & (BALANCE > 0)
    return _ratio(_if(both, PAID).sum(), _if(both, BALANCE).sum())


def _streaks() -> Expressions:
    """Lengths from the rows at which they began."""
    row, current = pl.col("_row"), pl.col("_current_row")
    none = row - pl.col("_count").cast(pl.Int32)
    return {
        "late_streak": row - current.fill_null(none),
        "current_streak": current - pl.col("_late_row"),
        "missed_streak": _if(
            pl.col("paid_last").is_not_null(), row - pl.col("_paid_row").fill_null(none)
        ),
        "short_streak": _if(
            pl.col("_due_share").is_not_null(), row - pl.col("_met_row").fill_null(none)
        ),
    }


def _combined() -> Expressions:
    """What needs the results of several passes."""
    col = pl.col
    balance, several = col("balance_last"), col("_count") > 1
    late_before = col("_late_24") - pl.min_horizontal("late_streak", "statements_24")
    deviation = _if(col("_paid_known_12") > 1, col("_paid_deviation_12"))
    return {
        "dpd_acceleration": col("dpd_change") - col("dpd_previous") + col("dpd_before_previous"),
        "dpd_trend_6": _slope("_n_6", "_x_6", "_xx_6", "_late_6", "_x_late_6"),
        "dpd_trend_12": _slope("_n_12", "_x_12", "_xx_12", "_late_12", "_x_late_12"),
        "late_share_24": col("_late_24") / col("statements_24"),
        "late_before_24": _if(col("_current_row").is_not_null(), late_before),
        "late_run_mean_24": _ratio(late_before, col("_cures_24")),
        "cures_12": _if(several, col("_cures_12")),
        "cures_24": _if(several, col("_cures_24")),
        "balance_trend_6": _slope("_n_6", "_x_6", "_xx_6", "_balance_6", "_x_balance_6"),
        "balance_to_highest_12": _ratio(balance, col("_balance_highest_12")),
        "utilisation_change": col("utilisation_last") - col("_used_previous"),
        "utilisation_trend_6": _slope(
            "_n_used_6", "_of_used_6", "_xx_used_6", "_used_6", "_x_used_6"
        ),
        "limit_to_highest_24": _ratio(col("limit_last"), col("_limit_highest_24")),
        "paid_trend_6": _slope("_n_paid_6", "_of_paid_6", "_xx_paid_6", "_paid_6", "_x_paid_6"),
        "paid_highest_to_balance_12": _ratio(col("_paid_highest_12"), balance),
        "paid_variation_12": _ratio(deviation, col("_paid_mean_12")),
        "due_to_usual_paid_12": _ratio(col("_due"), col("_paid_mean_12")),
    }


def _slope(count: str, x: str, xx: str, y: str, xy: str) -> pl.Expr:
    """Least-squares change per month out of sums; null below 3 known values."""
    n, sum_x, sum_y = pl.col(count), pl.col(x), pl.col(y)
    spread = pl.col(xx) - sum_x * sum_x / n
    return _if((n >= 3) & (spread > 0), (sum_x * sum_y / n - pl.col(xy)) / spread)
