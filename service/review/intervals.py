"""Values with the bounds of their intervals of 95%, as pages write them."""

from collections.abc import Callable, Sequence

from models.score.reasons import Language
from service.review import formats

Ends = Sequence[float] | None


def number(value: float | None, ends: Ends, language: Language, digits: int = 3) -> str:
    """As `0.779 [0.760, 0.794]`; without bounds where there are none."""
    return _told(value, ends, lambda each: formats.number(each, language, digits))


def signed(value: float | None, ends: Ends, language: Language, digits: int = 3) -> str:
    """As `+0.021 [+0.008, +0.034]`."""
    return _told(value, ends, lambda each: formats.signed(each, language, digits))


def percent(value: float | None, ends: Ends, language: Language) -> str:
    """A share as `61.3% [60.1%, 62.4%]`."""
    return _told(value, ends, lambda each: formats.percent(each, language))


def points(value: float | None, ends: Ends, language: Language) -> str:
    """A difference of shares in percentage points, as `+2.1 [-0.3, +4.4]`."""
    return _told(value, ends, lambda each: formats.points(each, language))


def _told(value: float | None, ends: Ends, form: Callable[[float | None], str]) -> str:
    if value is None or ends is None:
        return form(value)
    low, high = ends
    return f"{form(value)} [{form(low)}, {form(high)}]"
