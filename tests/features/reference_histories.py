"""Portfolios for the comparison with the reference: small, valid, and full of edges.

Everything is drawn from a `random.Random`: a seeded one, or one that hypothesis steers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isnan
from random import Random
from zoneinfo import ZoneInfo

import numpy as np

from features.clock import CYCLE_DAYS, DAY_SECONDS, day_number, midnight_after
from features.panel import Contacts, Fixed, Panel, Payments, Statements, View, known_at, panel
from features.tables import CHANNELS, DIRECTIONS, OUTCOMES, PRODUCTS, REASONS, SECURITIES, STATUSES

NAN = float("nan")
ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe")
FIRST_DAY = 18_600  # in December 2020
MONTHLY = (28, 30, 31, 31)  # days from one statement to the next
GAPPY = (1, 29, 31, 46, 61, 62, 92, 183, 365, 400)
WINDOWS = (7, 30, 90, 180, 365)  # days
NEAR = (0.0, 0.0, 0.0, -1.0, 1.0, 0.25)  # seconds from an edge
ROUND_SUMS = (0.0, 0.5, 10.0, 20.0, 33.33, 40.0, 53.33)  # often equal when added up
WEEK = 7 * DAY_SECONDS

Row = tuple[float, ...]


@dataclass(frozen=True)
class Portfolio:
    """Flat tables and a view: account `row[k]` is looked at as of `as_of[k]` (UTC seconds)."""

    fixed: Fixed
    statements: Statements
    payments: Payments
    contacts: Contacts
    row: list[int]
    as_of: list[float]

    def view(self) -> tuple[Panel, View]:
        """The portfolio as the compiled features take it."""
        history = panel(self.fixed, self.statements, self.payments, self.contacts)
        return history, known_at(history, np.array(self.row, np.int64), np.array(self.as_of))


@dataclass(frozen=True)
class Drawn:
    """One account's rows, in the order of the columns after `account`, and its instants."""

    fixed: Row
    statements: list[Row]
    payments: list[Row]
    contacts: list[Row]
    as_of: list[float]


def portfolio(rnd: Random, accounts: int, months: int, events: int, views: int) -> Portfolio:
    """Accounts of 1 to `months` statements and up to `events` payments and contacts each."""
    drawn = [_account(rnd, months, events, views) for _ in range(accounts)]
    opened, product, security, paying, met = np.array([d.fixed for d in drawn], float).T
    return Portfolio(
        Fixed(opened, product, security, paying > 0, met > 0),
        Statements(*_columns(rnd, [d.statements for d in drawn], len(Statements._fields))),
        Payments(*_columns(rnd, [d.payments for d in drawn], len(Payments._fields))),
        Contacts(*_columns(rnd, [d.contacts for d in drawn], len(Contacts._fields))),
        [account for account, d in enumerate(drawn) for _ in d.as_of],
        [at for d in drawn for at in d.as_of],
    )


def _columns(rnd: Random, rows: list[list[Row]], width: int) -> list[np.ndarray]:
    """All accounts' rows as flat columns, `account` first: in any order, or by time."""
    flat = [(account, *row) for account, own in enumerate(rows) for row in own]
    rnd.shuffle(flat)
    if rnd.randint(0, 1):
        flat.sort(key=lambda row: row[:2])
    account, *columns = np.array(flat, float).reshape(-1, width).T
    return [account.astype(np.int64), *columns]


def _account(rnd: Random, months: int, events: int, views: int) -> Drawn:
    zone = rnd.choice(ZONES)
    statements = _statements(rnd, rnd.randint(1, months), zone)
    known = [row[1] for row in statements]
    paying, met = rnd.randint(0, 5) > 0, rnd.randint(0, 5) > 0
    contacts = _contacts(rnd, rnd.randint(0, events), zone, known) if met else []
    payments = _payments(rnd, rnd.randint(0, events), known, contacts) if paying else []
    first, last = statements[0][0], statements[-1][0]
    opened = rnd.choice((NAN, first, first - rnd.randint(0, 900), last))
    edges = _edges(opened, known, payments, contacts)
    return Drawn(
        (opened, _code(rnd, PRODUCTS), _code(rnd, SECURITIES), float(paying), float(met)),
        statements,
        payments,
        contacts,
        [rnd.choice(rnd.choice((edges, edges, known))) + rnd.choice(NEAR) for _ in range(views)],
    )


def _code(rnd: Random, codes: Sequence[str], *, likely: Sequence[str] = ()) -> float:
    return float(codes.index(rnd.choice((*codes, *likely))))


def _money(rnd: Random) -> float:
    whole = rnd.randint(0, 10**6)
    return rnd.choice((whole / 100, whole / 100, whole / 10_000, whole * 1_000.0))


def _statements(rnd: Random, count: int, zone: str) -> list[Row]:
    """day, known_at, balance, due, paid, days past due, limit, status."""
    gaps = rnd.choice((MONTHLY, MONTHLY, GAPPY))
    unknown = rnd.choice(((), (), (NAN,), (NAN,) * 8))
    lates = rnd.choice(((0.0,), (0.0, 0.0, 1.0, 30.0, 31.0), (0.0, 31.0), (1.0, 30.0, 60.0)))
    day, rows = FIRST_DAY + rnd.randint(0, 30), list[Row]()
    owed, asked, dpd, limit = 500.0, 40.0, 0.0, 1_000.0
    for _ in range(count):
        paid = _paid(rnd, owed, asked, unknown)
        owed = rnd.choice((owed, 0.0, 0.5, -20.5, 500.0, _money(rnd), _money(rnd)))
        asked = rnd.choice((0.0, 0.5, 40.0, 40.0, _whole(rnd, owed), _money(rnd), *unknown))
        dpd = rnd.choice((*lates, *lates, dpd + 30.0 if dpd < 200.0 else 0.0))
        limit = rnd.choice((limit, limit, 0.0, 0.5, 500.0, abs(owed), *unknown))
        status = _code(rnd, STATUSES, likely=("open",) * 20)
        rows.append((float(day), midnight_after(day, zone), owed, asked, paid, dpd, limit, status))
        day += rnd.choice(gaps)
    return rows


def _whole(rnd: Random, owed: float) -> float:
    """All of the balance, or about from where on it counts as all: 99.9% of it."""
    edge = 0.999 * abs(owed)
    return rnd.choice((abs(owed), round(max(0.0, edge + rnd.choice((0.0, -0.0001, 0.0001))), 4)))


def _paid(rnd: Random, owed: float, asked: float, unknown: Row) -> float:
    """Nothing, or about what counts: the amount asked for, 99% of the balance, all of it."""
    owed = max(0.01, owed)
    full = 0.99 * owed
    asked = 40.0 if isnan(asked) else asked
    edges = (asked, asked + 0.0001, full, full + 0.0001, full - 0.0001, owed, _money(rnd))
    return round(rnd.choice((0.0, 0.0, *edges, *unknown)), 4)


def _contacts(rnd: Random, count: int, zone: str, known: list[float]) -> list[Row]:
    """The columns of Contacts after the account; points and places are not known."""
    rows = list[Row]()
    campaigns = rnd.choice((known, known[-1:], known[-3:]))
    mood = rnd.choice(((), ("promise",) * 6, ("no_answer",) * 12))
    for _ in range(count):
        seen: Row = (
            rnd.choice(campaigns) + DAY_SECONDS * rnd.randint(-40, 60) + rnd.choice(NEAR),
            rnd.choice((17.0, 17.0 - 1 / 3_600, rnd.randint(0, 86_399) / 3_600)),
            _code(rnd, CHANNELS, likely=("call", "visit")),
            _code(rnd, DIRECTIONS, likely=("out",)),
            _code(rnd, OUTCOMES, likely=mood),
            rnd.choice((NAN, NAN, _code(rnd, REASONS))),
        )
        if rows and rnd.randint(0, 4) == 0:  # at the instant of another, and like it
            like = rnd.randint(1, len(seen))
            seen = (*rnd.choice(rows)[:like], *seen[like:])
        agreed = _agreed(rnd, seen[0], OUTCOMES[int(seen[4])], zone)
        rows.append((*seen, *agreed, _today(seen[0], zone), NAN, NAN))
    return rows


def _agreed(rnd: Random, at: float, outcome: str, zone: str) -> Row:
    """Promised amount and end, appointment; some promise without that outcome."""
    appointment = rnd.choice((NAN, at + DAY_SECONDS))
    if outcome != "promise" and rnd.randint(0, 9):
        return NAN, NAN, appointment
    end = midnight_after(_today(at, zone) + rnd.choice((0, 1, 3, 7, 20, 90)), zone)
    return rnd.choice((NAN, *ROUND_SUMS[1:])), rnd.choice((NAN, end, end, end)), appointment


def _today(at: float, zone: str) -> float:
    return day_number(datetime.fromtimestamp(at, ZoneInfo(zone)).date())


def _payments(rnd: Random, count: int, known: list[float], contacts: list[Row]) -> list[Row]:
    """at, amount, reversed, reversed_at: many just at the edges of promises and statements."""
    edges = [*known, *(row[0] for row in contacts), *(row[0] + WEEK for row in contacts)]
    edges += [row[7] for row in contacts if not isnan(row[7])]
    rows = list[Row]()
    for _ in range(count):
        at = rnd.choice(edges) + rnd.choice((0, 0, rnd.randint(-40, 40))) * DAY_SECONDS
        at += rnd.choice(NEAR)
        back = rnd.randint(0, 3) == 0
        back_at = at + rnd.choice((0.0, 1.0, 7 * DAY_SECONDS, DAY_SECONDS * rnd.randint(0, 90)))
        rows.append(
            (
                at,
                rnd.choice((*ROUND_SUMS, _money(rnd))),
                float(back),
                rnd.choice((back_at, back_at, back_at, NAN)) if back else NAN,
            )
        )
    return rows


def _edges(
    opened: float, known: list[float], payments: list[Row], contacts: list[Row]
) -> list[float]:
    """Instants at which something of the account begins or ceases to be known or to count."""
    taken_back = [row[3] for row in payments if not isnan(row[3])]
    events = [*taken_back, *(row[0] for row in (*payments, *contacts))]
    ends = [row[7] for row in contacts if not isnan(row[7])]
    months = [] if isnan(opened) else [(opened + k * CYCLE_DAYS) * DAY_SECONDS for k in range(60)]
    windows = [at + days * DAY_SECONDS for at in events for days in WINDOWS]
    days = [at + k * DAY_SECONDS for at in known for k in (0, 1, 9)]
    return [*days, *events, *ends, *(m for m in months if m >= known[0]), *windows]
