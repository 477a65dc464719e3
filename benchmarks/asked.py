"""What the servers are asked: the same late accounts as raw months, and as ready-made features."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.boosters import MONTHS, SEED
from curescore.bodies import bodies, last_known, late_accounts
from features.catalogue import NAMES
from features.matrix import matrix
from features.panel import Floats, known_at
from training.panels import panel_of
from training.sources.simulate import simulate
from training.tables import Tables, read_tables

PAYMENTS = 21
CONTACTS = 28
EVENTFUL = 25  # accounts with the most events
PER_LATE = 60  # accounts simulated for each late one that is open and has all months

Body = dict[str, Any]


class Asked(NamedTuple):
    """Files of requests, one body a line, and the features [n × k] that are ready-made."""

    ours: Path
    ours_many: Path
    eventful: Path
    v2: Path  # the Open Inference Protocol
    v2_many: Path
    frame: Path  # mlflow's dataframe_split
    frame_many: Path
    tensor: Path  # mlflow's inputs
    tensor_many: Path
    features: Floats
    events: tuple[float, float]  # payments and contacts of an eventful one, on average


def asked(folder: Path, accounts: int) -> Asked:
    """Simulate so many late accounts with all their months, and write the requests for them."""
    portfolio = folder / "portfolio"
    simulate(portfolio, PER_LATE * accounts, MONTHS, SEED + 1)
    tables = read_tables(portfolio)
    as_of = last_known(tables) + timedelta(days=1)
    everything = list(bodies(tables, late_accounts(tables), as_of))
    whole = [body for body in everything if len(body["statements"]) == MONTHS]
    if len(whole) < accounts:
        raise ValueError(f"only {len(whole)} of {accounts} accounts can be decided")
    plain = [_without_events(body) for body in whole[:accounts]]
    eventful = [_cut(body) for body in sorted(whole, key=_events, reverse=True)[:EVENTFUL]]
    features = _features(tables, [body["account"]["account_id"] for body in plain], as_of)
    write = partial(_write, folder)
    return Asked(
        ours=write("ours", plain),
        ours_many=write("ours_many", [{"items": plain}]),
        eventful=write("eventful", eventful),
        features=features,
        events=_mean_events(eventful),
        **_written(write, features, {"v2": v2, "frame": frame, "tensor": tensor}),
    )


def _written(
    write: Callable[[str, Any], Path], features: Floats, shapes: Mapping[str, Callable[..., Body]]
) -> dict[str, Any]:
    """Each account alone, and all of them in one, in each of the shapes."""
    ones = np.split(features, len(features))
    return {
        name: write(name, contents)
        for shape, of in shapes.items()
        for name, contents in ((shape, map(of, ones)), (f"{shape}_many", [of(features)]))
    }


def v2(rows: Floats) -> Body:
    """Rows as MLServer takes them: flat, which it reads the fastest; null is not known."""
    values = [None if np.isnan(value) else value for value in rows.ravel().tolist()]
    tensor = {"name": "features", "shape": list(rows.shape), "datatype": "FP64", "data": values}
    return {"inputs": [tensor]}


def frame(rows: Floats) -> Body:
    """Rows as a data frame of mlflow, which takes NaN as it stands."""
    return {"dataframe_split": {"columns": list(NAMES), "data": rows.tolist()}}


def tensor(rows: Floats) -> Body:
    """Rows as a tensor of mlflow."""
    return {"inputs": rows.tolist()}


def _features(tables: Tables, ids: list[str], as_of: datetime) -> Floats:
    """The whole catalogue of these accounts, as it follows from their statements alone."""
    history, found = panel_of(replace(tables, payments=None, contacts=None))
    where = {account_id: row for row, account_id in enumerate(found)}
    rows = np.array([where[account_id] for account_id in ids])
    return matrix(history, known_at(history, rows, np.full(len(rows), as_of.timestamp())))


def _without_events(body: Body) -> Body:
    return {name: body[name] for name in ("as_of", "account", "statements")}


def _events(body: Body) -> float:
    """How near an account comes to having all the events that are wanted."""
    return min(len(body["payments"]) / PAYMENTS, len(body["contacts"]) / CONTACTS)


def _cut(body: Body) -> Body:
    """The account with its newest events."""
    newest = {"payments": body["payments"][-PAYMENTS:], "contacts": body["contacts"][-CONTACTS:]}
    return _without_events(body) | newest


def _mean_events(eventful: list[Body]) -> tuple[float, float]:
    payments, contacts = (
        float(np.mean([len(body[name]) for body in eventful])) for name in ("payments", "contacts")
    )
    return payments, contacts


def _write(folder: Path, name: str, contents: Iterator[Body] | list[Body]) -> Path:
    path = folder / f"{name}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(body, separators=(",", ":")) + "\n" for body in contents)
    return path


def first(path: Path) -> bytes:
    """The first body of a file."""
    with path.open("rb") as file:
        return next(islice(file, 1)).rstrip()
