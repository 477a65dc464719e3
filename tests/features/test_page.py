from pathlib import Path

from features.catalogue import CATALOGUE, FAMILIES
from features.page import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "features.md"


def test_page_is_what_the_catalogue_says() -> None:
    remedy = "run curescore features --markdown > docs/features.md"
    assert PAGE.read_text(encoding="utf-8") == page(), remedy


def test_page_tells_every_feature_in_both_languages() -> None:
    text = page()
    assert f"The {len(CATALOGUE)} features" in text
    for family in FAMILIES:
        assert f"\n## {family.name}\n" in text
    for feature in CATALOGUE:
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{feature.name}` ")]
        assert row.count("|") == 6
        for told in (feature.unit, feature.group, feature.en, feature.zh):
            assert told in row
