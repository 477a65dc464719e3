"""Numbers as the card prints them: sensible digits, and words where one is not defined."""

from collections.abc import Sequence
from typing import Any


def count(value: int) -> str:
    """As `12,345`."""
    return f"{value:,}"


def number(value: float | None, digits: int = 3, sign: str = "", why: str = "") -> str:
    """As `0.779`, or `+0.021` where `sign` is "+"; `why` tells why it is not defined."""
    if value is None:
        return f"not defined ({why})" if why else "not defined"
    return _typeset(f"{value:{sign}.{digits}f}")


def interval(
    value: float | None,
    bounds: Sequence[float] | None,
    digits: int = 3,
    sign: str = "",
    why: str = "",
) -> str:
    """As `0.779 [0.760, 0.794]`."""
    if value is None or bounds is None:
        return number(value, digits, sign, why)
    low, high = (number(bound, digits, sign) for bound in bounds)
    return f"{number(value, digits, sign)} [{low}, {high}]"


def percent(value: float | None, digits: int = 1, sign: str = "", why: str = "") -> str:
    """As `61.3%`."""
    return number(value, digits, sign, why) if value is None else _percent(value, digits, sign)


def percent_interval(
    value: float | None, bounds: Sequence[float] | None, sign: str = "", why: str = ""
) -> str:
    """As `61.3% [60.1%, 62.4%]`."""
    if value is None or bounds is None:
        return percent(value, sign=sign, why=why)
    low, high = (_percent(bound, 1, sign) for bound in bounds)
    return f"{_percent(value, 1, sign)} [{low}, {high}]"


def setting(value: Any) -> str:
    """A setting as a person would write it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _percent(value: float, digits: int, sign: str) -> str:
    return _typeset(f"{value:{sign}.{digits}%}")


def _typeset(text: str) -> str:
    """With a true minus, and none before what rounds to zero."""
    if text.startswith("-") and not text.strip("-0.%"):
        text = text[1:]
    return text.replace("-", "−")
