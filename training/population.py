"""The population of a model: the labelled snapshots of validated tables."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.panel import Panel
from models.target import Outcome
from training.labels import Snapshots, snapshots
from training.lineage import data_sha256
from training.panels import panel_of
from training.tables import read_tables


@dataclass(frozen=True)
class Window:
    """Snapshots are taken from statement dates `start` to `end`, both included; None: no bound."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class Population:
    """Histories, their labelled snapshots, and the one currency of all amounts.

    `account_ids` are the panel's accounts in its order; `segments` are personal attributes, for
    measuring fairness alone. `data_sha256` is the digest of the tables.
    """

    panel: Panel
    account_ids: NDArray[np.str_]
    snapshots: Snapshots
    outcome: Outcome
    currency: str
    segments: pd.DataFrame | None
    data_sha256: str


def read_population(
    directory: Path, outcome: Outcome, seed: int, window: Window, most: int | None = None
) -> Population:
    """Read and validate the tables in a folder and take the snapshots inside the window.

    Of more than `most` labelled snapshots, those of some accounts are drawn.
    """
    tables = read_tables(directory)
    panel, account_ids = panel_of(tables)
    taken = snapshots(panel, outcome, seed, account_ids).between(window.start, window.end)
    return Population(
        panel=panel,
        account_ids=account_ids,
        snapshots=taken if most is None else taken.thinned(most, seed, account_ids),
        outcome=outcome,
        currency=str(tables.accounts["currency"].iloc[0]),  # one folder holds one currency
        segments=tables.segments,
        data_sha256=data_sha256(tables),
    )
