"""The tables of an export, filled account by account."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from curescore.exporting.once import Once
from curescore.exporting.sheets import SCHEMAS, Sheet
from curescore.exporting.told import Assigned, decision_row, rule_rows, step_row
from curescore.exporting.united import CONTACT, PAYMENT, United
from features.tables import ACCOUNTS, ASSIGNMENTS, CONTACTS, PAYMENTS, STATEMENTS
from service.log.exported import Seen

Row = dict[str, Any]

DECISIONS, RULES, VISITS = "decisions", "rules", "visits"
_IDS = "written.db"


class Written:
    """The tables in a folder, as far as they are written.

    `seen` counts decisions, events and steps; `left_out` rows that are in no table, by reason, and
    `changed` rows of which a column was left out.
    """

    def __init__(self, folder: Path) -> None:
        self.seen: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()
        self._folder = folder
        self._open = ExitStack()
        self._unknown = {PAYMENTS.name, CONTACTS.name}  # no account was ever told to have any

    def __enter__(self) -> Self:
        """The tables, to be ended when the block is left."""
        self._once = Once(self._folder / _IDS)
        self._open.callback(self._once.close)
        self._sheets = {
            name: self._open.enter_context(Sheet(self._folder / f"{name}.parquet", schema))
            for name, schema in SCHEMAS.items()
        }
        return self

    def __exit__(self, *failed: Any) -> None:
        """End the files, and remove those that would say that there was nothing."""
        try:
            if failed[0] is None:
                self._add_lent()
        finally:
            self._open.__exit__(*failed)
        (self._folder / _IDS).unlink()
        for name in self._absent():
            (self._folder / f"{name}.parquet").unlink()

    @property
    def rows(self) -> dict[str, int]:
        """The number of rows of each table there is."""
        absent = self._absent()
        return {name: sheet.rows for name, sheet in self._sheets.items() if name not in absent}

    def add(self, seen: Seen) -> None:
        """Write all that was seen of an account; of accounts in the order of their ids."""
        account_id, sheets = seen.account_id, self._sheets
        united, assigned = United(account_id), Assigned(account_id)
        for decided in seen.decided:
            self.seen[DECISIONS] += 1
            united.decided(decided)
            assigned.decided(decided)
            sheets[DECISIONS].add([decision_row(account_id, decided)])
            sheets[RULES].add(rule_rows(decided))
        united.happened(seen.events)
        self.seen["events"] += len(seen.events)
        self.seen["steps"] += len(seen.steps)
        sheets[ASSIGNMENTS.name].add(assigned.rows())
        sheets[VISITS].add(step_row(account_id, step) for step in seen.steps)
        self._add_united(account_id, united)
        self.left_out += assigned.left_out
        self.changed += united.changed

    def _add_united(self, account_id: str, united: United) -> None:
        self._once.is_first(ACCOUNTS.name, account_id)
        self._sheets[ACCOUNTS.name].add([united.account()])
        self._sheets[STATEMENTS.name].add(united.statements())
        for table, kind, rows in (
            (PAYMENTS, PAYMENT, united.payments()),
            (CONTACTS, CONTACT, united.contacts()),
        ):
            self._sheets[table.name].add(self._first(table.name, f"{kind}_id", rows))
            if united.knows(kind):
                self._unknown.discard(table.name)
        for row, sent in united.others():
            if row.get("account_id") is None:
                self.left_out["debtor_contacts_without_account_id"] += 1
            else:
                self._once.lend(row, sent)

    def _first(self, table: str, key: str, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows whose id no other account's row had before."""
        for row in rows:
            if self._once.is_first(table, row[key]):
                yield row
            else:
                self.left_out[f"{table}_with_the_id_of_another_account"] += 1

    def _add_lent(self) -> None:
        """Write the contacts of accounts that only callers of their debtors' others told of."""
        self._sheets[CONTACTS.name].add(self._once.lent())
        self.left_out["debtor_contacts_of_accounts_not_decided"] += self._once.strangers()

    def _absent(self) -> set[str]:
        """The tables that are not there: never told of, or those of reports without a row."""
        empty = {name for name in (ASSIGNMENTS.name, VISITS) if not self._sheets[name].rows}
        return empty | {name for name in self._unknown if not self._sheets[name].rows}
