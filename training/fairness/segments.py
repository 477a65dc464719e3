"""Personal attributes as groups of accounts: for measuring fairness only, never features."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

UNKNOWN = "unknown"  # the group of accounts of which the attribute is not known
REST = "all others"
MOST_GROUPS = 30  # of an attribute such as a postal code, the values that most accounts have
LEAST_ACCOUNTS = 10  # of a value that is told: one that fewer have may say who they are
MOST_CODES = 8  # a number with more distinct values is a quantity; with fewer it is a code

# From 62 years on the US Equal Credit Opportunity Act protects applicants as elderly (Regulation
# B, 12 CFR 1002.2(o)). Other quantities are cut at their quartiles.
EDGES = {"age": (30.0, 40.0, 50.0, 62.0)}


class Attribute(NamedTuple):
    """The group of each account, and the rising edges where the groups are bands of a number."""

    group: NDArray[np.str_]
    edges: tuple[float, ...] | None


def attributes(segments: pd.DataFrame, account_ids: NDArray[np.str_]) -> dict[str, Attribute]:
    """Each attribute of the segments table for these accounts, by name.

    An account without a value is in group UNKNOWN. A quantity is cut into bands, an edge
    belonging to the band above it; of other attributes the MOST_GROUPS most frequent values are
    groups, and the others, with those of fewer than LEAST_ACCOUNTS accounts, are pooled as REST.
    """
    mine = segments[segments["account_id"].isin(account_ids)]
    names = sorted(segments["segment"].unique().tolist())
    wide = mine.pivot(index="account_id", columns="segment", values="value")
    wide = wide.reindex(index=account_ids, columns=names)
    return {name: _attribute(name, wide[name]) for name in names}


def _attribute(name: str, values: pd.Series) -> Attribute:
    known = values.notna().to_numpy()
    texts = values[known]
    group = np.full(len(values), UNKNOWN, dtype=object)
    edges = _edges(name, texts)
    group[known] = _most_frequent(texts) if edges is None else _bands(texts, edges)
    return Attribute(group.astype(str), edges)


def _edges(name: str, texts: pd.Series) -> tuple[float, ...] | None:
    """Edges of the bands; None where the values are no quantity."""
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    if not np.isfinite(numbers).all() or len(np.unique(numbers)) <= MOST_CODES:
        return None
    quartiles = np.quantile(numbers, (0.25, 0.5, 0.75))
    # To two digits, so that no edge is one person's own value.
    rounded = sorted({float(f"{quartile:.2g}") for quartile in quartiles})
    return EDGES.get(name.lower(), tuple(rounded))


def _bands(texts: pd.Series, edges: tuple[float, ...]) -> NDArray[np.str_]:
    told = [np.format_float_positional(edge, trim="-") for edge in edges]
    between = [f"{low} to under {high}" for low, high in pairwise(told)]
    names = np.array([f"under {told[0]}", *between, f"{told[-1]} and over"])
    return names[np.searchsorted(edges, pd.to_numeric(texts).to_numpy(), side="right")]


def _most_frequent(texts: pd.Series) -> NDArray[np.str_]:
    counts = texts.value_counts().sort_index(kind="stable")
    counts = counts[counts >= LEAST_ACCOUNTS]
    kept = counts.sort_values(ascending=False, kind="stable").index[:MOST_GROUPS]
    return texts.where(texts.isin(kept), REST).to_numpy(dtype=str)
