"""The trees of a booster as arrays, read from LightGBM's text format.

Numbers stand there with 17 digits, so that they are read back exactly.
"""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.score.booster import BoosterError

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]

# Bits of LightGBM's `decision_type` of a split (its include/LightGBM/tree.h).
_CATEGORICAL = 1
_DEFAULT_LEFT = 2
_MISSING_SHIFT = 2
_MISSING_ZERO = 1
_MISSING_NAN = 2


class Tree(NamedTuple):
    """One tree of `n` inner nodes, numbered from the root 0, and `n + 1` leaves.

    A row goes to `left` where its value is at most `threshold`; where it has none (NaN), where
    `nan_left`; where it is zero, where `zero_left`. A child `c` below 0 is the leaf `~c`.
    `cover` and `leaf_cover` count the training rows that came through.
    """

    feature: Integers
    threshold: Numbers
    nan_left: NDArray[np.bool_]
    zero_left: NDArray[np.bool_]
    left: Integers
    right: Integers
    cover: Numbers
    leaf_value: Numbers
    leaf_cover: Numbers


def read_trees(text: str) -> list[Tree]:
    """The trees of a booster's text.

    Raises BoosterError for a booster whose margin is not one sum of constant leaves, and for
    one that splits by categories: those features are named.
    """
    header, *blocks = re.split(r"^Tree=\d+$", text.partition("\nend of trees")[0], flags=re.M)
    fields = _fields(header)
    if fields.get("num_tree_per_iteration") != "1" or "average_output" in header.splitlines():
        raise BoosterError("the booster gives more than one margin, or averages: fit another kind")
    names = fields["feature_names"].split(" ")
    return [_tree(_fields(block), names) for block in blocks]


def expected_margin(trees: list[Tree]) -> float:
    """Mean margin of the training rows: what contributions are counted from."""
    return float(sum(tree.leaf_value @ (tree.leaf_cover / tree.leaf_cover.sum()) for tree in trees))


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _tree(fields: dict[str, str], names: list[str]) -> Tree:
    if fields.get("is_linear", "0") != "0":
        raise BoosterError("the booster has linear leaves: fit one with constant leaves")
    if fields["num_leaves"] == "1":
        return _leaf(float(fields["leaf_value"]))
    decision = _integers(fields["decision_type"])
    feature, threshold = _integers(fields["split_feature"]), _numbers(fields["threshold"])
    categorical = sorted({names[j] for j in feature[decision & _CATEGORICAL != 0]})
    if categorical:
        raise BoosterError(
            f"split by categories, which is not explained here: {', '.join(categorical)}; "
            "give these features as numbers"
        )
    default_left = decision & _DEFAULT_LEFT != 0
    missing = decision >> _MISSING_SHIFT
    # A value that is missing in a split that knows no missing ones counts as zero.
    as_zero = np.where(missing == _MISSING_ZERO, default_left, threshold >= 0)
    return Tree(
        feature=feature,
        threshold=threshold,
        nan_left=np.where(missing == _MISSING_NAN, default_left, as_zero),
        zero_left=as_zero,
        left=_integers(fields["left_child"]),
        right=_integers(fields["right_child"]),
        cover=_numbers(fields["internal_count"]),
        leaf_value=_numbers(fields["leaf_value"]),
        leaf_cover=_numbers(fields["leaf_count"]),
    )


def _leaf(value: float) -> Tree:
    """A tree that never splits: no row count is kept for it, and none is needed."""
    nothing, nowhere = np.empty(0), np.empty(0, np.int64)
    never = np.empty(0, np.bool_)
    one = np.ones(1)
    return Tree(nowhere, nothing, never, never, nowhere, nowhere, nothing, np.array([value]), one)


def _numbers(text: str) -> Numbers:
    return np.array(text.split(" "), dtype=np.float64)


def _integers(text: str) -> Integers:
    return np.array(text.split(" "), dtype=np.int64)
