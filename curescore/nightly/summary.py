"""The summary of a run, counted from the files that it wrote."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.table import Table

from curescore.nightly.columns import BAD_ROW
from models.intensity.ladder import LEVEL_NAMES, LEVELS
from models.score.tier import TIERS
from models.stage import STAGES

DECISIONS, REFUSED = "decisions", "refused"
SUMMARY = "summary.json"
AGE = "data_age_days"
LATER = "statements_after_as_of"
_ORDER: dict[str, Sequence[Any]] = {"stage": STAGES, "tier": TIERS, "level": LEVELS}


def part(out: Path, kind: str, chunk: int) -> Path:
    """The file of a chunk's decisions or refusals."""
    return out / kind / f"part-{chunk:05d}.parquet"


def with_later(decisions: pa.Table, accounts: int) -> pa.Table:
    """The chunk's decisions, and how many of its accounts have statements known after as_of.

    It stands in the file's own metadata, as accounts that were refused count too.
    """
    return decisions.replace_schema_metadata({LATER: str(accounts)})


def _later(out: Path) -> int:
    """Accounts of all chunks that have statements known after as_of."""
    schemas = (pq.read_schema(path) for path in sorted((out / DECISIONS).glob("part-*.parquet")))
    return sum(int(schema.metadata[LATER.encode()]) for schema in schemas)


def summarise(out: Path, accounts: int) -> dict[str, Any]:
    """What became of the `accounts` of the portfolio.

    Decisions by stage, tier and level, and how many of them wait for approval; accounts without
    a decision, and the rows that say why: by kind, those of bad rows by table and column too.
    LATER counts the accounts, but those with bad rows, that have statements known after as_of.
    """
    decided: dict[str, Counter[Any]] = {name: Counter() for name in ("status", *_ORDER)}
    ages: list[float] = []
    for columns in _columns(out / DECISIONS, [*decided, AGE]):
        for name, counter in decided.items():
            counter.update(_counts(columns[name]))
        ages += [age for age in pc.min_max(columns[AGE]).as_py().values() if age is not None]
    refused: Counter[tuple[str, ...]] = Counter()
    for columns in _columns(out / REFUSED, ["kind", "table", "column"]):
        grouped = columns.group_by(columns.column_names).aggregate([([], "count_all")])
        for row in grouped.to_pylist():
            place = (row["table"], row["column"]) if row["kind"] == BAD_ROW else ()
            refused[row["kind"], *(name for name in place if name)] += row["count_all"]
    total = decided["status"].total()
    return {
        "accounts": accounts,
        "decided": total,
        "to_approve": decided["status"]["proposed"],
        **{
            name: {str(key): decided[name][key] for key in order if decided[name][key]}
            for name, order in _ORDER.items()
        },
        AGE: {"lowest": min(ages, default=None), "highest": max(ages, default=None)},
        LATER: _later(out),
        "not_decided": accounts - total,
        "refused": {" ".join(place): count for place, count in refused.most_common()},
    }


def _columns(folder: Path, names: list[str]) -> Iterator[pa.Table]:
    for path in sorted(folder.glob("part-*.parquet")):
        yield pq.read_table(path, columns=names)


def _counts(column: pa.ChunkedArray) -> dict[Any, int]:
    return {row["values"]: row["counts"] for row in column.value_counts().to_pylist()}


def summary_table(summary: dict[str, Any]) -> Table:
    """The summary as people read it."""
    table = Table(title=f"{summary['decided']:,} of {summary['accounts']:,} accounts decided")
    for heading in ("", "accounts", "share"):
        table.add_column(heading, justify="right" if heading else "left")
    for name in _ORDER:
        for key, count in summary[name].items():
            label = f"{key} {LEVEL_NAMES[int(key)]}" if name == "level" else key
            share = f"{count / summary['decided']:.1%}"
            table.add_row(f"{name} {label}", f"{count:,}", share)
        table.add_section()
    table.add_row("to be approved", f"{summary['to_approve']:,}", "")
    table.add_row("not decided", f"{summary['not_decided']:,}", "")
    for place, count in summary["refused"].items():
        rows = " rows" if place.startswith(BAD_ROW) else ""
        table.add_row(f"  {place}", f"{count:,}{rows}", "")
    return table
