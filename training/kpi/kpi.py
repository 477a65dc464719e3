"""Key figures as one document: in total, by what decisions have in common, and of the whole."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from features.clock import instant_of
from features.errors import InputError
from features.panel import Flags
from features.tables import CHANNELS
from models.intensity.ladder import LEVELS, Treatment
from models.score.tier import TIERS
from models.stage import STAGES
from training.kpi.contacts import (
    Promises,
    by_channel,
    contacts_per_cure,
    count_contacts,
    kept_promises,
    promises_of,
    reach,
)
from training.kpi.cures import cure_rate, days_of, days_to_cure
from training.kpi.cycles import Cycles, cycles_of
from training.kpi.governing import binding_rules, overrides
from training.kpi.money import money, recovered_of
from training.kpi.portfolio import portfolio
from training.kpi.recorded import NO_CHANNEL, STATUSES, Recorded, read_recorded
from training.kpi.rolls import rolls
from training.kpi.visits import visits_told
from training.panels import seconds
from training.progress import Progress, silent

Dimension = Literal["stage", "tier", "level", "channel", "treatment", "month"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
SCHEMA = 1
# What figures are computed from: of a million cycles, taking no other columns saves seconds.
_MEASURED = ["account", "debtor", "label", "days", "currency", "recovered", "closed", "cost"]
_MEASURED += ["outgoing", "spoken"]
_ORDER: dict[Dimension, Sequence[object]] = {
    "stage": STAGES,
    "tier": TIERS,
    "level": LEVELS,
    "channel": (NO_CHANNEL, *CHANNELS),
    "treatment": get_args(Treatment),
}


def kpi(
    folder: Path,
    by: Sequence[Dimension] = DIMENSIONS,
    start: date | None = None,
    end: date | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """The key figures of the decisions as of those days (UTC, both included), ready for JSON.

    Raises InputError where the tables cannot be used, or hold no decision of an account that
    counts.
    """
    progress("reading the tables")
    recorded = read_recorded(folder)
    progress("following what decisions came to")
    cycles = cycles_of(recorded)
    frame = _measured(cycles, recorded)
    promises = promises_of(cycles, recorded.panel)
    progress("counting")
    asked = _within(recorded.decisions["as_of"], start, end)
    chosen = _between(frame["at"].to_numpy(), start, end)
    if not chosen.any():
        raise _nothing(folder, recorded, asked)
    late = chosen & frame["late"].to_numpy()
    every = recorded.decisions
    in_force = every[asked & (every["status"] == "effective")]
    return {
        "schema": SCHEMA,
        "from": instant_of(float(frame["at"][chosen].min())).isoformat(),
        "until": instant_of(float(frame["at"][chosen].max())).isoformat(),
        "known_until": instant_of(cycles.known_until).isoformat(),
        "has_payments": recorded.has_payments,
        "has_contacts": recorded.has_contacts,
        "decisions": _counts(every, asked, cycles, chosen),
        "portfolio": portfolio(in_force),
        "total": _group(frame, late, promises, recorded),
        "by": {
            dimension: {
                str(name): _group(frame, rows, promises, recorded)
                for name, rows in _groups(frame, late, dimension)
            }
            for dimension in by
        },
        "contacts": by_channel(cycles, recorded.panel, late),
        "rolls": rolls(frame[chosen]),
        "rules": binding_rules(frame[chosen], recorded.rules),
        "overrides": overrides(every, in_force),
        "visits": _visits(recorded, start, end),
    }


def _measured(cycles: Cycles, recorded: Recorded) -> pd.DataFrame:
    """The cycles with what is measured of each."""
    frame = cycles.frame
    frame["days"] = days_of(frame, recorded.panel)
    frame["recovered"] = recovered_of(cycles, recorded.panel)
    frame["month"] = frame["as_of"].dt.strftime("%Y-%m")
    count_contacts(cycles, recorded.panel)
    names = {*DIMENSIONS, "channels", "currency"} & {*frame}
    return frame.astype(dict.fromkeys(names - {"level"}, "category"))


def _group(
    frame: pd.DataFrame, rows: Flags, promises: Promises, recorded: Recorded
) -> dict[str, Any]:
    """The figures of some late cycles; None for what asks for a table that is not there."""
    late = frame.loc[rows, _MEASURED]
    has_payments, has_contacts = recorded.has_payments, recorded.has_contacts
    debtor = frame["debtor"].to_numpy()
    both = has_payments and has_contacts
    return {
        "cycles": len(late),
        "accounts": int(late["account"].nunique()),
        "cure": cure_rate(late),
        "days_to_cure": days_to_cure(late),
        "money": money(late) if has_payments else None,
        "contacts": contacts_per_cure(late) if has_contacts else None,
        "reach": reach(late) if has_contacts else None,
        "promises": kept_promises(promises, rows, debtor) if both else None,
    }


def _groups(
    frame: pd.DataFrame, late: Flags, dimension: Dimension
) -> Iterator[tuple[object, Flags]]:
    """Each value of the dimension that has late cycles, in its order, with its rows."""
    column = "channels" if dimension == "channel" else dimension
    values = frame[column]
    there = set(values[late].unique())
    for name in _ORDER.get(dimension, sorted(there)):
        if name in there:
            yield name, late & (values == name).to_numpy()


def _counts(every: pd.DataFrame, asked: Flags, cycles: Cycles, chosen: Flags) -> dict[str, int]:
    """Decisions by what became of them as rows: what is not counted, and what is."""
    status = every["status"][asked]
    in_force = asked & (every["status"] == "effective").to_numpy()
    joined = int((cycles.decision[in_force] >= 0).sum())
    return {
        "recorded": int(asked.sum()),
        **{name: int((status == name).sum()) for name in STATUSES},
        "unknown": int(in_force.sum()) - joined,
        "cycles": int(chosen.sum()),
        "late_cycles": int((chosen & cycles.frame["late"].to_numpy()).sum()),
    }


def _visits(recorded: Recorded, start: date | None, end: date | None) -> dict[str, Any] | None:
    if recorded.visits is None:
        return None
    return visits_told(recorded.visits, _within(recorded.visits["at"], start, end))


def _within(at: pd.Series, start: date | None, end: date | None) -> Flags:
    return _between(seconds(at), start, end)


def _between(at: np.ndarray, start: date | None, end: date | None) -> Flags:
    """The instants (UTC seconds) within those days, both included."""
    low = -np.inf if start is None else _midnight(start)
    high = np.inf if end is None else _midnight(end + timedelta(days=1))
    return np.asarray((at >= low) & (at < high))


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def _nothing(folder: Path, recorded: Recorded, asked: Flags) -> InputError:
    """What to say where no cycle is left."""
    at = recorded.decisions["as_of"]
    held = f"The decisions are as of {at.min():%Y-%m-%d} to {at.max():%Y-%m-%d}"
    if not asked.any():
        return InputError(str(folder), "holds no decision within --from and --until", held)
    problem = "holds no decision in force, of an account with a statement, within the time asked"
    return InputError(str(folder), problem, f"{held}. Export statements and outcomes with them")
