"""Reading the tables, checked at the border: what is returned here can be relied on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from features.errors import InputError
from features.tables import ACCOUNTS, TABLES, Table
from training.agreement import (
    opened_late,
    owners,
    promised_far,
    repeats,
    strangers,
    two_currencies,
)
from training.arrow import arrow_of, arrow_schema
from training.files import each_table, read
from training.folder import whole_folder
from training.frames import frame_of, no_rows, settled
from training.problems import Problem, TablesError
from training.source import Source, source_of


@dataclass(frozen=True)
class Tables:
    """The tables of one portfolio, rows in the order of each table's key; None: no such table.

    Every column of features.tables is there, null where the file had none: ids, texts and
    codes as str, money and numbers float64, counts int64 (Int64 if optional), flags bool
    (boolean if optional), dates datetime64[s], instants datetime64[us, UTC].
    """

    accounts: pd.DataFrame
    statements: pd.DataFrame
    payments: pd.DataFrame | None = None
    contacts: pd.DataFrame | None = None
    assignments: pd.DataFrame | None = None
    segments: pd.DataFrame | None = None

    def present(self) -> dict[str, pd.DataFrame]:
        """The tables there are, by name."""
        frames = {name: getattr(self, name) for name in TABLES}
        return {name: frame for name, frame in frames.items() if frame is not None}


def read_tables(
    directory: Path, wanted: Iterable[Table] = TABLES.values(), *, one_currency: bool = True
) -> Tables:
    """The tables of a folder. Raises TablesError for all that is wrong with them, at once.

    Only the files named in features.tables are read: what a simulation keeps hidden
    (`truth.parquet`) is not. Of those `wanted` does without, none is; accounts and statements
    must be wanted. Accounts of several currencies pass unless `one_currency`.
    """
    sources, errors = each_table(directory, wanted, read)
    return _checked(str(directory), sources, errors, one_currency=one_currency)


def checked(tables: Tables, where: str) -> Tables:
    """`tables` made in memory, as `read_tables` would return them; `where` names their origin."""
    sources = {
        name: source_of(TABLES[name], arrow_of(frame), [(name, len(frame))])
        for name, frame in tables.present().items()
    }
    return _checked(where, sources, [])


def write_tables(tables: Tables, directory: Path, *, force: bool = True) -> None:
    """Write each table there is as `<name>.parquet`: the whole folder, or nothing of it.

    Tables that stand there are replaced, or refused unless `force`; a folder that holds other
    things is always refused (InputError).
    """
    with whole_folder(directory, force=force) as folder:
        for name, frame in tables.present().items():
            schema = arrow_schema(TABLES[name].columns)
            pq.write_table(
                arrow_of(frame).select(schema.names).cast(schema), folder / f"{name}.parquet"
            )


def _checked(
    where: str,
    sources: Mapping[str, Source],
    errors: list[InputError],
    *,
    one_currency: bool = True,
) -> Tables:
    frames: dict[str, pd.DataFrame] = {}
    for name, source in sources.items():
        frames[name], problems = frame_of(source)
        if not len(frames[name]):
            problems = no_rows(source.table) + problems
        errors.extend(_told(source, problems + repeats(source.table, frames[name])))
    if one_currency and "accounts" in frames:
        errors.extend(_told(sources["accounts"], two_currencies(frames["accounts"])))
    errors.extend(_disagreements(sources, frames, sound=not errors))
    if errors:
        raise TablesError(where, errors)
    return Tables(**{name: settled(TABLES[name], frame) for name, frame in frames.items()})


def _disagreements(
    sources: Mapping[str, Source], frames: Mapping[str, pd.DataFrame], *, sound: bool
) -> list[InputError]:
    """What tables do not have in common; what only `sound` rows can be asked, where they are."""
    accounts = frames.get(ACCOUNTS.name)
    if accounts is None or not len(accounts):
        return []
    errors: list[InputError] = []
    owner = {
        name: owners(accounts, frame)
        for name, frame in frames.items()
        if "account_id" in accounts and "account_id" in frame
    }
    for name in owner:
        errors += _told(sources[name], strangers(frames[name], owner[name]))
    if sound and not errors:
        late = opened_late(accounts, frames["statements"], owner["statements"])
        errors += _told(sources["accounts"], late)
        if "contacts" in frames:
            far = promised_far(accounts, frames["contacts"], owner["contacts"])
            errors += _told(sources["contacts"], far)
    return errors


def _told(source: Source, problems: list[Problem]) -> list[InputError]:
    return [error for problem in problems for error in source.errors(problem)]
