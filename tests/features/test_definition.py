import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from features.compiled import compiled
from features.definition import definition_sha256

SCALE = 2.0


class Bounds(NamedTuple):
    low: float
    high: float


BOUNDS = Bounds(0.0, 1.0)
STEPS = np.array([1.0, 2.0])
CODES = (1, 2)
LOOKED_UP = {"a": 1}


@compiled
def scaled(x: float) -> float:
    return x * SCALE


def test_a_definition_follows_its_helpers_and_constants_but_not_its_comments() -> None:
    def feature(x: float) -> float:
        return scaled(x) + 1

    plain = definition_sha256(feature)

    @compiled
    def feature(x: np.float64) -> np.float64:  # type: ignore[no-redef]
        """A docstring."""
        # A comment, another layout, other annotations.
        return (
            scaled(x)
            + 1
        )  # fmt: skip

    assert definition_sha256(feature) == plain

    def feature(x: float) -> float:  # type: ignore[no-redef]
        return scaled(x) + 2

    assert definition_sha256(feature) != plain


def test_helpers_of_one_name_are_told_apart() -> None:
    def helper(factor: float) -> Any:
        source = f"def helper(x):\n    return x * {factor}\n"
        path = Path(tempfile.mkdtemp()) / "helper.py"
        path.write_text(source)
        scope: dict[str, Any] = {}
        exec(compile(source, str(path), "exec"), scope)
        return scope["helper"]

    def feature_of(first: Any, second: Any) -> str:
        def feature(x: float) -> float:
            return first(x) + second(x)

        return definition_sha256(feature)

    one, two, three = helper(1.0), helper(2.0), helper(3.0)
    assert len({feature_of(one, two), feature_of(one, three), feature_of(two, one)}) == 3


def within(x: float) -> float:
    return BOUNDS.low <= scaled(x) < BOUNDS.high


def step(x: float) -> float:
    return STEPS[0] * x


def coded(x: float) -> bool:
    return x in CODES


def built(x: float) -> Bounds:
    return Bounds(x, 1.0)


@pytest.mark.parametrize(
    ("function", "name", "other"),
    [
        (within, "SCALE", 3.0),
        (within, "SCALE", np.float32(2.0)),
        (within, "BOUNDS", Bounds(0.0, 2.0)),
        (within, "BOUNDS", (0.0, 1.0)),
        (step, "STEPS", np.array([1.0, 3.0])),
        (step, "STEPS", np.array([[1.0, 2.0]])),
        (coded, "CODES", (1, 3)),
        (coded, "CODES", (1.0, 2.0)),
        (built, "Bounds", NamedTuple("Bounds", [("high", float), ("low", float)])),
    ],
)
def test_a_definition_changes_with_any_constant_even_behind_a_helper(
    function: Callable[..., Any], name: str, other: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = definition_sha256(function)
    monkeypatch.setitem(function.__globals__, name, other)
    assert definition_sha256(function) != before


def test_annotations_of_any_number_of_arguments_make_no_difference() -> None:
    def feature(*x):  # type: ignore[no-untyped-def]
        return scaled(x[0])

    plain = definition_sha256(feature)

    def feature(*x: np.float64) -> float:  # type: ignore[no-redef]
        return scaled(x[0])

    assert definition_sha256(feature) == plain


def test_what_cannot_be_digested_is_refused() -> None:
    def feature(x: str) -> float:
        return LOOKED_UP[x]

    with pytest.raises(TypeError, match="LOOKED_UP is a dict"):
        definition_sha256(feature)
