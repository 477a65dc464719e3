"""The summary of a run, counted from the files that it wrote."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.table import Table

from curescore.nightly.columns import BAD_ROW
from features.clock import CYCLE_DAYS
from models.decision import Arm
from models.intensity.ladder import LEVEL_NAMES, LEVELS, RESOURCES
from models.intensity.numbers import Floats
from models.intensity.plan import Terms
from models.intensity.settle import CAPACITY
from models.score.tier import TIERS
from models.stage import STAGES

DECISIONS, REFUSED, ASSIGNMENTS = "decisions", "refused", "assignments"
SUMMARY = "summary.json"
AGE = "data_age_days"
LATER = "statements_after_as_of"
RULES = "binding_rules"
_ORDER: dict[str, Sequence[Any]] = {"stage": STAGES, "tier": TIERS, "level": LEVELS}
_COUNTED = ("status", *_ORDER, "treatment")
_ARM = ("arm", "experiment")
_LOWERED = ("levels", "recommended")
_TOLD = {"took": "restricted by", "delayed": "only delayed by"}


def part(out: Path, kind: str, chunk: int) -> Path:
    """The file of a chunk's decisions, refusals or assignments."""
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


def summarise(out: Path, accounts: int, use: Floats, plan: Terms | None) -> dict[str, Any]:
    """What became of the `accounts` of the portfolio.

    Decisions by stage, tier, level and treatment, and how many of them wait for approval;
    accounts without a decision, and the rows that say why: by kind, those of bad rows by table
    and column too. LATER counts the accounts, but those with bad rows, that have statements known
    after as_of. `rules` counts the accounts from which each rule took a level or a channel, and
    those that it did no more to than to delay a contact. `arms` counts the accounts that take part
    in the policy's experiment, by arm; it is empty where nobody does. `use` [5, 3] is that of each
    level in a cycle, `plan` what the run's capacity plan says of itself, if there is one.
    """
    decided: dict[str, Counter[Any]] = {name: Counter() for name in _COUNTED}
    rules: dict[str, Counter[str]] = {"took": Counter(), "delayed": Counter()}
    arms: Counter[str] = Counter()
    ages: list[float] = []
    lowered = 0
    for columns in _columns(out / DECISIONS, [*decided, *_ARM, AGE, RULES, *_LOWERED]):
        for name, counter in decided.items():
            counter.update(_counts(columns[name]))
        ages += [age for age in pc.min_max(columns[AGE]).as_py().values() if age is not None]
        bound = _bound(columns)
        for kind, counter in rules.items():
            counter.update(_counts(bound.filter(pc.equal(bound["kind"], kind))["rule"]))
        arms.update(_counts(columns.filter(pc.is_valid(columns["experiment"]))["arm"]))
        lowered += _lowered(columns)
    total = decided["status"].total()
    return {
        "accounts": accounts,
        "decided": total,
        "to_approve": decided["status"]["proposed"],
        **{
            name: {str(key): decided[name][key] for key in order if decided[name][key]}
            for name, order in _ORDER.items()
        },
        "treatment": dict(decided["treatment"].most_common()),
        "rules": {kind: dict(counter.most_common()) for kind, counter in rules.items()},
        "arms": {arm: arms[arm] for arm in get_args(Arm) if arms[arm]},
        "use_per_day": _use(decided["level"], use),
        "capacity": None if plan is None else _capacity(plan, lowered),
        AGE: {"lowest": min(ages, default=None), "highest": max(ages, default=None)},
        LATER: _later(out),
        "not_decided": accounts - total,
        "refused": _refused(out),
    }


def _bound(decisions: pa.Table) -> pa.Table:
    """Each account's row and each of its binding rules, once: the worst that it did to it."""
    lists = decisions[RULES].combine_chunks()
    parts = lists.flatten()
    took = pc.invert(pc.starts_with(parts.field("took_away"), "time:"))
    found = pa.table(
        {"row": pc.list_parent_indices(lists), "rule": parts.field("rule"), "took": took}
    )
    each = found.group_by(["row", "rule"], use_threads=False).aggregate([("took", "any")])
    return each.append_column("kind", pc.if_else(each["took_any"], "took", "delayed"))


def _lowered(decisions: pa.Table) -> int:
    """The accounts whose level would be higher if resources were not scarce.

    Capacity binds others too: those from whom a cap takes what capacity took. What a draw made of
    the level recommended is not its doing.
    """
    lists = decisions[RULES].combine_chunks()
    parts, row = lists.flatten(), pc.list_parent_indices(lists)
    by_capacity = pc.equal(parts.field("rule"), CAPACITY)
    took = parts.field("took_away").filter(by_capacity)
    was = pc.struct_field(pc.extract_regex(took, "^level:(?P<was>[0-9])->"), "was")
    highest = was.cast(pa.int8()).to_numpy(zero_copy_only=False)
    row = row.filter(by_capacity).to_numpy()
    level = decisions["recommended"].to_numpy()[row]
    allowed = decisions["levels"].combine_chunks().flatten().field("allowed")
    left = allowed.to_numpy(zero_copy_only=False).reshape(-1, len(LEVELS))[row]
    levels = np.array(LEVELS)
    between = (levels > level[:, None]) & (levels <= highest[:, None])
    return int((left & between).any(axis=1).sum())


def _use(levels: Counter[int], use: Floats) -> dict[str, float]:
    """What the levels use of each resource a day."""
    counts = np.array([levels[level] for level in LEVELS])
    return dict(zip(RESOURCES, (counts @ use / CYCLE_DAYS).tolist(), strict=True))


def _capacity(plan: Terms, lowered: int) -> dict[str, Any]:
    """What there is a day, the price of one unit, and what the accounts' levels are worth."""
    return {
        "per_day": plan.capacity,
        "prices": plan.prices,
        "value": plan.value,
        "bound": plan.bound,
        "keeps_minimum": plan.keeps_minimum,
        "lowered": lowered,
    }


def _refused(out: Path) -> dict[str, int]:
    refused: Counter[tuple[str, ...]] = Counter()
    for columns in _columns(out / REFUSED, ["kind", "table", "column"]):
        grouped = columns.group_by(columns.column_names).aggregate([([], "count_all")])
        for row in grouped.to_pylist():
            place = (row["table"], row["column"]) if row["kind"] == BAD_ROW else ()
            refused[row["kind"], *(name for name in place if name)] += row["count_all"]
    return {" ".join(place): count for place, count in refused.most_common()}


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
    for name in (*_ORDER, "treatment"):
        for key, count in summary[name].items():
            label = f"{key} {LEVEL_NAMES[int(key)]}" if name == "level" else key
            share = f"{count / summary['decided']:.1%}"
            table.add_row(f"{name} {label}", f"{count:,}", share)
        table.add_section()
    for kind, counts in summary["rules"].items():
        for rule, count in counts.items():
            table.add_row(
                f"{_TOLD[kind]} {rule}", f"{count:,}", f"{count / summary['decided']:.1%}"
            )
    table.add_section()
    for arm, count in summary["arms"].items():
        table.add_row(f"experiment {arm}", f"{count:,}", f"{count / summary['decided']:.1%}")
    table.add_section()
    table.add_row("to be approved", f"{summary['to_approve']:,}", "")
    table.add_row("not decided", f"{summary['not_decided']:,}", "")
    for place, count in summary["refused"].items():
        rows = " rows" if place.startswith(BAD_ROW) else ""
        table.add_row(f"  {place}", f"{count:,}{rows}", "")
    return table


def resource_table(summary: dict[str, Any]) -> Table:
    """What the levels use of each resource a day; with a capacity what there is, and its price."""
    capacity = summary["capacity"]
    table = Table(title="resources a day")
    table.add_column("")
    for heading in ("used", *(("there is", "price of one") if capacity else ())):
        table.add_column(heading, justify="right")
    for name, used in summary["use_per_day"].items():
        row = [name, f"{used:,.1f}"]
        if capacity:
            most = capacity["per_day"][name]
            row += ["no limit" if most is None else f"{most:,.1f}"]
            row += [f"{capacity['prices'][name]:,.4f}"]
        table.add_row(*row)
    return table
