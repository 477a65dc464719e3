"""The page docs/features.md, written from the catalogue: curescore features --markdown."""

from features.catalogue import CATALOGUE, FAMILIES
from features.clock import CYCLE_DAYS
from features.feature import Family, Feature
from features.promises import HALF_UNIT
from features.regularity import ALL, FULL
from features.responses import FOLLOWED_DAYS

HEAD = f"""# The features

The {len(CATALOGUE)} features of the catalogue, family by family; a bundle names those that its
booster reads. This page is written from the code by `curescore features --markdown`. Each feature
is one function beside its entry; how one is added is told in
[CONTRIBUTING.md](../CONTRIBUTING.md#adding-a-feature).

The **direction** is the one in which theory says that the chance of curing moves as the value
rises; where theory is not clear there is none. `{{value}}` stands for the value with its unit. A
**share** of 1 is shown as 100%; **hour** is the time of day at the debtor's place, 17.5 for 17:30;
**yes_no** is 1 or 0.

## Conventions

They hold for every sentence below.

**What is known.** Everything is as of one instant, as_of. A statement is known from 00:00 of the
day after its date in the account's time zone, that instant included; an event from its own instant
on, included. Nothing later is read. Of `accounts` only `opened_on`, `product` and `security` are
used, and personal attributes never. An account without a known statement has no features.

**Not known** is NaN, never 0: no amount due, a history too short, a table that is not there, a
thing that never happened. But a count or a sum of events is 0 where the table is there and nothing
happened. A figure over several values is taken over those that are known, and is not known where
none is.

**Statements and cycles.** The *last* statement is the newest one known. A statement closes a
cycle; its `amount_paid` is what was paid in that cycle. The statement *before* is the next older
one known, however long ago: a month without a statement is passed over, not filled in. A statement
is *late* with more than 0 days past due, else *current*. *The balance*, *the amount asked for*
(`amount_due`) and *now owed*, without more, are those of the last statement.

**Months.** One month is {CYCLE_DAYS} days. *In up to N months* means the statements (or the cycles
that they close) dated less than (N − 0.5) months before the last one, which is included; the
statement *before* one of them may lie outside. *Months since* is from the date of that statement
to the date of the last one, in months, rounded to the nearest whole; where no window is named, the
whole known history is searched. *Full months* and *full days* are counted up to as_of and rounded
down; an account is opened at 00:00 UTC.

**Steps, runs and cures.** A *step* goes from a statement to the next one; it lies in a window if
both do. A *cure* is a step from late to current. A *run* is an unbroken row of late statements;
the *present* run ends with the last statement; if that is current there is none, and nothing is
left out as belonging to it. In a window, runs and rows begin anew where it begins, except those
said to include the last statement or to lead up to the present run, which reach back as far as is
known. What lies before the present run is not known where every known statement is late; cures are
not known with one statement alone.

**Payments in cycles.** What was paid in a cycle is held against the statement before it: its
balance is the one *then owed*, its amount due the one *then asked for*. So the first known
statement has no such share, nor has a cycle whose payment is not known or whose balance or amount
due is not known or not above 0; such cycles are left out of shares, averages and sums of these,
and of them alone: what concerns `amount_paid` only takes in every cycle in which that is known.
*Paid in full*: at least {FULL:.0%} of that balance. *The amount asked for was paid*: at least all
of it. *At the minimum*: at least all of that amount, but not in full (both must be known). *In
part* and *less than asked for*: below that amount, the former above 0; *more than asked for*:
above it. That amount *was the whole balance* if it was at least {ALL:.1%} of the balance then owed,
or if that was not above 0. *Without any payment*: `amount_paid` is 0, whatever was asked for. In an
average share each cycle counts as at most 1.
Only the sums of payments over sums of balances hold each payment against the balance of its own
statement, where that is above 0 and the payment is known. A row of cycles ends at one that is not
known, and is not known if the last one is not.

**Arithmetic.** *As a share of*, *against* and *over* divide, and give no value where the divisor
is not above 0 or one of the two is not known. A standard deviation is that of the population, of
at least 2 known values. A *monthly trend* is the slope of the least-squares line through the known
values over time in months, from at least 3 of them. The share of the limit used is balance over
credit limit; *over the limit* is more than 1.

**Days of events.** *Days since* an event is from its instant to as_of in days of 24 hours, with
their fraction. *In N days* means the events less than N days before as_of.

**Single payments** count from `received_at` on until they are taken back: not from `reversed_at`
on. One whose `reversed_at` is not given counts for good; being taken back is itself an event, of
the instant `reversed_at`. *Since the last statement* means from the instant from which that
statement is known, included. A payment is *of the cycle* of the last statement known at its
instant, and of none before the first; that cycle *began current* if that statement is current, and
days *from* the statement are from the instant from which it is known. An average of days between
payments needs at least 2 payments.

**Contacts.** An *attempt* is any outbound contact. A *conversation* has the outcome conversation,
promise or refused, whoever began it. *Calls and visits* are outbound; such a one *reached* the
debtor if it was a conversation. An *unanswered* attempt has the outcome no_answer; *since the last
conversation* is since ever where there was none. A *message* is an outbound sms, push, email or
letter. *The debtor called or wrote*: any inbound contact. The *last* or *latest* is the newest;
contacts of one instant stand in the order of hour, then the numbers of channel, direction, outcome
and reason (in the order listed in [tables.md](tables.md)), then promised amount, promised day and
appointment, what is not given last.

**Promises.** A promise is *dated* if it names a day, and *falls due* when that day has ended at
the debtor's place; if so, it is *kept* or *broken*. It is kept if payments from the instant of the
promise to that end, both included, come to more than 0 and to at least the promised amount (within
{HALF_UNIT:.5f}), if one was named; a payment may keep several promises. Which are kept or broken
is not known without payments. *In a row* goes by when promises were made, and passes over those
that have not fallen due.

**Followed by a payment** means one from the instant of the contact to {FOLLOWED_DAYS:g} days
later, both included, of more than 0. Only contacts at least {FOLLOWED_DAYS:g} days old are looked
at; it is not known without payments.
"""
_COLUMNS = ("name", "unit", "group", "direction", "what it says")
_DIRECTIONS = {1: "raises", -1: "lowers", 0: ""}


def page() -> str:
    """The page as Markdown: the conventions, then a table for each family."""
    return "\n".join([HEAD, *(_section(family) for family in FAMILIES)])


def _section(family: Family) -> str:
    head = [f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    return "\n".join([f"## {family.name}", "", *head, *map(_row, family.features), ""])


def _row(feature: Feature) -> str:
    cells = (
        f"`{feature.name}`",
        feature.unit,
        feature.group,
        _DIRECTIONS[feature.monotone],
        f"{feature.en}<br>{feature.zh}",
    )
    return f"| {' | '.join(cells)} |"
