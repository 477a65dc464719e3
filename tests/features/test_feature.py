import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from numba import njit

from features.catalogue import BY_NAME, CATALOGUE, NAMES
from features.feature import definition_sha256
from features.tables import SEGMENTS

PERSONAL = ("sex", "age", "gender", "marriage", "education", "race", "religion", "nationality")


def test_the_catalogue_covers_four_families_and_groups_with_at_least_forty_features() -> None:
    assert len(CATALOGUE) >= 40
    assert {f.family for f in CATALOGUE} == {"delinquency", "payment", "exposure", "contact"}
    assert {f.group for f in CATALOGUE} == {"ability", "willingness", "exposure", "contact"}
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_tells_its_value_in_both_languages(name: str) -> None:
    feature = BY_NAME[name]
    for sentence in (feature.en, feature.zh):
        assert sentence.count("{value}") == 1
        assert set(re.findall(r"{(.*?)}", sentence)) == {"value"}
    assert re.search(r"[\u4e00-\u9fff]", feature.zh)
    assert not re.search(r"[\u4e00-\u9fff]", feature.en)


def test_no_feature_is_a_personal_attribute() -> None:
    assert SEGMENTS.optional
    for name in NAMES:
        assert not set(name.split("_")) & set(PERSONAL)
    for source in Path(__file__).parents[2].joinpath("features").glob("*.py"):
        if source.name != "tables.py":
            assert "SEGMENTS" not in source.read_text()


SCALE = 2.0


@njit
def scaled(x: float) -> float:
    return x * SCALE


def test_a_definition_follows_its_helpers_and_constants_but_not_its_comments() -> None:
    @njit
    def feature(x: float) -> float:
        return scaled(x) + 1

    plain = definition_sha256(feature)

    @njit
    def feature(x: float) -> float:  # type: ignore[no-redef]
        """A docstring."""
        # A comment, and another layout.
        return (
            scaled(x)
            + 1
        )  # fmt: skip

    assert definition_sha256(feature) == plain

    @njit
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
        return njit(scope["helper"])

    def feature_of(first: Any, second: Any) -> str:
        @njit
        def feature(x: float) -> float:
            return first(x) + second(x)

        return definition_sha256(feature)

    one, two, three = helper(1.0), helper(2.0), helper(3.0)
    assert len({feature_of(one, two), feature_of(one, three), feature_of(two, one)}) == 3


def test_a_definition_changes_with_a_constant_behind_a_helper(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @njit
    def feature(x: float) -> float:
        return scaled(x)

    before = definition_sha256(feature)
    monkeypatch.setitem(scaled.py_func.__globals__, "SCALE", 3.0)
    assert definition_sha256(feature) != before
