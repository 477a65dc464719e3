"""Lookup tables of contributions: everything that TreeSHAP computes per row, once per booster.

What a leaf contributes to a feature depends only on which of the leaf's path features the row
satisfies. So leaves are taken together in groups, a group being the leaves below one node, and
a table holds the sum of their contributions for each outcome of the tests that they depend on:
one bit for each inner node below that node, and one for each feature tested above it.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.score.groups import Group, Path, groups_of, preorder
from models.score.trees import Integers, Numbers, Tree

TREE_BITS = 64  # the tests of a tree are kept in one word
ENTRY_BYTES = 8

_Words = NDArray[np.uint64]


class Lookup(NamedTuple):
    """All groups of a booster, one after the other, as the compiled loop reads them.

    Tree `t` has the tests `test_start[t]` to `test_start[t + 1]` and the groups `group_start[t]`
    on; group `g` has the conditions `above_start[g]` on, the features `feature_start[g]` on, and
    the table that starts at `table_start[g]`: 2**bits rows of 1 + features numbers.
    """

    test_feature: Integers
    threshold: Numbers
    nan_left: _Words
    zero_left: _Words
    test_start: Integers
    group_start: Integers
    shift: _Words
    width: _Words
    above_mask: _Words
    above_wanted: _Words
    above_start: Integers
    feature: Integers
    feature_start: Integers
    table: Numbers
    table_start: Integers


def lookup(trees: list[Tree], limit: int) -> Lookup | None:
    """The tables of these trees; None where they would take more than `limit` bytes.

    None also where a tree has more tests than a word has bits, or a leaf no training rows.
    """
    if any(len(tree.feature) > TREE_BITS or not tree.leaf_cover.all() for tree in trees):
        return None
    groups: list[Group] = []
    entries = 0
    for t, tree in enumerate(trees):
        for group in groups_of(t, tree):
            entries += group.entries
            if entries * ENTRY_BYTES > limit:
                return None
            groups.append(group)
    return _arranged(trees, groups)


def _arranged(trees: list[Tree], groups: list[Group]) -> Lookup:
    order = [preorder(tree) for tree in trees]
    tests = {
        name: np.concatenate(
            [getattr(tree, name)[nodes] for tree, nodes in zip(trees, order, strict=True)]
        )
        for name in ("feature", "threshold", "nan_left", "zero_left")
    }
    above = [condition for group in groups for condition in group.above.values()]
    table_start = _starts([group.entries for group in groups])
    return Lookup(
        test_feature=tests["feature"],
        threshold=tests["threshold"],
        nan_left=tests["nan_left"].astype(np.uint64),
        zero_left=tests["zero_left"].astype(np.uint64),
        test_start=_starts([len(nodes) for nodes in order]),
        group_start=_starts(np.bincount([group.tree for group in groups], minlength=len(trees))),
        shift=_words([group.shift for group in groups]),
        width=_words([group.width for group in groups]),
        above_mask=_words([condition.mask for condition in above]),
        above_wanted=_words([condition.wanted for condition in above]),
        above_start=_starts([len(group.above) for group in groups]),
        feature=np.array([j for group in groups for j in group.features], np.int64),
        feature_start=_starts([len(group.features) for group in groups]),
        table=_table(trees, groups, table_start),
        table_start=table_start,
    )


def _starts(lengths: list[int] | Integers) -> Integers:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _words(values: list[int]) -> _Words:
    return np.array(values, dtype=np.uint64)


class Factor(NamedTuple):
    """One feature of a leaf's path, with its condition in bits of the group's index."""

    mask: int
    wanted: int
    share: float
    column: int


def _table(trees: list[Tree], groups: list[Group], table_start: Integers) -> Numbers:
    leaves = [
        (g, trees[group.tree].leaf_value[leaf], _factors(group, path))
        for g, group in enumerate(groups)
        for leaf, path in group.leaves
    ]
    factors = [factor for *_, own in leaves for factor in own]
    table = np.zeros(table_start[-1])
    _fill(
        table,
        table_start,
        np.array([group.bits for group in groups], np.int64),
        np.array([g for g, *_ in leaves], np.int64),
        np.array([value for _, value, _ in leaves]),
        _starts([len(own) for *_, own in leaves]),
        _words([factor.mask for factor in factors]),
        _words([factor.wanted for factor in factors]),
        np.array([factor.share for factor in factors]),
        np.array([factor.column for factor in factors], np.int64),
        *_quadrature(max((len(own) for *_, own in leaves), default=0)),
    )
    return table


def _factors(group: Group, path: Path) -> list[Factor]:
    """The path features of a leaf: those tested above the group's node, below it, or both."""
    factors = {
        feature: Factor(
            bit := 1 << group.width + i, bit, condition.share, group.features.index(feature)
        )
        for i, (feature, condition) in enumerate(group.above.items())
    }
    for feature, condition in path.items():
        mask, wanted, share, _ = factors.get(feature, (0, 0, 1.0, 0))
        factors[feature] = Factor(
            mask | condition.mask >> group.shift,
            wanted | condition.wanted >> group.shift,
            share * condition.share,
            group.features.index(feature),
        )
    return list(factors.values())


def _quadrature(most: int) -> tuple[Numbers, Numbers]:
    """Nodes and weights on [0, 1], a row for each number of factors up to `most`.

    Gauss's n nodes integrate a polynomial of degree 2n - 1 exactly; k factors need degree k - 1.
    """
    nodes, weights = np.zeros((2, most + 1, most // 2 + 1))
    for k in range(1, most + 1):
        n = k // 2 + 1
        x, w = np.polynomial.legendre.leggauss(n)
        nodes[k, :n], weights[k, :n] = (x + 1) / 2, w / 2
    return nodes, weights


@njit(cache=True, nogil=True)
def _fill(
    table: Numbers,
    table_start: Integers,
    bits: Integers,
    leaf_group: Integers,
    leaf_value: Numbers,
    factor_start: Integers,
    mask: _Words,
    wanted: _Words,
    share: Numbers,
    column: Integers,
    nodes: Numbers,
    weights: Numbers,
) -> None:
    """Add each leaf's value and contributions to every row of its group's table."""
    for leaf in range(len(leaf_group)):
        g, first = leaf_group[leaf], factor_start[leaf]
        k = factor_start[leaf + 1] - first
        part = _leaf_contributions(share[first : first + k], nodes[k], weights[k])
        rows = 1 << bits[g]
        stride = (table_start[g + 1] - table_start[g]) // rows
        for index in range(rows):
            pattern = np.int64(0)
            for u in range(k):
                met = np.uint64(index) & mask[first + u] == wanted[first + u]
                pattern |= np.int64(met) << u
            row = table_start[g] + index * stride
            if pattern == (1 << k) - 1:
                table[row] += leaf_value[leaf]
            for u in range(k):
                table[row + 1 + column[first + u]] += leaf_value[leaf] * part[pattern, u]


@njit
def _leaf_contributions(share: Numbers, nodes: Numbers, weights: Numbers) -> Numbers:
    """Contributions of a leaf of value 1 to its k path features, for each pattern of them met.

    The Shapley value of the game "product of the factors", a factor being 1 or 0 (the feature's
    condition is met or not) where the feature is known and `share` where it is not, is
    (met_u - share_u) times the integral over t of the product of the other factors, each at
    share + t (met - share): Owen's multilinear extension (1972, Management Science 18:64-79).
    All terms are positive: nothing cancels.
    """
    k = len(share)
    part = np.zeros((1 << k, k))
    factor, before = np.empty(k), np.empty(k)
    for pattern in range(1 << k):
        for q in range(k // 2 + 1):
            product = 1.0
            for u in range(k):
                factor[u] = share[u] + nodes[q] * ((pattern >> u & 1) - share[u])
                before[u] = product
                product *= factor[u]
            product = weights[q]
            for u in range(k - 1, -1, -1):
                part[pattern, u] += before[u] * product
                product *= factor[u]
        for u in range(k):
            part[pattern, u] *= (pattern >> u & 1) - share[u]
    return part
