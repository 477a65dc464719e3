"""The tables as they are written: rows of JSON into Parquet, a row group at a time."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from features.tables import ACCOUNTS, ASSIGNMENTS, CONTACTS, PAYMENTS, STATEMENTS
from training.arrow import ARROW_TYPES, arrow_schema

GROUP_ROWS = 2**14  # rows of one table that are held at a time

_TEXT, _INSTANT, _COUNT = (ARROW_TYPES[kind] for kind in ("text", "instant", "count"))
_AMOUNT = ARROW_TYPES["money"]
_DECISIONS = pa.schema(
    [
        ("decision_id", _TEXT),
        ("account_id", _TEXT),
        ("as_of", _INSTANT),
        ("decided_at", _INSTANT),
        ("valid_until", _INSTANT),
        *((name, _TEXT) for name in ("actor", "status", "supersedes", "override_reason")),
        *((name, _TEXT) for name in ("target", "stage", "tier")),
        ("probability", ARROW_TYPES["number"]),
        ("level", _COUNT),
        ("recommended", _COUNT),
        ("treatment", _TEXT),
        ("channels", pa.list_(_TEXT)),
        ("arm", _TEXT),
        ("currency", _TEXT),
        ("balance", _AMOUNT),
        ("past_due_amount", _AMOUNT),
        ("days_past_due", _COUNT),
        ("cost", _AMOUNT),
        ("net", _AMOUNT),
        ("model", _TEXT),
        ("policy", _TEXT),
    ]
)
_RULES = pa.schema([(name, _TEXT) for name in ("decision_id", "rule", "took_away")])
_VISITS = pa.schema(
    [
        ("visit_id", _TEXT),
        ("number", _COUNT),
        ("step", _TEXT),
        ("account_id", _TEXT),
        ("at", _INSTANT),
        ("recorded_at", _INSTANT),
        ("actor", _TEXT),
        ("body", _TEXT),
    ]
)
SCHEMAS: dict[str, pa.Schema] = {
    table.name: arrow_schema(table.columns)
    for table in (ACCOUNTS, STATEMENTS, PAYMENTS, CONTACTS, ASSIGNMENTS)
} | {"decisions": _DECISIONS, "rules": _RULES, "visits": _VISITS}


class Sheet:
    """One table that is being written to `path`; `rows` counts those taken."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.rows = 0
        self._held: list[Mapping[str, Any]] = []
        self._writer = pq.ParquetWriter(path, schema)
        self._schema = schema

    def __enter__(self) -> Self:
        """The table, to be closed when the block is left."""
        return self

    def __exit__(self, *failed: object) -> None:
        """Write what is held, unless something failed, and close the file."""
        if failed[0] is None:
            self._write()
        self._writer.close()

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take rows: dates as texts, instants as texts or as microseconds since 1970."""
        for row in rows:
            self._held.append(row)
            self.rows += 1
            if len(self._held) == GROUP_ROWS:
                self._write()

    def _write(self) -> None:
        if self._held:
            columns = [
                _array([row.get(field.name) for row in self._held], field.type)
                for field in self._schema
            ]
            self._writer.write_table(pa.table(columns, schema=self._schema))
            self._held.clear()


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return pa.array(values).cast(kind)
    return pa.array(values, kind)
