"""Accounts to choose levels for: plain ones, and ones of any kind at random."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from features.clock import day_number
from features.tables import FLAGS, REASONS
from models.account import Account, Plan
from models.intensity.asked import NOT_PLANNED, Asked, Scarcity
from models.intensity.facts import Facts
from models.intensity.response import Ratios, assumed
from models.intensity.rules.book import COUNTED
from models.intensity.rules.counts import Counts

ACCOUNT = Account(
    account_id="A1",
    product="credit_card",
    security="none",
    currency="USD",
    balance=15_000.0,
    past_due_amount=3_000.0,
    days_past_due=40,
    jurisdiction="US",
    timezone="America/New_York",
)
NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)  # noon at ACCOUNT's place
PLACES = (
    ("US", "America/New_York"),
    ("US-NY-NYC", "America/New_York"),
    ("US-MA", "America/New_York"),
    ("US-CA", "America/Los_Angeles"),
    ("CN", "Asia/Shanghai"),
    ("GB", "Europe/London"),
    ("IN", "Asia/Kolkata"),
    ("FR", "Europe/Paris"),  # none of its rules are known
    ("AU", "Australia/Lord_Howe"),
)
CURRENCIES = ("USD", "CNY", "JPY")

Rng = np.random.Generator


def asked(account: Account = ACCOUNT, as_of: datetime = NOON, **known: object) -> Asked:
    """One account at a probability of 0.27; `known` are facts, or fields of Asked."""
    today = day_number(as_of.astimezone(ZoneInfo(account.timezone)).date())
    told = {"today": today, "received": 0.0, "promise_ends": np.nan, "visit_agreed": False}
    told |= {"unreached": 0, "stated": np.nan, "paid_month": 100.0}
    fields = {"log_odds": -1.0, "ability": 50.0, "willingness": 50.0, "standing_valid": True}
    fields |= {"newest": as_of.timestamp() - 10 * 86_400}
    counts = no_counts(np.array([today]))
    for name, value in known.items():
        assert name in told or name in fields, name
        (told if name in told else fields)[name] = value
    return Asked(
        accounts=[account],
        as_of=np.array([as_of.timestamp()]),
        facts=Facts(**{name: np.array([value]) for name, value in told.items()}),
        counts=counts,
        ratios=assumed(1),
        **{name: np.array([value]) for name, value in fields.items()},
    )


def counted(given: Asked, rule: str, used: int, free_in: int) -> Asked:
    """With so many contacts counted by a rule, which allows the next in so many days."""
    k = [each.id for each in COUNTED].index(rule)
    counts = Counts(given.counts.used.copy(), given.counts.free_day.copy())
    counts.used[:, k], counts.free_day[:, k] = used, given.facts.today + free_in
    return given._replace(counts=counts)


def no_counts(today: np.ndarray) -> Counts:
    """Nothing has been counted."""
    shape = (len(today), len(COUNTED))
    return Counts(np.zeros(shape, np.int64), np.repeat(today[:, None], len(COUNTED), axis=1))


def with_accounts(given: Asked, **changes: object) -> Asked:
    """With these fields of every account changed."""
    return given._replace(accounts=[replace(each, **changes) for each in given.accounts])


def only(given: Asked, i: int) -> Asked:
    """Account `i` alone."""
    row = slice(i, i + 1)
    *fields, facts, counts, ratios = given
    return Asked(
        *(values[row] for values in fields),
        Facts._make(values[row] for values in facts),
        Counts._make(values[row] for values in counts),
        Ratios._make(values[row] for values in ratios),
    )


def random_asked(seed: int, n: int) -> Asked:
    """Accounts of every stage, place, flag and hold, with facts and counts of any kind."""
    rng = np.random.default_rng(seed)
    accounts = [_account(rng, i) for i in range(n)]
    as_of = rng.uniform(
        datetime(2024, 1, 1, tzinfo=UTC).timestamp(),
        datetime(2027, 6, 1, tzinfo=UTC).timestamp(),
        n,
    ).round()
    today = np.array(
        [
            day_number(datetime.fromtimestamp(at, ZoneInfo(account.timezone)).date())
            for at, account in zip(as_of.tolist(), accounts, strict=True)
        ]
    )
    past_due = np.array([account.past_due_amount for account in accounts])
    share = rng.uniform(0.5, 1.2, n)
    return Asked(
        accounts=accounts,
        as_of=as_of,
        newest=as_of - 10 * 86_400,
        log_odds=rng.normal(-0.5, 2, n),
        ability=rng.uniform(0, 100, n),
        willingness=rng.uniform(0, 100, n),
        standing_valid=rng.random(n) < 0.7,
        facts=Facts(
            today=today,
            received=np.where(rng.random(n) < 0.7, 0.0, np.round(past_due * share, 2)),
            promise_ends=np.where(rng.random(n) < 0.8, np.nan, as_of + 86_400),
            visit_agreed=rng.random(n) < 0.3,
            unreached=np.where(rng.random(n) < 0.7, 0, rng.integers(0, 12, n)),
            stated=np.where(rng.random(n) < 0.5, np.nan, rng.integers(0, len(REASONS), n)),
            paid_month=np.where(rng.random(n) < 0.3, np.nan, rng.uniform(0, 300, n)),
        ),
        counts=_counts(rng, today),
        ratios=random_ratios(seed, n),
    )


def random_ratios(seed: int, n: int) -> Ratios:
    """Estimated odds ratios with bounds on both sides, as far apart as it comes."""
    rng = np.random.default_rng((seed, 2))
    effect, width = rng.normal(0.3, 0.5, (n, 5)), rng.exponential(0.3, (n, 5))
    effect[:, 0], width[:, 0] = 0.0, 0.0
    return Ratios(*(np.exp(effect + side * width) for side in (0, -1, 1)))


def _account(rng: Rng, i: int) -> Account:
    jurisdiction, timezone = PLACES[rng.integers(len(PLACES))]
    days = int(rng.choice([0, 1, 15, 30, 31, 45, 60, 61, 90, 91, 200]))
    past_due = round(float(np.exp(rng.normal(5, 1.5))), 2) if days else 0.0
    balance = round(past_due * float(rng.uniform(1, 10)) + float(rng.uniform(-100, 500)), 2)
    plan = Plan(6, 20.0, bool(rng.random() < 0.5)) if rng.random() < 0.2 else None
    flags = frozenset(f for f in FLAGS if rng.random() < 0.04)
    return replace(
        ACCOUNT,
        account_id=f"A{i}",
        currency=CURRENCIES[rng.integers(len(CURRENCIES))],
        balance=max(balance, past_due) if days else balance,
        past_due_amount=past_due,
        days_past_due=days,
        jurisdiction=jurisdiction,
        timezone=timezone,
        flags=flags,
        plan=plan,
    )


def _counts(rng: Rng, today: np.ndarray) -> Counts:
    shape = (len(today), len(COUNTED))
    most, days = (np.array([getattr(rule, f) for rule in COUNTED]) for f in ("most", "days"))
    used = np.where(rng.random(shape) < 0.6, 0, rng.integers(0, most + 3, shape))
    later = np.where(used < most, 0, rng.integers(1, days + 1, shape))
    return Counts(used, today[:, None] + later)


def plenty(n: int) -> Scarcity:
    """Resources that cost nothing."""
    return Scarcity(np.zeros(3), True, np.full(n, NOT_PLANNED, np.int64))


def random_scarcity(seed: int, n: int, planned: bool = True) -> Scarcity:
    """Prices of any size, and plans that hold some accounts where `planned`."""
    rng = np.random.default_rng((seed, 1))
    levels = np.where(rng.random(n) < 0.5, NOT_PLANNED, rng.integers(0, 5, n))
    return Scarcity(
        rng.uniform(0, 2, 3) * (rng.random(3) < 0.6),
        bool(rng.random() < 0.8),
        levels if planned else np.full(n, NOT_PLANNED, np.int64),
    )
