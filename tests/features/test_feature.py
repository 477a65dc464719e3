import re
from pathlib import Path

import pytest

from features.catalogue import BY_NAME, CATALOGUE, FAMILIES, NAMES
from features.definition import definition_sha256
from features.feature import Family
from features.history import History, history
from features.tables import SEGMENTS

PERSONAL = ("sex", "age", "gender", "marriage", "education", "race", "religion", "nationality")


def test_the_catalogue_holds_all_families_in_four_groups() -> None:
    assert len(CATALOGUE) >= 100
    assert all(family.features for family in FAMILIES)
    assert [f.family for f in CATALOGUE] == [f.name for f in FAMILIES for _ in f.features]
    assert {f.group for f in CATALOGUE} == {"ability", "willingness", "exposure", "contact"}
    assert len(set(NAMES)) == len(NAMES)


def test_how_much_is_owed_and_how_far_behind_is_neither_ability_nor_willingness() -> None:
    owed_or_behind = [f for f in CATALOGUE if f.name.startswith(("dpd_", "late_share", "roll_"))]
    assert len(owed_or_behind) >= 15
    for feature in (*owed_or_behind, BY_NAME["late_streak"], BY_NAME["balance_last"]):
        assert feature.group == "exposure", feature.name


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


def test_no_entry_says_what_another_says() -> None:
    for language in ("en", "zh"):
        assert len({getattr(feature, language) for feature in CATALOGUE}) == len(CATALOGUE)


def test_every_feature_has_its_own_definition_that_of_the_history_included() -> None:
    assert len({feature.definition_sha256 for feature in CATALOGUE}) == len(CATALOGUE)
    for feature in CATALOGUE:
        assert feature.definition_sha256 == definition_sha256(history, feature.function)


def test_a_change_in_how_a_history_is_made_changes_every_definition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def entered() -> str:
        family = Family("test")
        family.feature(unit="days", group="contact", en="{value}", zh="{value}")(dpd)
        return family.features[0].definition_sha256

    before = entered()
    monkeypatch.setitem(history.__globals__, "CYCLE_DAYS", 30.0)  # where its windows begin
    assert entered() != before


def dpd(h: History) -> float:
    return h.days_past_due[-1]
