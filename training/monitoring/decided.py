"""Decisions that a nightly run wrote, as arrays: the part that monitoring compares."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.errors import InputError
from features.panel import Floats
from training.problems import unreadable

BATCH = 10_000  # decisions held at a time
PLAIN = pa.schema(
    [
        ("account_id", pa.string()),
        ("as_of", pa.timestamp("us", "UTC")),
        ("log_odds", pa.float64()),
        ("probability", pa.float64()),
        ("stage", pa.string()),
        ("tier", pa.string()),
        ("bundle_sha256", pa.string()),
    ]
)
REASONS, _REASON_FIELDS = "reasons", {"feature", "value"}
_REMEDY = "Name the folder of a run of `curescore score`, or its folder decisions/"
_EMPTY_REMEDY = "Name another run; the folder refused/ of this one says why nothing was decided"


class Decided(NamedTuple):
    """n decisions of one bundle; `at` is as_of in UTC seconds.

    `largest` names the feature of largest contribution of each decision that holds a reason;
    `features` [n × k] are the bundle's, None where a decision does not hold every one.
    """

    account_id: NDArray[np.str_]
    at: Floats
    log_odds: Floats
    probability: Floats
    stage: NDArray[np.str_]
    tier: NDArray[np.str_]
    largest: list[str]
    features: Floats | None


def batches(folder: Path) -> Iterator[pa.Table]:
    """The decisions of a run, some at a time; `folder` is the run's, or its part decisions/.

    Raises InputError where there are no decisions in Parquet, or a value is none of theirs.
    """
    inner = folder / "decisions"
    paths = sorted((inner if inner.is_dir() else folder).glob("*.parquet"))
    if not paths:
        raise InputError(str(folder), "holds no decisions in Parquet", _REMEDY)
    empty = True
    for path in paths:
        try:
            with pq.ParquetFile(path) as file:
                _check_columns(path, file.schema_arrow)
                for batch in file.iter_batches(BATCH, columns=[*PLAIN.names, REASONS]):
                    if len(batch):
                        _check_values(path, batch)
                        empty = False
                        yield pa.Table.from_batches([batch])
        except (pa.ArrowException, OSError) as error:
            raise unreadable(path, error, _REMEDY) from error
    if empty:
        raise InputError(str(folder), "holds no decisions", _EMPTY_REMEDY)


def of_bundle(batch: pa.Table, sha256: str, names: Sequence[str]) -> Decided:
    """Those of the decisions that the bundle with this digest and these features made."""
    ours = batch.filter(pc.equal(batch["bundle_sha256"], sha256)).combine_chunks()
    text = {name: ours[name].to_numpy().astype(str) for name in ("account_id", "stage", "tier")}
    micros = ours["as_of"].cast(pa.int64()).to_numpy()
    largest, features = _reasons(ours, names)
    return Decided(
        account_id=text["account_id"],
        at=micros / 1e6,
        log_odds=ours["log_odds"].to_numpy(),
        probability=ours["probability"].to_numpy(),
        stage=text["stage"],
        tier=text["tier"],
        largest=largest,
        features=features,
    )


def _check_columns(path: Path, schema: pa.Schema) -> None:
    for field in PLAIN:
        if field.name not in schema.names:
            raise InputError(f"{path.name}, column {field.name}", "is missing", _REMEDY)
        held = schema.field(field.name).type
        if held != field.type:
            raise InputError(f"{path.name}, column {field.name}", f"holds {held} values", _REMEDY)
    if not _reason_fields(schema).issuperset(_REASON_FIELDS):
        raise InputError(f"{path.name}, column {REASONS}", "holds no reasons", _REMEDY)


def _check_values(path: Path, batch: pa.RecordBatch) -> None:
    """Refuse decisions without one of their values, or with a probability that is none."""
    for name in PLAIN.names:
        if batch[name].null_count:
            raise InputError(f"{path.name}, column {name}", "lacks values", _REMEDY)
    probability = batch["probability"].to_numpy()
    if not ((probability >= 0) & (probability <= 1)).all():
        where = f"{path.name}, column probability"
        raise InputError(where, "holds numbers that are not from 0 to 1", _REMEDY)


def _reason_fields(schema: pa.Schema) -> set[str]:
    held = schema.field(REASONS).type if REASONS in schema.names else pa.null()
    if not (pa.types.is_list(held) and pa.types.is_struct(held.value_type)):
        return set()
    return {field.name for field in held.value_type}


def _reasons(decisions: pa.Table, names: Sequence[str]) -> tuple[list[str], Floats | None]:
    """What `Decided` calls `largest` and `features`.

    A reason that is none of the features, as the offset of a stage, is left out.
    """
    n, k = len(decisions), len(names)
    column = decisions[REASONS]
    row, flat = pc.list_parent_indices(column).to_numpy(), pc.list_flatten(column)
    known = pa.array(names, pa.string())
    position = pc.index_in(pc.struct_field(flat, "feature"), value_set=known)
    position = position.to_numpy().astype(np.float64)  # NaN for what is no feature
    told = ~np.isnan(position)
    row, position = row[told], position[told].astype(np.int64)
    _, first = np.unique(row, return_index=True)  # reasons stand largest first
    largest = [names[j] for j in position[first]]
    if (np.bincount(row, minlength=n) != k).any():
        return largest, None
    features = np.full((n, k), np.nan)
    features[row, position] = pc.struct_field(flat, "value").to_numpy()[told]
    return largest, features
