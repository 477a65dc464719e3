"""Flat arrays of one table and the files they are exchanged in; numpy alone, for both sides."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ONE_BY_ONE = 50  # accounts that are asked for alone

Arrays = dict[str, NDArray[Any]]


def write(folder: Path, table: str, arrays: Mapping[str, Any]) -> None:
    """Write the table's arrays as TABLE.npz into the folder."""
    np.savez(folder / f"{table}.npz", **arrays)


def read(folder: Path, table: str) -> Arrays:
    """The table's arrays out of the folder to which `write` wrote."""
    with np.load(folder / f"{table}.npz") as file:
        return dict(file)


def each(arrays: Arrays, accounts: int) -> list[Arrays]:
    """The rows of each of the first so many accounts alone, as account 0, in the order given."""
    few = np.flatnonzero(arrays["account"] < accounts)
    some = {name: values[few] for name, values in arrays.items()}
    alone = []
    for number in range(accounts):
        own = some["account"] == number
        one = {name: values[own] for name, values in some.items()}
        alone.append(one | {"account": np.zeros(own.sum(), np.int64)})
    return alone
