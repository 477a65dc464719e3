"""What is kept of a chunk between assessing and deciding it: accounts, numbers, stakes, inputs.

Arrays and Parquet, which run no code when they are read.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from models.account import Account
from models.assessed import Assessed
from models.durable import whole_file
from models.intensity.facts import Facts
from models.intensity.response import Ratios
from models.intensity.rules.counts import Counts
from models.intensity.stakes import Stakes
from models.scored import Scored
from training.accounts import accounts_of

ACCOUNTS, NUMBERS = "accounts-{:05d}.parquet", "numbers-{:05d}.npz"
INPUTS = "inputs-{:05d}.parquet"  # where decisions are recorded
# The arrays of assessed accounts that hold arrays themselves, by their fields' names.
_PARTS: dict[str, Any] = {
    "scored": Scored,
    "facts": Facts,
    "counts": Counts,
    "ratios": Ratios,
    "challenger_ratios": Ratios,
}
_TOTALS = "totals"


class Totals(NamedTuple):
    """How many accounts a chunk has, decided or not; `later` have statements after as_of."""

    accounts: int
    later: int


class Kept(NamedTuple):
    """A chunk as it was assessed: the accounts that can be decided, and the totals of all."""

    accounts: list[Account]
    known: Assessed
    totals: Totals


def is_kept(folder: Path, chunk: int) -> bool:
    """Whether the chunk has been assessed."""
    return (folder / NUMBERS.format(chunk)).exists()


def keep(
    folder: Path,
    chunk: int,
    accounts: pd.DataFrame,
    known: Assessed,
    stakes: Stakes,
    totals: Totals,
) -> None:
    """Keep the accounts that can be decided, a checked table, and all that was found of them.

    The numbers are written last: where they are, the chunk has been assessed.
    """
    arrays = _flat(known) | {f"stakes.{name}": x for name, x in stakes._asdict().items()}
    arrays[_TOTALS] = np.array(totals)
    with whole_file(folder / ACCOUNTS.format(chunk)) as path:
        accounts.to_parquet(path, index=False)
    with whole_file(folder / NUMBERS.format(chunk)) as path, path.open("wb") as file:
        np.savez(file, **arrays)


def _flat(known: Assessed) -> dict[str, Any]:
    """The arrays by the path of their names."""
    flat: dict[str, Any] = {}
    for name, part in known._asdict().items():
        if name in _PARTS:
            flat |= {f"{name}.{inner}": array for inner, array in part._asdict().items()}
        else:
            flat[name] = part
    return flat


def kept(folder: Path, chunk: int) -> Kept:
    """The chunk as it was kept."""
    accounts = accounts_of(pd.read_parquet(folder / ACCOUNTS.format(chunk)))
    with np.load(folder / NUMBERS.format(chunk), allow_pickle=False) as arrays:
        parts = {
            name: kind._make(arrays[f"{name}.{inner}"] for inner in kind._fields)
            for name, kind in _PARTS.items()
        }
        plain = {name: arrays[name] for name in Assessed._fields if name not in _PARTS}
        totals = Totals._make(arrays[_TOTALS].tolist())
        return Kept(accounts, Assessed(**plain, **parts), totals)


def keep_inputs(folder: Path, chunk: int, inputs: list[bytes]) -> None:
    """Keep what the accounts are decided on, in their order; before `keep`, the chunk's mark."""
    with whole_file(folder / INPUTS.format(chunk)) as path:
        pq.write_table(pa.table({"inputs": pa.array(inputs, pa.binary())}), path)


def kept_inputs(folder: Path, chunk: int) -> Callable[[int, int], list[bytes]]:
    """Tells, from one account of the chunk to another, what they are decided on."""
    column = pq.read_table(folder / INPUTS.format(chunk))["inputs"]
    return lambda start, stop: column[start:stop].to_pylist()


def stakes_kept(folder: Path, chunks: int) -> tuple[Stakes, np.ndarray]:
    """The stakes and the fingerprints of all accounts, chunk after chunk."""
    found: list[tuple[np.ndarray, ...]] = list(_stakes(folder, chunks))
    columns = [np.concatenate(each) for each in zip(*found, strict=True)]
    return Stakes._make(columns[:-1]), columns[-1]


def _stakes(folder: Path, chunks: int) -> Iterator[tuple[np.ndarray, ...]]:
    for chunk in range(chunks):
        with np.load(folder / NUMBERS.format(chunk), allow_pickle=False) as arrays:
            yield (*(arrays[f"stakes.{name}"] for name in Stakes._fields), arrays["keys"])
