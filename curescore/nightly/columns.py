"""Decisions and refusals as the columns of the run's files; names are those of the record."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from curescore.nightly.manifest import Manifest
from features.tables import ASSIGNMENTS, TEXT_LENGTH
from models.decision import (
    BindingRule,
    Change,
    Decision,
    Intensity,
    Level,
    Limit,
    ReasonName,
    Reasons,
)
from models.intensity.ladder import LEVELS
from models.refusal import Refusal
from service.instants import derived_id
from training.arrow import arrow_schema

_Part = Level | BindingRule | Limit | Change

_INSTANT = pa.timestamp("us", "UTC")
_REASON = pa.struct(
    [
        ("feature", pa.string()),
        ("group", pa.string()),
        ("value", pa.float64()),
        ("unit", pa.string()),
        ("contribution", pa.float64()),
    ]
)
_LEVEL = pa.struct(
    [
        ("level", pa.int8()),
        *((name, pa.float64()) for name in ("probability", "value", "cost", "price", "net")),
        ("allowed", pa.bool_()),
        ("taken_by", pa.string()),
        ("estimated", pa.bool_()),
        ("effect_low", pa.float64()),
        ("effect_high", pa.float64()),
        ("assumed_because", pa.string()),
    ]
)
_RULE = pa.struct([(name, pa.string()) for name in ("rule", "citation", "took_away")])
_LIMIT = pa.struct(
    [
        *((name, pa.string()) for name in ("counter", "per", "window")),
        *((name, pa.int32()) for name in ("max", "used")),
        ("rule", pa.string()),
    ]
)
_CHANGE = pa.struct(
    [
        *((name, pa.string()) for name in ("kind", "subject")),
        *((name, pa.float64()) for name in ("was", "to")),
        ("level", pa.int8()),
    ]
)

_SCORE = (
    ("target", pa.string()),
    ("probability", pa.float64()),
    ("log_odds", pa.float64()),
    ("base_log_odds", pa.float64()),
    ("horizon_cycles", pa.int8()),
    ("stage", pa.string()),
    ("tier", pa.string()),
    ("ability", pa.float64()),
    ("willingness", pa.float64()),
    ("sustained", pa.bool_()),
    ("standing_valid", pa.bool_()),
)
_INTENSITY = (
    ("level", pa.int8()),
    ("treatment", pa.string()),
    ("because", pa.string()),
    ("needs_approval", pa.bool_()),
    ("runner_up", pa.int8()),
    ("response_model", pa.string()),
    ("rules_of", pa.string()),
    ("planned", pa.bool_()),
    ("recommended", pa.int8()),
    ("arm", pa.string()),
    ("experiment", pa.string()),
)
_PROPENSITIES = tuple(f"propensity_{level}" for level in LEVELS)
# Parts of an intensity that are lists, and what they hold.
_LISTS = {
    "levels": _LEVEL,
    "binding_rules": _RULE,
    "limits": _LIMIT,
    "changes": _CHANGE,
}

_VERSIONS = ("model", "bundle_sha256", "policy", "rules", "prices", "estimate")

DECISIONS = pa.schema(
    [
        ("decision_id", pa.string()),
        ("status", pa.string()),
        ("account_id", pa.string()),
        ("as_of", _INSTANT),
        ("decided_at", _INSTANT),
        ("valid_until", _INSTANT),
        ("data_age_days", pa.float64()),
        ("currency", pa.string()),
        *_SCORE,
        ("reasons", pa.list_(_REASON)),
        ("other_contributions", pa.float64()),
        *_INTENSITY,
        *((name, pa.float64()) for name in _PROPENSITIES),
        ("level_name", pa.string()),
        ("channels", pa.list_(pa.string())),
        ("earliest_contact_at", pa.string()),  # with the offset at the debtor's place
        ("plan_months", pa.int32()),
        ("plan_instalment", pa.float64()),
        *((name, pa.list_(kind)) for name, kind in _LISTS.items()),
        *((name, pa.string()) for name in _VERSIONS),
    ]
)
REFUSED = pa.schema(
    [
        ("account_id", pa.string()),
        ("kind", pa.string()),
        ("table", pa.string()),
        ("file", pa.string()),
        ("row", pa.int64()),
        ("column", pa.string()),
        ("problem", pa.string()),
        ("remedy", pa.string()),
        ("value", pa.string()),
    ]
)
ASSIGNED = arrow_schema(ASSIGNMENTS.columns)
BAD_ROW = "bad-row"


def decision_columns(decisions: Sequence[Decision], run: Manifest) -> pa.Table:
    """One row per decision, in their order, as DECISIONS has it."""
    n = len(decisions)
    scores = [decision.score for decision in decisions]
    intensities = [decision.intensity for decision in decisions]
    columns: dict[str, Any] = {
        "decision_id": [
            str(derived_id(run.decided_at, run.run_id, decision.account_id))
            for decision in decisions
        ],
        "as_of": _instants([run.as_of] * n),
        "decided_at": _instants([run.decided_at] * n),
        "valid_until": _instants(
            [datetime.fromisoformat(decision.valid_until) for decision in decisions]
        ),
        "reasons": _reasons([decision.reasons for decision in decisions]),
        "level_name": [intensity.name for intensity in intensities],
        "channels": [intensity.channels for intensity in intensities],
        "earliest_contact_at": [intensity.earliest_contact_at for intensity in intensities],
        "plan_months": _of_plans(intensities, "months"),
        "plan_instalment": _of_plans(intensities, "instalment"),
    }
    for name, kind in _LISTS.items():
        columns[name] = _structs(kind, [getattr(each, name) for each in intensities])
    for name in ("status", "account_id", "data_age_days", "currency", "other_contributions"):
        columns[name] = [getattr(decision, name) for decision in decisions]
    for name, _ in _SCORE:
        columns[name] = [getattr(score, name) for score in scores]
    for name, _ in _INTENSITY:
        columns[name] = [getattr(intensity, name) for intensity in intensities]
    for name in _VERSIONS:
        columns[name] = [decision.versions[name] for decision in decisions]
    columns |= _propensities(intensities)
    return pa.table({name: columns[name] for name in DECISIONS.names}, schema=DECISIONS)


def assignment_columns(decisions: Sequence[Decision], run: Manifest) -> pa.Table:
    """What the late accounts among the decisions were assigned, as the table `assignments`."""
    late = [decision for decision in decisions if decision.score.target == "cure"]
    intensities = [decision.intensity for decision in late]
    columns: dict[str, Any] = {
        "account_id": [decision.account_id for decision in late],
        "at": _instants([run.as_of] * len(late)),
        "level": [intensity.level for intensity in intensities],
        "arm": [intensity.arm for intensity in intensities],
        "policy": [policy_text(decision.versions["policy"] or "") for decision in late],
        "overridden": [False] * len(late),
    }
    columns |= _propensities(intensities)
    return pa.table({name: columns[name] for name in ASSIGNED.names}, schema=ASSIGNED)


def _propensities(intensities: Sequence[Intensity]) -> dict[str, list[float]]:
    """A column for each level."""
    return {
        name: [each.propensities[str(level)] for each in intensities]
        for level, name in enumerate(_PROPENSITIES)
    }


def policy_text(version: str) -> str:
    """The policy's name and the beginning of its digest; a long name is cut to fit a text."""
    name, at, digest = version.rpartition("@")
    return f"{name[: TEXT_LENGTH - len(at + digest)]}{at}{digest}"


def _of_plans(intensities: Sequence[Intensity], part: str) -> list[float | None]:
    return [None if each.plan is None else each.plan[part] for each in intensities]


def _instants(instants: Sequence[datetime]) -> pa.Array:
    """Instants as a column; in UTC, since pyarrow was seen to drop the offset of others."""
    return pa.array([instant.astimezone(UTC) for instant in instants], _INSTANT)


def _reasons(lists: Sequence[Reasons]) -> pa.ListArray:
    """The reasons of decisions as one array, from their arrays; a value not known is null."""
    names: list[ReasonName] = []
    starts: dict[int, int] = {}  # of what a bundle names, which its decisions share
    for each in lists:
        if id(each.names) not in starts:
            starts[id(each.names)] = len(names)
            names += each.names
    name = _joined([each.feature + np.int64(starts[id(each.names)]) for each in lists], np.int64)
    told = {
        part: pa.array([getattr(each, part) for each in names], pa.string()).take(pa.array(name))
        for part in ReasonName._fields
    }
    told["value"] = pa.array(_joined([each.value for each in lists]), from_pandas=True)
    told["contribution"] = pa.array(_joined([each.contribution for each in lists]))
    offsets = pa.array(np.cumsum([0, *map(len, lists)], dtype=np.int32))
    children = [told[field.name] for field in _REASON]
    values = pa.StructArray.from_arrays(children, fields=list(_REASON))
    return pa.ListArray.from_arrays(offsets, values)


def _joined(arrays: Sequence[np.ndarray], kind: type = np.float64) -> np.ndarray:
    return np.concatenate([np.empty(0, kind), *arrays])


def _structs(kind: pa.StructType, lists: Iterable[Sequence[_Part]]) -> pa.ListArray:
    """Lists of parts of a decision as one array; by columns, which is several times faster."""
    offsets: list[int] = [0]
    flat: list[_Part] = []
    for parts in lists:
        flat.extend(parts)
        offsets.append(len(flat))
    children = [
        pa.array([getattr(each, field.name) for each in flat], type=field.type) for field in kind
    ]
    values = pa.StructArray.from_arrays(children, fields=list(kind))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def refused_columns(rows: pd.DataFrame, undecided: Sequence[tuple[str, Refusal]]) -> pa.Table:
    """Rows that were not accepted, then accounts that cannot be decided, as REFUSED has it."""
    bad = {name: pa.array(rows[name], from_pandas=True) for name in rows.columns}
    bad["kind"] = pa.array([BAD_ROW] * len(rows), pa.string())
    refusals = [refusal for _, refusal in undecided]
    places = [_place(refusal) for refusal in refusals]
    nothing = [None] * len(refusals)
    columns: dict[str, list[Any]] = {
        "account_id": [account_id for account_id, _ in undecided],
        "kind": [refusal.kind for refusal in refusals],
        "table": [table for table, _ in places],
        "file": nothing,
        "row": nothing,
        "column": [column for _, column in places],
        "problem": [refusal.problem for refusal in refusals],
        "remedy": [refusal.remedy for refusal in refusals],
        "value": [None if r.value is None else str(r.value) for r in refusals],
    }
    return pa.concat_tables(
        [
            pa.table({name: bad[name] for name in REFUSED.names}).cast(REFUSED),
            pa.table(columns, schema=REFUSED),
        ]
    )


def _place(refusal: Refusal) -> tuple[str, str | None]:
    """Table and column of a refusal, whose pointer is that of a request's body."""
    part, _, column = refusal.pointer.removeprefix("/").partition("/")
    return "accounts" if part == "account" else part, column or None
