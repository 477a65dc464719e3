"""Numbers, amounts, dates and instants as each language writes them (CLDR, by Babel)."""

import math
from datetime import date, datetime

from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_currency

from models.score.reasons import Language

NONE = "–"  # what is not known

_AMOUNT = "#,##0.00\u00a0¤¤"  # with the currency's code, as in the sentences of reasons
_INSTANT = {"en": "MMM d, y, HH:mm:ss", "zh": "y年M月d日 HH:mm:ss"}


def number(value: float | None, language: Language, digits: int = 0) -> str:
    """A number with so many decimals."""
    return _decimal(value, digits, "")


def signed(value: float | None, language: Language, digits: int = 2) -> str:
    """A number with its sign, a plus too."""
    return _decimal(value, digits, "+")


def percent(share: float | None, language: Language, digits: int = 1) -> str:
    """A share from 0 to 1 as a percentage."""
    if share is None or not math.isfinite(share):
        return NONE
    return f"{number(100 * share, language, digits)}%"  # both languages put it so


def points(share: float | None, language: Language, digits: int = 1) -> str:
    """A difference of two shares in percentage points, with its sign."""
    return signed(None if share is None else 100 * share, language, digits)


def money(amount: float | None, language: Language, currency: str) -> str:
    """An amount with its currency, with the decimals that the currency has."""
    if amount is None or not math.isfinite(amount):
        return NONE
    return str(format_currency(amount, currency, _AMOUNT, locale=language))


def instant(text: str | None, language: Language) -> str:
    """A recorded instant to the second, with the offset that it was recorded with."""
    if text is None:
        return NONE
    at = datetime.fromisoformat(text)
    shown = format_datetime(at, _INSTANT[language], tzinfo=at.tzinfo, locale=language)
    return f"{shown} {format_datetime(at, 'ZZZZZ', tzinfo=at.tzinfo, locale=language)}".replace(
        " Z", " UTC"
    )


def day(value: date | str | None, language: Language) -> str:
    """A date, also of an ISO text that begins with one."""
    if value is None:
        return NONE
    at = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return str(format_date(at, "medium", locale=language))


def month(text: str | None, language: Language) -> str:
    """A month, of an ISO text that begins with it: "2025-07" is Jul 2025."""
    if text is None:
        return NONE
    return str(format_skeleton("yMMM", date.fromisoformat(f"{text[:7]}-01"), locale=language))


def _decimal(value: float | None, digits: int, sign: str) -> str:
    """The number as both languages write it; by Babel, a page of reasons would take longer to
    write than to find.
    """
    if value is None or not math.isfinite(value):
        return NONE
    rounded = round(value, digits) + 0.0  # what rounds to nothing has no sign
    return f"{rounded:{sign},.{digits}f}"
