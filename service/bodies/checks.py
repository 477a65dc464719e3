"""What msgspec cannot say of a column, checked over all rows of a struct at once."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any

import msgspec
import numpy as np

from features.tables import ACCOUNTS, FIRST_DATE, LAST_DATE, MONEY_DECIMALS, Kind
from service.bodies.columns import FIRST_INSTANT, LAST_INSTANT, is_known
from service.bodies.schemas import (
    COLUMNS,
    AccountBody,
    Body,
    ContactBody,
    DecisionBody,
    PaymentBody,
    PlanBody,
    StatementBody,
)

_SCALE = 10.0**MONEY_DECIMALS
_DIGITS = bytes(ord("0") if chr(byte) in "0123456789" else byte for byte in range(256))
_SHAPES = {
    f"0000-00-00T00:00:00{fraction}{offset}".encode()
    for fraction in ("", *(f".{'0' * digits}" for digits in range(1, 7)))
    for offset in ("Z", "+00:00", "-00:00")
}
_INSTANTS = list[Annotated[datetime, msgspec.Meta(tz=True)]]
# Texts between these are in bounds whatever their offsets are.
_SURELY_FROM, _SURELY_UNTIL = f"{FIRST_DATE.year + 1}", f"{LAST_DATE.year}"

Rows = tuple[type[Body], Sequence[Any]]


def _fields(kind: Kind) -> dict[type[Body], list[str]]:
    """The names of each body's own fields of one kind."""
    return {
        body: [n for n in body.model_fields if n in columns and columns[n].kind == kind]
        for body, columns in COLUMNS.items()
    }


_MONEY = {body: [attrgetter(n) for n in names] for body, names in _fields("money").items()}
_DATES = {body: [attrgetter(n) for n in names] for body, names in _fields("date").items()}
_TIMES = _fields("instant")
_TEXTS = _fields("text")[AccountBody]
_texts = attrgetter(*_TEXTS)


def are_cells_right(body: Any, encoded: bytes) -> bool:
    """Whether amounts, dates, texts and ids of a decoded struct are what their columns ask for.

    `encoded` is the struct as compact JSON, of a body without escapes. Instants are not looked at.
    """
    rows = list(_rows(body))
    return (
        _are_printable(encoded)
        and _are_texts_known(_texts(body.account))
        and _are_dates_in_bounds(rows)
        and _are_decimals_few(rows)
    )


def read_instants(body: Any) -> bool:
    """Put the instants of a struct in the place of their texts; False where one is out of order.

    Then the struct is of no use. Raises msgspec.ValidationError where one is no instant at all.
    """
    return read_instants_of(_timed(body))


def read_instants_of(timed: Iterable[Rows]) -> bool:
    """As `read_instants`, of the structs of rows, each list with the body they are rows of."""
    # msgspec alone would also take 2026-03-31 14:05:00z, an offset of +0200, or more decimals.
    places = [
        (name, [row for row in rows if getattr(row, name) is not None])
        for schema, rows in timed
        for name in _TIMES[schema]
    ]
    texts = [getattr(row, name) for name, rows in places for row in rows]
    if not texts:
        return True
    if not set("\n".join(texts).encode().translate(_DIGITS).split(b"\n")) <= _SHAPES:
        return False
    instants = msgspec.convert(texts, _INSTANTS)
    are_sure = min(texts) >= _SURELY_FROM and max(texts) < _SURELY_UNTIL
    if not (are_sure or all(FIRST_INSTANT <= at <= LAST_INSTANT for at in instants)):
        return False
    following = iter(instants)
    for name, rows in places:
        for row in rows:
            setattr(row, name, next(following))
    return True


def _rows(body: Any) -> Iterator[Rows]:
    account = body.account
    yield AccountBody, (account,)
    if account.plan is not None:
        yield PlanBody, (account.plan,)
    yield StatementBody, body.statements
    yield from _events(body)


def _timed(body: Any) -> Iterator[Rows]:
    yield DecisionBody, (body,)
    yield from _events(body)


def _events(body: Any) -> Iterator[Rows]:
    if body.payments:
        yield PaymentBody, body.payments
    if body.contacts:
        yield ContactBody, body.contacts
    if body.debtor_contacts:
        yield ContactBody, body.debtor_contacts


def _are_printable(encoded: bytes) -> bool:
    # Control characters are escaped in JSON, but for this one.
    if encoded.isascii():
        return b"\x7f" not in encoded
    return encoded.decode().isprintable()


@lru_cache(maxsize=4096)
def _are_texts_known(texts: tuple[str, ...]) -> bool:
    columns = [ACCOUNTS.column(name) for name in _TEXTS]
    return all(map(is_known, columns, texts))


def _are_dates_in_bounds(rows: list[Rows]) -> bool:
    for schema, held in rows:
        for get in _DATES[schema]:
            days = list(filter(None, map(get, held)))
            if days and (min(days) < FIRST_DATE or max(days) > LAST_DATE):
                return False
    return True


def _are_decimals_few(rows: list[Rows]) -> bool:
    amounts: list[float | None] = []
    for schema, held in rows:
        for get in _MONEY[schema]:
            amounts += map(get, held)
    known = np.array(list(filter(None, amounts)))  # nothing has few decimals too
    doubtful = known[np.rint(known * _SCALE) / _SCALE != known]
    # The product may be off by one where amounts are large.
    return all(round(amount, MONEY_DECIMALS) == amount for amount in doubtful.tolist())
