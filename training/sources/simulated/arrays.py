"""Numbers of the simulation as the Arrow arrays that are written."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def codes(names: Sequence[str], number: Indices) -> pa.Array:
    """Names by their numbers; null where the number is negative."""
    return pa.array(names, type=pa.string()).take(pa.array(number, mask=number < 0))


def dates(day: Indices, known: NDArray[np.bool_] | None = None) -> pa.Array:
    """Dates of day numbers; null where not `known`."""
    mask = None if known is None else ~known
    return pa.array(day.astype(np.int32), mask=mask).cast(pa.date32())


def instants(at: Floats, known: NDArray[np.bool_] | None = None) -> pa.Array:
    """Instants of UTC seconds; null where not `known`."""
    mask = None if known is None else ~known
    return pa.array((at * 1e6).astype(np.int64), mask=mask).cast(pa.timestamp("us", "UTC"))


def amounts(values: Floats) -> pa.Array:
    """Numbers; null for NaN."""
    return pa.array(values, from_pandas=True)


def names(prefix: str, number: Indices) -> pa.Array:
    """`prefix` followed by each number."""
    return pc.binary_join_element_wise(prefix, pa.array(number).cast(pa.string()), "")
