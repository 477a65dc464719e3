"""The digest of what a compiled function computes."""

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable, Iterable
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

import numpy as np


def definition_sha256(*functions: Callable[..., Any]) -> str:
    """Digest of what the functions compute, one after the other.

    Taken over their code without comments, docstrings, decorators, annotations and layout, and
    over all that they refer to: constants, named tuples, and the digest of every function that
    they call. Raises TypeError where they refer to what cannot be digested.
    """
    parts = [part for function in functions for part in _parts(function)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _parts(function: Callable[..., Any]) -> Iterable[str]:
    assert isinstance(function, FunctionType)
    code, used = _code(function)
    yield code
    known = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    for name in sorted((used & known.keys()) - set(function.__code__.co_varnames)):
        if known[name] is not function:
            yield f"{name}={_told(name, known[name])}"


@cache
def _code(function: FunctionType) -> tuple[str, frozenset[str]]:
    """The function's code without what makes no difference to its result, and names in it."""
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(node, ast.FunctionDef)
    node.decorator_list = []
    node.returns = None
    rest = [each for each in (node.args.vararg, node.args.kwarg) if each is not None]
    for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, *rest):
        argument.annotation = None
    if ast.get_docstring(node) is not None:
        node.body = node.body[1:]
    names = frozenset(name.id for name in ast.walk(node) if isinstance(name, ast.Name))
    return ast.unparse(node), names


def _told(name: str, value: Any) -> str:
    """What stands for a value in the digest: the same text for the same value, everywhere."""
    if isinstance(value, FunctionType):
        return definition_sha256(value)
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, type) and issubclass(value, tuple) and hasattr(value, "_fields"):
        return ",".join(value._fields)
    if isinstance(value, (bool, int, str)):
        return repr(value)
    if isinstance(value, float):
        return float(value).hex()
    if isinstance(value, np.number):
        return f"{value.dtype.name} {value.item()!r}"
    if isinstance(value, tuple):
        names = getattr(value, "_fields", range(len(value)))
        items = (f"{key}:{_told(name, item)}" for key, item in zip(names, value, strict=True))
        return f"({', '.join(items)})"
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return f"{value.dtype.str}{value.shape}{value.tobytes().hex()}"
    raise TypeError(
        f"{name} is a {type(value).__name__}, of which no digest can be taken: "
        "a feature may refer to numbers, text, tuples, arrays of numbers and @compiled functions"
    )
