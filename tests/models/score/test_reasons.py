import pytest

from features.catalogue import BY_NAME
from models.score.reasons import STAGE_OFFSET, formatted, sentence


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (None, "days", "none or not known", "无或未知"),
        (1.0, "days", "1 day", "1 天"),
        (30.0, "days", "30 days", "30 天"),
        (-2.5, "days", "-2.5 days", "-2.5 天"),
        (1.0, "months", "1 month", "1 个月"),
        (2.0, "months", "2 months", "2 个月"),
        (17.5, "hour", "17:30", "17:30"),
        (9.0, "hour", "09:00", "09:00"),
        (4.1, "hour", "04:06", "04:06"),
        (23.9999, "hour", "23:59", "23:59"),
        (0.345, "share", "34.5%", "34.5%"),
        (1234.5, "money", "1,234.50 TWD", "1,234.50 TWD"),
        (-20.0, "money_per_month", "-20.00 TWD a month", "-20.00 TWD / 月"),
        (1.0, "yes_no", "yes", "是"),
        (0.0, "yes_no", "no", "否"),
        (3.0, "count", "3", "3"),
        (1.25, "ratio", "1.25", "1.25"),
    ],
)
def test_values_are_told_with_their_unit(value, unit, en, zh) -> None:
    assert formatted(value, unit, "TWD", "en") == en
    assert formatted(value, unit, "TWD", "zh") == zh


def test_a_sentence_tells_value_and_direction() -> None:
    assert sentence("dpd_last", 30.0, "days", -0.4, "USD", "en") == (
        "Days past due at the last statement: 30 days. Lowers the probability."
    )
    assert sentence("dpd_last", 30.0, "days", 0.4, "USD", "zh") == (
        "最近一期账单的逾期天数：30 天。提高概率。"
    )
    assert sentence("dpd_last", None, "days", 0.0, "USD", "en") == (
        "Days past due at the last statement: none or not known. Does not move the probability."
    )


def test_the_stage_offset_is_told_in_both_languages() -> None:
    assert sentence(STAGE_OFFSET, 60.0, "days", -0.25, "USD", "en") == (
        "Adjustment for the stage at the last statement (60 days past due). Lowers the probability."
    )
    assert sentence(STAGE_OFFSET, 0.0, "days", 0.0, "USD", "zh") == (
        "按最近一期账单的逾期阶段所作的校准调整（逾期 0 天）。不影响概率。"
    )
    assert STAGE_OFFSET not in BY_NAME


def test_a_feature_that_left_the_catalogue_is_told_by_its_name() -> None:
    assert sentence("gone", 2.0, "count", 0.1, "USD", "en") == "gone: 2. Raises the probability."
