"""What an export has written, on disk: ids that stand once in a table, whoever sent them."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from features.tables import ACCOUNTS, CONTACTS, PAYMENTS

Row = dict[str, Any]

_TABLES = (ACCOUNTS, PAYMENTS, CONTACTS)
# A contact that several told of is kept as it was told last.
_LEND = """
INSERT INTO others VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
SET account_id = excluded.account_id, sent = excluded.sent, body = excluded.body
WHERE excluded.sent >= others.sent
"""
_LENT = """
SELECT account_id, body FROM others
WHERE account_id IN (SELECT id FROM accounts) AND id NOT IN (SELECT id FROM contacts)
ORDER BY account_id, id
"""
_STRANGERS = "SELECT count(*) FROM others WHERE account_id NOT IN (SELECT id FROM accounts)"


class Once:
    """The ids written so far, and contacts that callers told of other accounts than their own."""

    def __init__(self, path: Path) -> None:
        """`path` is that of a file of its own, which nobody needs afterwards."""
        self._database = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute("BEGIN")  # nothing is ever committed: it need not last
        for table in _TABLES:
            columns = "(id TEXT PRIMARY KEY) WITHOUT ROWID"
            self._database.execute(f"CREATE TABLE {table.name} {columns}")
        columns = "(id TEXT PRIMARY KEY, account_id TEXT, sent INTEGER, body BLOB) WITHOUT ROWID"
        self._database.execute(f"CREATE TABLE others {columns}")
        self._insert = {
            table.name: f"INSERT OR IGNORE INTO {table.name} VALUES (?)"  # noqa: S608 (ours)
            for table in _TABLES
        }

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def is_first(self, table: str, row_id: str) -> bool:
        """Whether the id has not been written to the table before; from now on it has."""
        return self._database.execute(self._insert[table], (row_id,)).rowcount == 1

    def lend(self, row: Row, sent: int) -> None:
        """Keep a contact of another account, as it was told at that instant."""
        told = (row["contact_id"], row["account_id"], sent, msgspec.json.encode(row))
        self._database.execute(_LEND, told)

    def lent(self) -> Iterator[Row]:
        """Those kept whose account was written, and which it had not told of itself."""
        for _, body in self._database.execute(_LENT):
            yield msgspec.json.decode(body)

    def strangers(self) -> int:
        """The number of those kept whose account was not written."""
        return int(self._database.execute(_STRANGERS).fetchone()[0])
