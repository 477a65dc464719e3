"""The tables that key figures are computed from, checked as they are read."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import InputError
from features.panel import Indices, Panel
from features.tables import ACCOUNTS, CHANNELS, CONTACTS, PAYMENTS, STATEMENTS, Column, Table
from models.intensity.ladder import LEVELS, Treatment
from models.score.tier import TIERS
from models.stage import STAGES
from models.target import TARGETS
from training.agreement import repeats
from training.files import Files, each_table, read
from training.frames import frame_of, no_rows, settled
from training.panels import panel_of
from training.problems import TablesError
from training.source import Source
from training.tables import read_tables

STATUSES = ("effective", "proposed", "superseded")
STEPS = ("planned", "made", "recorded", "followed_up", "closed")
NO_CHANNEL = "none"
_PLANNED = "channels"
_FOLDER = "Name a folder that `curescore export` has written"

DECISIONS = Table(
    "decisions",
    (
        Column("decision_id", "id", "the decision"),
        Column("account_id", "id", "the account"),
        Column("as_of", "instant", "when it was decided as of"),
        Column("decided_at", "instant", "when it was decided"),
        Column("status", "code", "whether it is in force", codes=STATUSES),
        Column("supersedes", "id", "the decision that it took the place of", optional=True),
        Column("override_reason", "text", "code of a reviewer's reason", optional=True),
        Column("target", "code", "what the score is the probability of", codes=TARGETS),
        Column("stage", "code", "stage at as_of", codes=STAGES),
        Column("tier", "code", "risk tier", codes=TIERS),
        Column("level", "count", "contact intensity", "level", False, LEVELS[0], LEVELS[-1]),
        Column("treatment", "code", "what the contact is for", codes=get_args(Treatment)),
        Column(_PLANNED, "code", "channels planned, in their order", "", True, codes=CHANNELS),
        Column("currency", "text", "ISO 4217 code of every amount", pattern="[A-Z]{3}"),
        Column("past_due_amount", "number", "part of the balance past due", minimum=0),
        Column(
            "cost", "number", "expected cost of the level, by the policy", optional=True, minimum=0
        ),
        Column("valid_until", "instant", "until when it holds", optional=True),
    ),
    key=("decision_id",),
)
RULES = Table(
    "rules",
    (
        Column("decision_id", "id", "the decision"),
        Column("rule", "text", "the rule that bound"),
        Column("took_away", "text", "what it took away", optional=True),
    ),
    key=("decision_id", "rule", "took_away"),
    optional=True,
)
VISITS = Table(
    "visits",
    (
        Column("visit_id", "id", "the visit"),
        Column("step", "code", "what became of it", codes=STEPS),
        Column("account_id", "id", "the account"),
        Column("at", "instant", "when it happened"),
    ),
    key=("visit_id", "step", "at"),
    optional=True,
)
_KINDS_OF_LIST: tuple[Callable[[pa.DataType], bool], ...] = (
    pa.types.is_list,
    pa.types.is_large_list,
)


class Recorded(NamedTuple):
    """What was decided and what happened.

    `debtor` numbers the debtor of each account of the panel (the account itself where no debtor
    is named), `position` is the account of each decision in the panel, -1 where it has none.
    `channels` of a decision is the first one planned, NO_CHANNEL where there is none.
    """

    panel: Panel
    debtor: Indices
    has_payments: bool
    has_contacts: bool
    decisions: pd.DataFrame
    position: Indices
    rules: pd.DataFrame
    visits: pd.DataFrame | None


def read_recorded(folder: Path) -> Recorded:
    """The tables of a folder. Raises InputError for what is missing or wrong in them."""
    frames = _frames(folder)
    tables = read_tables(folder, (ACCOUNTS, STATEMENTS, PAYMENTS, CONTACTS), one_currency=False)
    panel, account_ids = panel_of(tables)
    accounts, decisions = tables.accounts, frames["decisions"]
    known = pa.array(account_ids, pa.large_string())
    position = pc.index_in(
        pa.array(decisions["account_id"], pa.large_string()), value_set=known
    ).fill_null(-1)
    debtor = accounts["debtor_id"].where(
        accounts["debtor_id"].notna(), "\0" + accounts["account_id"]
    )
    rules = frames.get("rules", pd.DataFrame({"decision_id": [], "rule": []}, dtype="str"))
    return Recorded(
        panel=panel,
        debtor=pd.factorize(debtor)[0].astype(np.int64),
        has_payments=tables.payments is not None,
        has_contacts=tables.contacts is not None,
        decisions=decisions,
        position=position.to_numpy(zero_copy_only=False).astype(np.int64),
        rules=rules,
        visits=frames.get("visits"),
    )


def _frames(folder: Path) -> dict[str, pd.DataFrame]:
    """The tables that only reports read."""
    sources, errors = each_table(folder, (DECISIONS, RULES, VISITS), _read)
    frames: dict[str, pd.DataFrame] = {}
    for name, source in sources.items():
        frame, problems = frame_of(source)
        if not len(frame):
            problems = no_rows(source.table) + problems
        if source.table is DECISIONS:
            problems += repeats(source.table, frame)
        errors += [error for problem in problems for error in source.errors(problem)]
        frames[name] = frame
    if errors:
        raise TablesError(str(folder), errors)
    frames = {name: settled(sources[name].table, frame) for name, frame in frames.items()}
    frames["decisions"] = frames["decisions"].fillna({_PLANNED: NO_CHANNEL})
    return frames


def _read(files: Files) -> Source:
    """The rows of the columns that are used; others may stand beside them."""
    source = read(files)
    names = [column.name for column in files.table.columns]
    columns = source.columns
    columns = columns.select([name for name in columns.column_names if name in names])
    if files.table is DECISIONS and _PLANNED in columns.column_names:
        place = columns.column_names.index(_PLANNED)
        columns = columns.set_column(place, _PLANNED, _first(columns[_PLANNED], files))
    return replace(source, columns=columns)


def _first(lists: pa.ChunkedArray, files: Files) -> pa.ChunkedArray:
    """The first entry of each list; null where it has none."""
    if not any(test(lists.type) for test in _KINDS_OF_LIST):
        where = f"{files.names[0]}, column {_PLANNED}"
        raise InputError(where, f"holds {lists.type} values and no lists", _FOLDER)
    given = pc.if_else(pc.greater(pc.list_value_length(lists), 0), lists, None)
    return pc.list_element(given, 0)
