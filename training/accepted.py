"""Tables accepted account by account: what is wrong with one does not refuse the others."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.tables import ACCOUNTS, CONTACTS, STATEMENTS
from training.agreement import (
    UNLISTED,
    Owners,
    opened_late,
    owners,
    promised_far,
    repeats,
    strangers,
)
from training.frames import frame_of, settled
from training.problems import Problem, TablesError
from training.refused import refused_rows
from training.source import Source
from training.tables import Tables


class Accepted(NamedTuple):
    """The tables of the accounts in which nothing is wrong, and what is wrong with the rest."""

    tables: Tables
    refused: pd.DataFrame


class _Held(NamedTuple):
    """Rows of a table, and the position of each row's account among the accounts."""

    frame: pd.DataFrame
    owner: Owners

    def of(self, sound: NDArray[np.bool_]) -> "_Held":
        """The rows of the accounts that are sound."""
        keep = np.append(sound, False)[self.owner]  # UNLISTED is the last
        return self if keep.all() else _Held(self.frame[keep], self.owner[keep])


def accepted(sources: Mapping[str, Source]) -> Accepted:
    """The tables as read_tables would return them if the accounts with a bad row were not there.

    `sources` holds all rows of some accounts, accounts and statements at least. An account is
    refused with all its rows in all tables; rows of no account, or of one that is not listed,
    are refused one by one. A row is judged by itself and beside the other rows of its account,
    never of another, so that it does not matter which accounts are read together: currencies
    are not compared, and ids of payments and contacts only within an account. Raises
    TablesError where a whole column is wrong. `refused` is described at refused_rows.
    """
    frames: dict[str, pd.DataFrame] = {}
    found: dict[str, list[Problem]] = {}
    for name, source in sources.items():
        frames[name], problems = frame_of(source)
        found[name] = problems + repeats(source.table, frames[name], ("account_id",))
    _raise_whole(sources, found)
    accounts = frames[ACCOUNTS.name]
    held = {name: _Held(frame, owners(accounts, frame)) for name, frame in frames.items()}
    for name, rows in held.items():
        if name != ACCOUNTS.name:
            found[name] += strangers(*rows)
    sound = np.ones(len(accounts), np.bool_)
    _mark(sound, held, found)
    left = {name: rows.of(sound) for name, rows in held.items()}
    late = _disagreements(accounts, left)
    _mark(sound, held, late)
    tables = {
        name: settled(sources[name].table, rows.of(sound).frame) for name, rows in left.items()
    }
    every = {name: found[name] + late.get(name, []) for name in sources}
    return Accepted(Tables(**tables), refused_rows(sources, frames, every))


def _raise_whole(sources: Mapping[str, Source], found: Mapping[str, list[Problem]]) -> None:
    errors = [
        error
        for name, problems in found.items()
        for problem in problems
        if problem.rows is None
        for error in sources[name].errors(problem)
    ]
    if errors:
        raise TablesError("the tables", errors)


def _mark(
    sound: NDArray[np.bool_], held: Mapping[str, _Held], found: Mapping[str, list[Problem]]
) -> None:
    """Mark the accounts of the rows with a problem as not sound."""
    for name, problems in found.items():
        frame, owner = held[name]
        for problem in problems:
            assert problem.rows is not None, "whole columns have been raised"
            wrong = owner[frame.index.get_indexer(pd.Index(problem.rows))]
            sound[wrong[wrong != UNLISTED]] = False


def _disagreements(accounts: pd.DataFrame, left: Mapping[str, _Held]) -> dict[str, list[Problem]]:
    """What can only be asked of rows that are sound by themselves."""
    found = {ACCOUNTS.name: opened_late(accounts, *left[STATEMENTS.name])}
    if CONTACTS.name in left:
        found[CONTACTS.name] = promised_far(accounts, *left[CONTACTS.name])
    return found
