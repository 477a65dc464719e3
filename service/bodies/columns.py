"""Columns of the tables as fields of a request body: the same kinds, bounds and codes."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from features.tables import (
    FIRST_DATE,
    ID_LENGTH,
    LAST_DATE,
    MONEY_BOUND,
    MONEY_DECIMALS,
    TEXT_LENGTH,
    Column,
)

# A day inside the bounds of dates, so that the day at any place on earth is within them.
FIRST_INSTANT = datetime.combine(FIRST_DATE + timedelta(days=1), time(), UTC)
LAST_INSTANT = datetime.combine(LAST_DATE, time(), UTC)
# pydantic alone would take a number for a date, and an instant without seconds.
_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
_INSTANT = rf"{_DATE[:-1]}T{_TIME}(Z|[+-][0-9]{{2}}:[0-9]{{2}})$"
_TEXTS = {
    "currency": "an ISO 4217 code such as USD",
    "jurisdiction": "a jurisdiction such as US, US-NY-NYC or CN",
    "timezone": "an IANA time zone such as Europe/Berlin",
}
# What a JSON schema cannot say of a kind.
_BEYOND_SCHEMA = {
    "money": f"at most {MONEY_DECIMALS} decimals",
    "id": "printable characters only",
    "instant": "with its offset from UTC",
}


class Cell:
    """Annotation of a field that holds one value of `column`; validates strictly."""

    def __init__(self, column: Column) -> None:
        self.column = column

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return _SCHEMAS[self.column.kind](self.column)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        column, described = self.column, handler(schema)
        described["description"] = column.meaning
        # What is checked here by code, as far as a JSON schema can say it.
        if column.pattern:
            described["pattern"] = f"^(?:{column.pattern})$"
        if column.kind in _BEYOND_SCHEMA:
            described["description"] += f"; {_BEYOND_SCHEMA[column.kind]}"
        if column.kind in ("date", "instant"):
            described["format"] = {"date": "date", "instant": "date-time"}[column.kind]
        return described


def remedy(column: Column) -> str:
    """What to send instead of a wrong value of this column."""
    null = ", or null where it is not known" if column.optional else ""
    return f"Send {_expected(column)}{null}."


def _expected(column: Column) -> str:
    low, high = (f"{bound:g}" if bound is not None else "" for bound in _bounds(column))
    match column.kind:
        case "money":
            floor = "above -1e+12" if column.minimum != 0 else "from 0"
            return f"a number {floor}, below 1e+12, with at most {MONEY_DECIMALS} decimals"
        case "number":
            return f"a number from {low} to {high}"
        case "count":
            return f"a whole number from {low} to {high}"
        case "flag":
            return "true or false"
        case "code":
            return f"one of {', '.join(column.codes)}"
        case "date":
            return f"a date such as 2026-03-31, from {FIRST_DATE.year} to {LAST_DATE.year}"
        case "instant":
            return "an instant with its offset such as 2026-03-31T14:05:00+02:00"
        case "id":
            return f"a text of 1 to {ID_LENGTH} printable characters"
        case "text":
            return _TEXTS[column.name]


def _bounds(column: Column) -> tuple[float | None, float | None]:
    return column.minimum, column.maximum


def _fail(column: Column, problem: str) -> PydanticCustomError:
    return PydanticCustomError("cell", problem, {"remedy": remedy(column)})


def _money(column: Column) -> CoreSchema:
    def decimals(amount: float) -> float:
        if round(amount, MONEY_DECIMALS) != amount:
            raise _fail(column, f"has more than {MONEY_DECIMALS} decimals")
        return amount

    low = {"ge": 0.0} if column.minimum == 0 else {"gt": -MONEY_BOUND}
    number = core_schema.float_schema(
        strict=True, allow_inf_nan=False, lt=MONEY_BOUND, ge=low.get("ge"), gt=low.get("gt")
    )
    return core_schema.no_info_after_validator_function(decimals, number)


def _number(column: Column) -> CoreSchema:
    return core_schema.float_schema(
        strict=True, allow_inf_nan=False, ge=column.minimum, le=column.maximum
    )


def _count(column: Column) -> CoreSchema:
    low, high = (None if bound is None else int(bound) for bound in _bounds(column))
    return core_schema.int_schema(strict=True, ge=low, le=high)


def _flag(column: Column) -> CoreSchema:
    return core_schema.bool_schema(strict=True)


def _code(column: Column) -> CoreSchema:
    return core_schema.literal_schema(list(column.codes))


def _checked_text(column: Column, check: Callable[[str], Any], length: int) -> CoreSchema:
    text = core_schema.str_schema(strict=True, min_length=1, max_length=length)
    return core_schema.no_info_after_validator_function(check, text)


def _id(column: Column) -> CoreSchema:
    def printable(text: str) -> str:
        if not text.isprintable():
            raise _fail(column, "holds a character that cannot be printed")
        return text

    return _checked_text(column, printable, ID_LENGTH)


def is_known(column: Column, text: str) -> bool:
    """Whether `text` is one of those that a column of kind `text` takes."""
    fits = not column.pattern or re.fullmatch(column.pattern, text) is not None
    return fits and (column.name != "timezone" or text in _timezones())


def _text(column: Column) -> CoreSchema:
    def known(text: str) -> str:
        if not is_known(column, text):
            raise _fail(column, f"is not {_TEXTS[column.name].split(' such')[0]}")
        return text

    return _checked_text(column, known, TEXT_LENGTH)


def _date(column: Column) -> CoreSchema:
    return core_schema.chain_schema(
        [
            core_schema.str_schema(strict=True, pattern=_DATE),
            core_schema.date_schema(ge=FIRST_DATE, le=LAST_DATE),
        ]
    )


def _instant(column: Column) -> CoreSchema:
    return core_schema.chain_schema(
        [
            core_schema.str_schema(strict=True, pattern=_INSTANT),
            core_schema.datetime_schema(tz_constraint="aware", ge=FIRST_INSTANT, le=LAST_INSTANT),
        ]
    )


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


_SCHEMAS: dict[str, Callable[[Column], CoreSchema]] = {
    "money": _money,
    "number": _number,
    "count": _count,
    "flag": _flag,
    "code": _code,
    "id": _id,
    "text": _text,
    "date": _date,
    "instant": _instant,
}
