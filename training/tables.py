"""Reading the tables, checked at the border: what is returned here can be relied on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import InputError
from features.tables import ACCOUNTS, PROMISE_DAYS, TABLES, Table
from training.columns import absent, typed
from training.files import Source, arrow_of, arrow_schema, find
from training.folder import whole_folder
from training.problems import PROBLEMS_SHOWN, Problem, TablesError, located
from training.schemas import problems_of


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


def read_tables(directory: Path) -> Tables:
    """The tables of a folder. Raises TablesError for all that is wrong with them, at once.

    Only the files named in features.tables are read: what a simulation keeps hidden
    (`truth.parquet`) is not.
    """
    if not directory.is_dir():
        raise InputError(str(directory), "is not a folder", "Name a folder that holds tables")
    sources: dict[str, Source] = {}
    errors: list[InputError] = []
    for table in TABLES.values():
        try:
            source = find(directory, table)
        except TablesError as error:
            errors.extend(error.problems)
        except InputError as error:
            errors.append(error)
        else:
            if source is not None:
                sources[table.name] = source
            elif not table.optional:
                errors.append(_missing(table))
    return _checked(str(directory), sources, errors)


def checked(tables: Tables, where: str) -> Tables:
    """`tables` made in memory, as `read_tables` would return them; `where` names their origin."""
    sources = {
        name: Source(
            TABLES[name],
            arrow_of(frame),
            ((name, len(frame)),),
        )
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


def _missing(table: Table) -> InputError:
    return InputError(
        f"{table.name}.parquet",
        f"there is no table {table.name}",
        f"Put {table.name}.parquet, {table.name}.csv or a folder {table.name}/ there",
    )


def _checked(where: str, sources: Mapping[str, Source], errors: list[InputError]) -> Tables:
    frames: dict[str, pd.DataFrame] = {}
    for name, source in sources.items():
        frames[name], problems = _frame(source)
        errors.extend(_located(source, problems))
    for name, source in sources.items():
        if name != ACCOUNTS.name and len(frames.get(ACCOUNTS.name, ())):
            errors.extend(_located(source, _strangers(frames[ACCOUNTS.name], frames[name])))
    if not errors:
        for name, find_problems in (("accounts", _opened_late), ("contacts", _promised_far)):
            if name in sources:
                errors.extend(_located(sources[name], find_problems(frames)))
    if errors:
        raise TablesError(where, errors)
    return Tables(**{name: _settled(TABLES[name], frame) for name, frame in frames.items()})


def _frame(source: Source) -> tuple[pd.DataFrame, list[Problem]]:
    """The table with its columns typed, and all that is wrong with it by itself."""
    table, columns = source.table, source.columns
    problems: list[Problem] = []
    values: dict[str, pd.Series] = {}
    for column in table.columns:
        if column.name in columns.column_names:
            values[column.name], found = typed(column, columns[column.name])
            problems.extend(found)
        elif column.optional:
            values[column.name] = absent(column, columns.num_rows)
    unknown = [name for name in columns.column_names if name not in values]
    frame = pd.DataFrame(values | dict.fromkeys(unknown))
    if not table.optional and not len(frame):
        problems.append(Problem(None, None, "has no rows", f"Put rows of {table.name} there"))
    told = {(problem.row, problem.column) for problem in problems}
    # What could not be read stands as null: that it is empty would say it twice.
    problems += [
        problem
        for problem in problems_of(table, frame)
        if not told & {(problem.row, problem.column), (None, problem.column)}
    ]
    return frame, problems


def _strangers(accounts: pd.DataFrame, frame: pd.DataFrame) -> list[Problem]:
    """Rows of an account that the accounts do not list."""
    if not {"account_id"} <= set(accounts) & set(frame):
        return []
    ids = pa.array(frame["account_id"], type=pa.large_string())
    listed = pa.array(accounts["account_id"], type=pa.large_string())
    known = pc.or_(pc.is_in(ids, value_set=listed), pc.is_null(ids))
    rows = pc.indices_nonzero(pc.invert(known)).to_pylist()[: PROBLEMS_SHOWN + 1]
    remedy = "Add the account to the accounts, or leave the row out"
    return [
        Problem(row, "account_id", "is not among the accounts", remedy, ids[row].as_py())
        for row in rows
    ]


def _opened_late(frames: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Accounts opened after their last statement; of sound tables."""
    accounts, statements = frames["accounts"], frames["statements"]
    last = statements.groupby("account_id")["statement_date"].max()
    late = accounts["opened_on"] > accounts["account_id"].map(last)
    return [
        Problem(
            int(row),
            "opened_on",
            "lies after the account's last statement",
            "Write the day it was opened, or nothing where it is not known",
            str(accounts["opened_on"].iloc[row].date()),
        )
        for row in np.flatnonzero(late)[: PROBLEMS_SHOWN + 1]
    ]


def _promised_far(frames: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Promises for a day before the contact's, or more than a year after; of sound tables."""
    contacts = frames["contacts"]
    promised = contacts[contacts["promised_on"].notna()]
    zones = frames["accounts"].set_index("account_id")["timezone"]
    days = (promised["promised_on"] - _local_days(promised, zones)).dt.days.to_numpy()
    wrong = np.flatnonzero((days < 0) | (days > PROMISE_DAYS))[: PROBLEMS_SHOWN + 1]
    return [
        Problem(
            int(promised.index[i]),
            "promised_on",
            "lies before the day of the contact"
            if days[i] < 0
            else f"lies over {PROMISE_DAYS} days after the day of the contact",
            "Write the day that was promised, or nothing where none was named",
            str(promised["promised_on"].iloc[i].date()),
        )
        for i in wrong
    ]


def _local_days(contacts: pd.DataFrame, zones: pd.Series) -> pd.Series:
    """The day of each contact at the debtor's place."""
    zone = contacts["account_id"].map(zones)
    days = pd.Series(pd.NaT, index=contacts.index, dtype="datetime64[us]")
    for name in zone.unique():
        here = zone == name
        local = contacts.loc[here, "at"].dt.tz_convert(name).dt.tz_localize(None)
        days[here] = local.dt.normalize()
    return days


def _located(source: Source, problems: list[Problem]) -> list[InputError]:
    ids = {column.name for column in source.table.columns if column.kind == "id"}
    return [
        located(source.place(problem.row), problem, personal=problem.column in ids)
        for problem in problems
    ]


def _settled(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows and columns in their order; required counts and flags without room for null.

    The order of the rows in the files says nothing: whatever is made of the tables is the same.
    """
    required = {column.name: column.kind for column in table.columns if not column.optional}
    dtypes = {"count": "int64", "flag": "bool"}
    ordered = frame.sort_values(list(table.key), kind="stable", ignore_index=True)
    return ordered[[column.name for column in table.columns]].astype(
        {name: dtypes[kind] for name, kind in required.items() if kind in dtypes}
    )
