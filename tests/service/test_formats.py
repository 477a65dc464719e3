"""Numbers, amounts and dates on pages, as each language writes them."""

import math
from collections.abc import Callable
from datetime import date

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from models.score.reasons import Language
from service.review import formats


@pytest.mark.parametrize(
    ("shown", "en", "zh"),
    [
        (lambda x: formats.number(1234567.891, x), "1,234,568", "1,234,568"),
        (lambda x: formats.number(0.5, x, 3), "0.500", "0.500"),
        (lambda x: formats.signed(0.25, x), "+0.25", "+0.25"),
        (lambda x: formats.signed(-0.25, x, 1), "-0.2", "-0.2"),
        (lambda x: formats.percent(0.3982, x), "39.8%", "39.8%"),
        (lambda x: formats.points(-0.0312, x), "-3.1", "-3.1"),
        (lambda x: formats.money(1234.5, x, "USD"), "1,234.50\u00a0USD", "1,234.50\u00a0USD"),
        (lambda x: formats.money(1234.0, x, "JPY"), "1,234\u00a0JPY", "1,234\u00a0JPY"),
        (
            lambda x: formats.instant("2025-07-03T08:00:09.5-04:00", x),
            "Jul 3, 2025, 08:00:09 -04:00",
            "2025年7月3日 08:00:09 -04:00",
        ),
        (
            lambda x: formats.instant("2025-07-03T12:00:00Z", x),
            "Jul 3, 2025, 12:00:00 UTC",
            "2025年7月3日 12:00:00 UTC",
        ),
        (lambda x: formats.day("2025-07-03", x), "Jul 3, 2025", "2025年7月3日"),
        (lambda x: formats.day(date(2025, 7, 3), x), "Jul 3, 2025", "2025年7月3日"),
        (lambda x: formats.month("2025-07", x), "Jul 2025", "2025年7月"),
    ],
)
def test_each_language_writes_it_its_way(shown: Callable[[str], str], en: str, zh: str) -> None:
    assert shown("en") == en
    assert shown("zh") == zh


@given(
    st.floats(-1e11, 1e11),  # beyond these a float does not hold four decimals
    st.sampled_from([0, 1, 2, 4]),
    st.sampled_from(["en", "zh"]),
)
def test_numbers_are_written_as_the_locales_have_it(
    value: float, digits: int, language: Language
) -> None:
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    rounded = round(value, digits) + 0.0
    assert formats.number(value, language, digits) == format_decimal(
        rounded, pattern, locale=language
    )
    assert formats.signed(value, language, digits) == format_decimal(
        rounded, f"+{pattern};-{pattern}", locale=language
    )


def test_what_rounds_to_nothing_has_no_minus() -> None:
    assert formats.signed(-0.0004, "en") == "+0.00"
    assert formats.number(-0.0004, "en", 2) == "0.00"
    assert formats.percent(-0.00001, "en") == "0.0%"


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_not_known_is_a_dash(value: float | None) -> None:
    assert formats.number(value, "en") == formats.NONE
    assert formats.signed(value, "en") == formats.NONE
    assert formats.percent(value, "zh") == formats.NONE
    assert formats.points(value, "zh") == formats.NONE
    assert formats.money(value, "en", "USD") == formats.NONE


def test_no_date_is_a_dash() -> None:
    assert formats.instant(None, "en") == formats.NONE
    assert formats.day(None, "en") == formats.NONE
    assert formats.month(None, "zh") == formats.NONE
