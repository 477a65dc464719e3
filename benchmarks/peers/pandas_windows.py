"""The aggregations of our features in pandas: of all columns of a kind at a time, by account."""

import numpy as np
import pandas as pd

FULL = 0.99
ALL = 0.999
RESTRUCTURED = 1

Columns = dict[str, pd.Series]


def aggregated(account: pd.Series, **kinds: Columns) -> Columns:
    """Each column aggregated by account, under its name; what is not known is left out."""
    every = {name: column for columns in kinds.values() for name, column in columns.items()}
    groups = pd.DataFrame(every, copy=False).groupby(account.to_numpy(), sort=False)
    out: Columns = {}
    for kind, columns in kinds.items():
        out |= dict(getattr(groups[list(columns)], kind)().items())
    return out


def ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    """part / whole; NaN where the whole is not positive or either is not known."""
    return part / whole.where(whole > 0)


def where_known(condition: pd.Series, *known: pd.Series) -> pd.Series:
    """The condition as 1 or 0, NaN where one of the values it looks at is not known."""
    out = condition.astype(np.float64)
    for values in known:
        out = out.where(values.notna())
    return out


def latest_row(condition: pd.Series, begins: pd.Series) -> pd.Series:
    """The latest row that meets the condition, or else the one before all began."""
    row = pd.Series(np.arange(len(condition), dtype=np.float64), condition.index)
    return row.where(condition, (row - 1).where(begins)).ffill()


def of_3(rows: pd.DataFrame) -> Columns:
    """What is aggregated over the statements of 3 months."""
    late, paid = rows["days_past_due"], rows["amount_paid"]
    return aggregated(
        rows["account"],
        mean={
            "dpd_mean_3": late,
            "late_share_3": late > 0,
            "utilisation_mean_3": rows["used"],
            "paid_to_due_mean_3": rows["due_share"].clip(upper=1),
            "missed_share_3": where_known(paid == 0, paid),
        },
        max={"dpd_highest_3": late},
        sum=_paid_over_balance(rows, 3),
    )


def of_6(rows: pd.DataFrame) -> Columns:
    """What is aggregated over the statements of 6 months."""
    late, due_share = rows["days_past_due"], rows["due_share"]
    step = rows["account"] == rows["account"].shift()
    return aggregated(
        rows["account"],
        mean={
            "dpd_mean_6": late,
            "late_share_6": late > 0,
            "roll_forward_share_6": where_known(late > rows["days_past_due_before"]).where(step),
            "paid_share_mean_6": rows["balance_share"].clip(upper=1),
            "due_met_share_6": where_known(due_share >= 1, due_share),
        },
        max={"dpd_highest_6": late},
        sum={
            "_paid_6": rows["amount_paid"].where(due_share.notna()),
            "_asked_6": rows["amount_due_before"].where(due_share.notna()),
            **_sums("dpd_6", rows["age"], late),
            **_sums("balance_6", rows["age"], rows["balance"]),
            **_sums("used_6", rows["age"], rows["used"]),
            **_sums("paid_6", rows["age"], rows["amount_paid"]),
        },
    )


def of_12(rows: pd.DataFrame) -> Columns:
    """What is aggregated over the statements of 12 months."""
    late, paid, used = rows["days_past_due"], rows["amount_paid"], rows["used"]
    due_share, balance_share = rows["due_share"], rows["balance_share"]
    account, step = rows["account"], rows["account"] == rows["account"].shift()
    minimum = (due_share >= 1) & (balance_share < FULL)
    newest_first = late[::-1].groupby(account[::-1], sort=False)
    out = aggregated(
        account,
        mean={
            "dpd_mean_12": late,
            "late_share_12": late > 0,
            "over_30_share_12": late > 30,
            "roll_back_share_12": where_known(late < rows["days_past_due_before"]).where(step),
            "utilisation_mean_12": used,
            "over_limit_share_12": where_known(used > 1, used),
            "paid_share_mean_12": balance_share.clip(upper=1),
            "paid_to_due_mean_12": due_share.clip(upper=1),
            "missed_share_12": where_known(paid == 0, paid),
            "partial_share_12": where_known((due_share > 0) & (due_share < 1), due_share),
            "minimum_share_12": where_known(minimum, due_share, balance_share),
            "full_share_12": where_known(balance_share >= FULL, balance_share),
            "_paid_mean_12": paid,
        },
        max={
            "dpd_highest_12": late,
            "_balance_highest_12": rows["balance"],
            "_paid_highest_12": paid,
        },
        sum={
            "_cures_12": rows["cure"] & step,
            **_paid_over_balance(rows, 12),
            **_sums("dpd_12", rows["age"], late),
        },
        count={"_paid_known_12": paid},
        std={"_paid_deviation_12": paid},
    )
    worst = rows["age"].loc[newest_first.idxmax()[::-1]].set_axis(out["dpd_mean_12"].index)
    return out | {"months_since_worst_12": np.floor(worst + 0.5)}


def of_24(rows: pd.DataFrame) -> Columns:
    """What is aggregated over the statements of 24 months."""
    late, paid, due_share = rows["days_past_due"], rows["amount_paid"], rows["due_share"]
    step = rows["account"] == rows["account"].shift()
    met = (due_share >= 1) & (rows["amount_due_before"] < ALL * rows["balance_before"])
    row = pd.Series(np.arange(len(rows), dtype=np.float64), rows.index)
    return aggregated(
        rows["account"],
        mean={
            "late_share_24": late > 0,
            "missed_share_24": where_known(paid == 0, paid),
            "due_met_share_24": where_known(due_share >= 1, due_share),
            "above_due_share_24": (due_share > 1).astype(np.float64).where(met),
        },
        max={
            "dpd_highest_24": late,
            "longest_late_streak_24": row - latest_row(late == 0, ~step),
            "was_restructured_24": rows["status"] == RESTRUCTURED,
            "_limit_highest_24": rows["credit_limit"],
        },
        sum={
            "statements_24": late.notna(),
            "_late_24": late > 0,
            "_cures_24": rows["cure"] & step,
        },
    )


def _paid_over_balance(rows: pd.DataFrame, months: int) -> Columns:
    both = rows["amount_paid"].notna() & (rows["balance"] > 0)
    return {
        f"_paid_of_balance_{months}": rows["amount_paid"].where(both),
        f"_balance_of_paid_{months}": rows["balance"].where(both),
    }


def _sums(name: str, age: pd.Series, values: pd.Series) -> Columns:
    """What a trend is made of."""
    x = age.where(values.notna())
    return {
        f"_n_{name}": values.notna(),
        f"_x_{name}": x,
        f"_xx_{name}": x * x,
        f"_y_{name}": values,
        f"_xy_{name}": age * values,
    }
