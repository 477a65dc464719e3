"""What a feature is called, means, and is computed by.

A feature is a function of one account's `History` under a family's decorator `feature`, which
holds its catalogue entry.
"""

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from numba import njit
from numba.core.dispatcher import Dispatcher

from features.history import History

Group = Literal["ability", "willingness", "exposure", "contact"]
Unit = Literal["days", "months", "share", "ratio", "money", "count", "money_per_month", "yes_no"]
Monotone = Literal[-1, 0, 1]


@dataclass(frozen=True)
class Feature:
    """One feature: how it is computed and how it is told.

    `monotone` is the direction in which theory says that the chance of curing moves with the
    value (0: none). `en` and `zh` are sentences in which `{value}` stands for the value with
    its unit. `definition_sha256` changes exactly when the computation does.
    """

    name: str
    family: str
    group: Group
    unit: Unit
    monotone: Monotone
    en: str
    zh: str
    function: Callable[[History], float]
    definition_sha256: str


class Family:
    """Collects the features of one module, in the order in which they are written."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.features: list[Feature] = []

    def feature(
        self, *, unit: Unit, group: Group, en: str, zh: str, monotone: Monotone = 0
    ) -> Callable[[Callable[[History], float]], Callable[[History], float]]:
        """Enter the function below into the family, compiled, under its own name."""

        def enter(function: Callable[[History], float]) -> Callable[[History], float]:
            compiled: Callable[[History], float] = njit(function)
            self.features.append(
                Feature(
                    name=function.__name__,
                    family=self.name,
                    group=group,
                    unit=unit,
                    monotone=monotone,
                    en=en,
                    zh=zh,
                    function=compiled,
                    definition_sha256=definition_sha256(compiled),
                )
            )
            return compiled

        return enter


def definition_sha256(compiled: Any) -> str:
    """Digest of what a compiled function computes.

    Taken over its code without comments, docstring, decorators and layout, over the constants
    it refers to, and over the digest of every compiled function that it calls.
    """
    function = compiled.py_func
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(node, ast.FunctionDef)
    node.decorator_list = []
    if ast.get_docstring(node) is not None:
        node.body = node.body[1:]
    parts = [ast.unparse(node)]
    referred = inspect.getclosurevars(function)
    for name, value in sorted({**referred.globals, **referred.nonlocals}.items()):
        if isinstance(value, Dispatcher):
            parts.append(f"{name}={definition_sha256(value)}")
        elif isinstance(value, (int, float, str, tuple)):
            parts.append(f"{name}={value!r}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
