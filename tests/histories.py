"""Histories for tests: drawn as small tables, or at random."""

from datetime import date, datetime

import numpy as np

from features.catalogue import NAMES
from features.clock import day_number, midnight_after
from features.matrix import matrix
from features.panel import (
    Contacts,
    Fixed,
    Panel,
    Payments,
    Statements,
    View,
    known_at,
    panel,
)
from features.tables import CONTACTS, STATEMENTS, codes_of, point_number

STATUS = codes_of(STATEMENTS, "status")


def number(text: str) -> float:
    """A drawn number; a dot stands for not known."""
    return float("nan") if text == "." else float(text)


def midnight(text: str) -> float:
    """UTC seconds at which the day has passed in UTC; a dot stands for no day."""
    if text == ".":
        return float("nan")
    return midnight_after(day_number(date.fromisoformat(text)), "UTC")


def instant(text: str) -> float:
    """UTC seconds of an ISO instant, taken as UTC where it names no offset."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else datetime.fromisoformat(f"{text}+00:00")).timestamp()


def drawn(
    statements: str,
    payments: str | None = None,
    contacts: str | None = None,
    opened: str | None = None,
    product: float = 0.0,
    security: float = 0.0,
    others: str | None = None,
) -> Panel:
    """The panel of one account in UTC.

    statements: date balance due paid dpd limit [status]
    payments:   instant amount [reversed [reversed_at]]
    contacts:   instant channel direction outcome [promised_amount [promised_on [reason [point
                [place]]]]]
    others:     as contacts, on the debtor's other accounts
    """
    rows = [line.split() for line in statements.strip().splitlines()]
    day = np.array([day_number(date.fromisoformat(row[0])) for row in rows])
    columns = [np.array([number(row[k]) for row in rows]) for k in range(1, 6)]
    status = np.array([float(STATUS[row[6]] if len(row) > 6 else 0) for row in rows])
    opened_day = np.nan if opened is None else day_number(date.fromisoformat(opened))
    return panel(
        Fixed(
            np.array([opened_day]),
            np.array([float(product)]),  # as in any panel: each kind of array is compiled anew
            np.array([float(security)]),
            np.array([payments is not None]),
            np.array([contacts is not None]),
        ),
        Statements(
            np.zeros(len(rows), np.int64),
            day,
            np.array([midnight_after(d, "UTC") for d in day]),
            *columns,
            status,
        ),
        None if payments is None else _payments(payments),
        None if contacts is None else _contacts(contacts),
        None if others is None else _contacts(others),
    )


def _payments(text: str) -> Payments:
    rows = [line.split() for line in text.strip().splitlines()]
    return Payments(
        np.zeros(len(rows), np.int64),
        np.array([instant(row[0]) for row in rows]),
        np.array([float(row[1]) for row in rows]),
        np.array([float(row[2]) if len(row) > 2 else 0.0 for row in rows]),
        np.array([instant(row[3]) if len(row) > 3 else np.nan for row in rows]),
    )


def _contacts(text: str) -> Contacts:
    rows = [[*line.split(), *"....."][:9] for line in text.strip().splitlines()]
    codes = {
        name: {**codes_of(CONTACTS, name), ".": np.nan}
        for name in ("channel", "direction", "outcome", "reason", "place")
    }
    return Contacts(
        np.zeros(len(rows), np.int64),
        np.array([instant(row[0]) for row in rows]),
        np.array([instant(row[0]) % 86_400 / 3_600 for row in rows]),
        np.array([float(codes["channel"][row[1]]) for row in rows]),
        np.array([float(codes["direction"][row[2]]) for row in rows]),
        np.array([float(codes["outcome"][row[3]]) for row in rows]),
        np.array([float(codes["reason"][row[6]]) for row in rows]),
        np.array([number(row[4]) for row in rows]),
        np.array([midnight(row[5]) for row in rows]),
        np.full(len(rows), np.nan),
        np.array([instant(row[0]) // 86_400 for row in rows]),
        np.array([np.nan if row[7] == "." else point_number(row[7]) for row in rows]),
        np.array([float(codes["place"][row[8]]) for row in rows]),
    )


def at(history: Panel, instant_text: str) -> View:
    """What is known of every account of the panel at that instant."""
    n = history.accounts
    return known_at(history, np.arange(n), np.full(n, instant(instant_text)))


def row_of(history: Panel, as_of: str) -> dict[str, float]:
    """The features of the first account at that instant, by name."""
    return dict(zip(NAMES, matrix(history, at(history, as_of))[0], strict=True))


def random_tables(
    seed: int, accounts: int = 20, months: int = 8
) -> tuple[Fixed, Statements, Payments, Contacts]:
    """Tables of accounts whose histories differ in length, with gaps, holes and events."""
    rng = np.random.default_rng(seed)
    length = rng.integers(1, months + 1, accounts)
    account = np.repeat(np.arange(accounts), length)
    month = np.concatenate([np.sort(rng.permutation(months + 2)[:n]) for n in length])
    day = np.round(19_000 + month * 30.4375 + rng.integers(0, 2, len(account)))
    k = len(account)
    late = rng.choice([0.0, 0.0, 30.0, 60.0, 90.0], k)
    statements = Statements(
        account,
        day,
        day * 86_400 + 86_400,
        rng.choice([0.0, -20.0, 500.0, 1_234.5], k) + rng.uniform(0, 900, k),
        np.where(rng.random(k) < 0.2, np.nan, rng.uniform(0, 200, k)),
        np.where(rng.random(k) < 0.2, np.nan, rng.choice([0.0, 40.0, 900.0], k)),
        late,
        np.where(rng.random(k) < 0.2, np.nan, rng.choice([0.0, 1_000.0, 2_000.0], k)),
        np.zeros(k),
    )
    span = (19_000 * 86_400.0, (19_000 + 31 * (months + 2)) * 86_400.0)
    paying = rng.integers(0, accounts, accounts * 4)
    met = rng.integers(0, accounts, accounts * 6)
    met_at = rng.uniform(*span, len(met))
    outcome = rng.integers(0, 6, len(met)).astype(float)
    promised = outcome == codes_of(CONTACTS, "outcome")["promise"]
    return (
        Fixed(
            np.where(rng.random(accounts) < 0.3, np.nan, 17_000.0),
            rng.integers(0, 5, accounts).astype(float),
            rng.integers(0, 3, accounts).astype(float),
            np.full(accounts, True),
            np.full(accounts, True),
        ),
        statements,
        Payments(
            paying,
            rng.uniform(*span, len(paying)),
            rng.uniform(1, 400, len(paying)),
            rng.integers(0, 2, len(paying)).astype(float),
            np.where(rng.random(len(paying)) < 0.2, rng.uniform(*span, len(paying)), np.nan),
        ),
        Contacts(
            met,
            met_at,
            rng.uniform(0, 24, len(met)),
            rng.integers(0, 8, len(met)).astype(float),
            rng.integers(0, 2, len(met)).astype(float),
            outcome,
            np.random.default_rng((seed, 1)).choice([np.nan, 0.0, 1.0, 5.0, 6.0], len(met)),
            np.where(promised, rng.uniform(10, 300, len(met)), np.nan),
            np.where(promised, met_at + 86_400 * rng.integers(1, 20, len(met)), np.nan),
            np.where(promised, np.nan, met_at + 86_400 * rng.integers(1, 9, len(met))),
            met_at // 86_400,
            np.random.default_rng((seed, 2)).choice([np.nan, 7.0, 8.0, 9.0], len(met)),
            np.random.default_rng((seed, 3)).choice([np.nan, 0.0, 1.0, 2.0], len(met)),
        ),
    )
