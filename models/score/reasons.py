"""Reasons in words: a feature's sentence with its value, in English or Chinese.

Rendered when read, from the stored feature, value and contribution. The calibration's offset for
a stage is told like a feature, whose value is days past due.
"""

from typing import Literal

from features.catalogue import BY_NAME

Language = Literal["en", "zh"]

STAGE_OFFSET, CALIBRATION = "stage_offset", "calibration"  # its name and group in reasons

_STAGE_OFFSET = {
    "en": "Adjustment for the stage at the last statement ({value} past due)",
    "zh": "按最近一期账单的逾期阶段所作的校准调整（逾期 {value}）",
}
_UNKNOWN = {"en": "none or not known", "zh": "无或未知"}
_YES_NO = {"en": ("no", "yes"), "zh": ("否", "是")}
_RAISES = {"en": "Raises the probability.", "zh": "提高概率。"}
_LOWERS = {"en": "Lowers the probability.", "zh": "降低概率。"}
_NEITHER = {"en": "Does not move the probability.", "zh": "不影响概率。"}
_STOP = {"en": ". ", "zh": "。"}
_COUNTED = {
    "days": {"en": ("day", "days"), "zh": ("天", "天")},
    "months": {"en": ("month", "months"), "zh": ("个月", "个月")},
}


def sentence(
    feature: str,
    value: float | None,
    unit: str,
    contribution: float,
    currency: str,
    language: Language,
) -> str:
    """What the feature was and which way it moved the probability."""
    told = fact(feature, value, unit, currency, language)
    way = _RAISES if contribution > 0 else _LOWERS if contribution < 0 else _NEITHER
    return f"{told}{_STOP[language]}{way[language]}"


def fact(feature: str, value: float | None, unit: str, currency: str, language: Language) -> str:
    """What the feature was, alone.

    A feature that has left the catalogue is told by its name, so that old records stay readable.
    """
    return _template(feature, language).format(value=formatted(value, unit, currency, language))


def _template(feature: str, language: Language) -> str:
    if feature == STAGE_OFFSET:
        return _STAGE_OFFSET[language]
    known = BY_NAME.get(feature)
    return f"{feature}: {{value}}" if known is None else str(getattr(known, language))


def formatted(value: float | None, unit: str, currency: str, language: Language) -> str:
    """A feature's value with its unit."""
    if value is None:
        return _UNKNOWN[language]
    if unit in _COUNTED:
        one, many = _COUNTED[unit][language]
        text = _number(value)
        return f"{text} {one if text == '1' else many}"
    if unit == "hour":
        return _clock(value)
    if unit == "share":
        return f"{value * 100:.1f}%"
    if unit == "money":
        return f"{value:,.2f} {currency}"
    if unit == "money_per_month":
        per_month = {"en": "a month", "zh": "/ 月"}[language]
        return f"{value:,.2f} {currency} {per_month}"
    if unit == "yes_no":
        return _YES_NO[language][int(value != 0)]
    return f"{value:.2f}" if unit == "ratio" else _number(value)


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}"


def _clock(hour: float) -> str:
    """Time of day: 17.5 is 17:30."""
    hours, minutes = divmod(min(round(hour * 60), 24 * 60 - 1), 60)
    return f"{hours:02d}:{minutes:02d}"
