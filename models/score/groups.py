"""Groups of leaves: which leaves of a tree share one lookup table, and on what it depends."""

from collections.abc import Iterator
from typing import NamedTuple

from models.score.trees import Tree

# Leaves are taken together while their table has no more rows than 2 to this: with more bits
# there are fewer additions per row, but tables outgrow the processor's cache.
GROUP_BITS = 8


class Condition(NamedTuple):
    """All tests of one feature on a path: satisfied where `bits & mask == wanted`.

    `share` is the share of the training rows, of those that came to these tests, that passed.
    """

    mask: int
    wanted: int
    share: float


Path = dict[int, Condition]


class Group(NamedTuple):
    """The leaves below one node of a tree.

    Its index has `width` bits of the tests below (those of the tree from bit `shift` on), then
    one for each feature of `above`. `features` names the table's columns but the first.
    """

    tree: int
    shift: int
    width: int
    above: Path
    leaves: list[tuple[int, Path]]
    features: list[int]

    @property
    def bits(self) -> int:
        """Number of bits of the index."""
        return self.width + len(self.above)

    @property
    def entries(self) -> int:
        """Numbers in the table: the leaf's value and a contribution per feature, per index."""
        return (1 << self.bits) * (1 + len(self.features))


def groups_of(number: int, tree: Tree) -> Iterator[Group]:
    """The groups of a tree, from left to right: the largest that GROUP_BITS allows."""
    return _Grouping(number, tree).groups()


class _Grouping:
    """The groups of one tree: the largest that GROUP_BITS allows, single leaves elsewhere."""

    def __init__(self, number: int, tree: Tree) -> None:
        self._number = number
        # Lists: one number at a time is what arrays are slow at.
        self._feature = tree.feature.tolist()
        self._children = list(zip(tree.left.tolist(), tree.right.tolist(), strict=True))
        self._cover = tree.cover.tolist()
        self._leaf_cover = tree.leaf_cover.tolist()
        order = preorder(tree)
        self._bit = {node: bit for bit, node in enumerate(order)}
        self._tests: dict[int, int] = {}
        for node in reversed(order):
            self._tests[node] = 1 + sum(self._tests.get(child, 0) for child in self._children[node])

    def groups(self) -> Iterator[Group]:
        """The groups, from left to right."""
        return self._groups(0 if self._feature else ~0, {})

    def _groups(self, node: int, above: Path) -> Iterator[Group]:
        width = self._tests.get(node, 0)
        if width > 0 and width + len(above) > GROUP_BITS:
            for child, path in self._steps(node, above):
                yield from self._groups(child, path)
            return
        leaves = list(self._leaves(node, {}))
        features = sorted(set(above).union(*(path for _, path in leaves)))
        shift = self._bit[node] if width > 0 else 0
        yield Group(self._number, shift, width, above, leaves, features)

    def _leaves(self, node: int, path: Path) -> Iterator[tuple[int, Path]]:
        """The leaves below a node, each with its path on from `path`."""
        if node < 0:
            yield ~node, path
            return
        for child, longer in self._steps(node, path):
            yield from self._leaves(child, longer)

    def _steps(self, node: int, path: Path) -> Iterator[tuple[int, Path]]:
        """Both children of an inner node, each with the path to it."""
        feature, test = self._feature[node], 1 << self._bit[node]
        mask, wanted, share = path.get(feature, (0, 0, 1.0))
        for child, passed in zip(self._children[node], (test, 0), strict=True):
            cover = self._cover[child] if child >= 0 else self._leaf_cover[~child]
            condition = Condition(mask | test, wanted | passed, share * cover / self._cover[node])
            yield child, {**path, feature: condition}


def preorder(tree: Tree) -> list[int]:
    """The inner nodes, each followed by those below it."""
    order, waiting = [], [0] if len(tree.feature) > 0 else []
    while waiting:
        node = waiting.pop()
        order.append(node)
        waiting += [int(child) for child in (tree.right[node], tree.left[node]) if child >= 0]
    return order
