"""The page docs/tables.md, written from features.tables: python -m training.tables_page."""

from collections.abc import Iterable

from features.tables import (
    DEBTOR_ACCOUNTS,
    ID_LENGTH,
    MONEY_BOUND,
    MONEY_DECIMALS,
    TABLES,
    TEXT_LENGTH,
    Column,
    Table,
)

HEAD = f"""# The tables

A portfolio is a folder of tables. Each is `<name>.parquet`, `<name>.csv`, or a folder `<name>/` of
Parquet parts; `accounts` and `statements` must be there, and a column that is not listed here is
refused. Missing is null (an empty field in CSV), never 0. This page is written from the columns
in `features/tables.py` by `python -m training.tables_page`.

- **id**: text, 1 to {ID_LENGTH} printable characters. Ids are personal: messages do not show them.
- **text**: 1 to {TEXT_LENGTH} printable characters. **code**: one of those listed.
- **money**: at most {MONEY_DECIMALS} decimals, below {MONEY_BOUND:g} in size, in the account's
  currency; one currency in all accounts. **number**: finite. **count**: whole.
- **date**: `2024-01-31`. **instant**: with its offset, `2024-01-31T14:05:00+08:00`.
  **flag**: true or false.

What columns have in common is checked too: a plan is given whole or not at all; the part past due
of a late account that owes is not above its balance; `reversed_at` stands only where `reversed`
is true, and not before `received_at`; a promise is for more than 0 and for a day from that of
the contact, at the debtor's place, to 366 days after it; `opened_on` is not after the account's
last statement; the propensities of an assignment sum to 1.

Accounts with the same `debtor_id` are of one person, {DEBTOR_ACCOUNTS} at most: contact rules that
count per debtor count the contacts on all of them. Where it is null, no other account is known.

Every row of another table belongs to one of the `accounts`. A statement is known from 00:00 of
the day after its date, in the account's time zone. Error messages count rows from 1 at the first
row of data; the order of the rows says nothing. `truth.parquet`, which a simulation writes beside
the tables, is never read with them.
"""


def page() -> str:
    """The page as Markdown."""
    return "\n".join([HEAD, *(_section(table) for table in TABLES.values())])


def _section(table: Table) -> str:
    title = f"## {table.name}{' (optional)' if table.optional else ''}"
    key = f"One row for each {' and '.join(f'`{name}`' for name in table.key)}."
    head = ["| column | kind | allowed | meaning |", "|---|---|---|---|"]
    return "\n".join([title, "", key, "", *head, *map(_row, table.columns), ""])


def _row(column: Column) -> str:
    null = ", or null" if column.optional else ""
    unit = f" ({column.unit})" if column.unit and column.kind != "money" else ""
    allowed = "; ".join(_allowed(column))
    return f"| `{column.name}` | {column.kind}{null} | {allowed} | {column.meaning}{unit} |"


def _allowed(column: Column) -> Iterable[str]:
    if column.codes:
        yield ", ".join(f"`{code}`" for code in column.codes)
    if column.pattern:
        yield f"`{column.pattern}`"
    if column.minimum is not None and column.minimum > -MONEY_BOUND:
        yield f"{column.minimum:g} or more"
    if column.maximum is not None and column.maximum < MONEY_BOUND:
        yield f"{column.maximum:g} or less"


if __name__ == "__main__":
    print(page(), end="")
