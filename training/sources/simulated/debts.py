"""Debts and their accounting: what is billed, what is paid, what is past due, and how long.

Dues are kept by age: column 0 is what the last statement billed, column j what has been past
due for j cycles. A payment goes to the oldest first, so `balance` and `days_past_due` always
follow from what was billed and paid. Amounts are rounded to cents at every step.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.tables import PRODUCTS, SECURITIES, STATUSES

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

OPEN, RESTRUCTURED, PAID_OFF, CHARGED_OFF, SOLD = range(len(STATUSES))
CARD = PRODUCTS.index("credit_card")
NO_SECURITY, COLLATERAL, GUARANTOR = range(len(SECURITIES))

CYCLE = 30  # days past due of one missed cycle
WRITE_OFF_AGE = 6  # cycles past due at which a debt is charged off
CENT = 0.01
USED_BY_ABILITY = 0.2  # of a card's limit, less for each standard deviation of ability
CARD_MINIMUM, CARD_SHARE = 25.0, 0.03  # least a card bills, and its share of the balance

# Product: share of accounts, median amount and its spread (log), months, yearly rate.
TERMS = {
    "credit_card": (0.50, 5_000, 0.7, (1, 1), (0.16, 0.30)),
    "personal_loan": (0.25, 8_000, 0.6, (24, 60), (0.08, 0.20)),
    "auto_loan": (0.12, 18_000, 0.4, (36, 72), (0.04, 0.12)),
    "mortgage": (0.08, 180_000, 0.5, (180, 360), (0.03, 0.07)),
    "other": (0.05, 1_500, 0.6, (6, 24), (0.10, 0.35)),
}


@dataclass
class Debts:
    """The accounts of a chunk, one entry (or row) each; `due` is [n × WRITE_OFF_AGE + 1].

    `amount` is a card's limit or a loan's principal; `transactor` marks cards whose bill is
    paid whole when all is well; `plan_months` is 0 without a plan.
    """

    product: Indices
    security: Indices
    amount: Floats
    rate: Floats
    instalment: Floats
    age_months: Indices
    transactor: Flags
    balance: Floats
    due: Floats
    status: Indices
    plan_months: Indices

    @property
    def amount_due(self) -> Floats:
        """What the last statement asked for: newly billed and past due."""
        return _cents(self.due.sum(axis=1))

    @property
    def past_due(self) -> Floats:
        """Part of the balance that is past due."""
        return _cents(self.due[:, 1:].sum(axis=1))

    @property
    def months_late(self) -> Indices:
        """Cycles for which the oldest due has been past due; 0 when none is."""
        unpaid = self.due[:, :0:-1] >= CENT / 2
        return np.where(unpaid.any(axis=1), WRITE_OFF_AGE - unpaid.argmax(axis=1), 0)

    @property
    def ended(self) -> Flags:
        """Whether the bank's account has ended."""
        return self.status >= PAID_OFF


def _cents(amount: Floats) -> Floats:
    rounded: Floats = np.round(amount, 2)
    return rounded


def draw_debts(rng: np.random.Generator, ability: Floats) -> Debts:
    """Debts as they stand before the first cycle: nothing billed, nothing past due.

    One for each entry of `ability`: those who are less able use more of their cards.
    """
    n = len(ability)
    shares, medians, spreads, terms, rates = (
        np.array([TERMS[product][i] for product in PRODUCTS], dtype=np.float64) for i in range(5)
    )
    product = rng.choice(len(PRODUCTS), n, p=shares)
    card = product == CARD
    amount = np.round(medians[product] * np.exp(rng.normal(0, 1, n) * spreads[product]), -2)
    amount = np.maximum(amount, 300.0)
    rate = np.round(rng.uniform(rates[product, 0], rates[product, 1]), 4)
    months = np.round(rng.uniform(terms[product, 0], terms[product, 1]))
    gone = rng.uniform(0, 0.9, n)
    balance = _cents(np.where(card, amount * _used(rng, ability), amount * (1 - gone)))
    age = np.where(card, rng.integers(6, 121, n), np.floor(gone * months) + 1)
    return Debts(
        product=product,
        security=_securities(rng, product),
        amount=amount,
        rate=rate,
        instalment=np.round(amount * (rate / 12) / -np.expm1(-months * np.log1p(rate / 12)), 2),
        age_months=age.astype(np.int64),
        transactor=card & (rng.random(n) < 0.45),
        balance=balance,
        due=np.zeros((n, WRITE_OFF_AGE + 1)),
        status=np.full(n, OPEN),
        plan_months=np.zeros(n, dtype=np.int64),
    )


def _used(rng: np.random.Generator, ability: Floats) -> Floats:
    """Share of a card's limit that is used, 0 to 1."""
    return np.clip(rng.beta(1.2, 1.8, len(ability)) - USED_BY_ABILITY * ability, 0.0, 1.0)


def _securities(rng: np.random.Generator, product: Indices) -> Indices:
    loan = product == PRODUCTS.index("personal_loan")
    backed = np.isin(product, [PRODUCTS.index("auto_loan"), PRODUCTS.index("mortgage")])
    guaranteed = loan & (rng.random(len(product)) < 0.15)
    return np.where(backed, COLLATERAL, np.where(guaranteed, GUARANTOR, NO_SECURITY))


def bill(debts: Debts, who: Flags) -> None:
    """Bill the cycle that begins to those accounts of `who` that go on."""
    left = np.maximum(debts.balance - debts.past_due, 0.0)
    card = (debts.product == CARD) & (debts.plan_months == 0)
    least = np.maximum(CARD_MINIMUM, _cents(CARD_SHARE * debts.balance))
    asked = np.minimum(np.where(card, least, debts.instalment), left)
    going = who & ~debts.ended
    debts.due[going, 0] = _cents(asked[going])


def pay(debts: Debts, amount: Floats) -> None:
    """Take `amount` off the balance, and off the dues from the oldest on."""
    debts.balance = _cents(debts.balance - amount)
    left = amount.copy()
    for age in range(WRITE_OFF_AGE, -1, -1):
        taken = np.minimum(left, debts.due[:, age])
        debts.due[:, age] = _cents(debts.due[:, age] - taken)
        left = _cents(left - taken)


def charges(rng: np.random.Generator, debts: Debts, ability: Floats) -> Floats:
    """Interest of the cycle and, on cards that are not late, what was bought.

    Nothing accrues on a loan that was just paid off.
    """
    owed = np.maximum(debts.balance, 0.0)
    interest = _cents(owed * debts.rate / 12) * (debts.plan_months == 0)
    card = (debts.product == CARD) & (debts.plan_months == 0) & (debts.due.sum(axis=1) < CENT)
    room = np.maximum(debts.amount - owed, 0.0)
    share = np.minimum(rng.beta(1.0, 9.0, len(owed)) * np.exp(-0.3 * ability), 1.0)
    bought = _cents(room * share * card)
    return np.where(debts.ended, 0.0, interest + bought)


def close_cycle(debts: Debts, who: Flags, charged: Floats, sold: Flags) -> None:
    """The cycle of `who` ends: what is unpaid grows older, accounts end, the next is billed."""
    going = who & ~debts.ended
    debts.balance = _cents(debts.balance + charged)
    worst = debts.due[:, WRITE_OFF_AGE].copy()
    older = np.column_stack([np.zeros(len(worst)), debts.due[:, :-1]])
    older[:, WRITE_OFF_AGE] = _cents(older[:, WRITE_OFF_AGE] + worst)
    debts.due[going] = older[going]
    loan = (debts.product != CARD) | (debts.plan_months > 0)
    debts.status[going & loan & (debts.balance < CENT / 2)] = PAID_OFF
    debts.status[going & (debts.months_late >= WRITE_OFF_AGE)] = CHARGED_OFF
    debts.status[going & sold] = SOLD
    bill(debts, who)


def restructure(rng: np.random.Generator, debts: Debts, who: Flags) -> None:
    """Replace what is past due by a plan without interest: the days past due start anew."""
    months = rng.integers(12, 37, len(who))
    debts.plan_months[who] = months[who]
    debts.instalment[who] = np.ceil(debts.balance[who] / months[who])
    debts.due[who] = 0.0
    debts.status[who] = RESTRUCTURED
