"""Removing what accounts left behind that nothing has been decided on since some instant.

An account's decisions go together or stay, so that one which supersedes another goes with it.
Each batch is a transaction that also logs what it removed: a pruning that is interrupted is logged
as far as it came, and the next one goes on from there.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.instants import first_id, instant, microseconds, new_id
from service.tables import DECISIONS, IDEMPOTENCY, PRUNING_NOW, PRUNINGS, RULES

KEY_AGE = timedelta(days=7)  # how long a request may be repeated under its idempotency key
BATCH = 200  # decisions or keys: some 20 ms of the one lock that SQLite's writers have
PATIENCE = 60  # seconds that a batch waits for other writers of a SQLite database
SAMPLE = 1_000  # decisions whose length is measured

_account, _decision = DECISIONS.c.account_id, DECISIONS.c.decision_id
_rules_key = sa.tuple_(RULES.c.kind, RULES.c.decision_id)
_key = sa.tuple_(IDEMPOTENCY.c.caller, IDEMPOTENCY.c.key)


@dataclass(frozen=True, slots=True)
class Prunable:
    """What a pruning would remove; `size`, in bytes, is estimated from a sample of records."""

    accounts: int
    decisions: int
    oldest: datetime | None
    newest: datetime | None
    rules: int
    keys: int
    size: int


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed."""

    accounts: int = 0
    decisions: int = 0
    keys: int = 0

    def plus(self, other: "Pruned") -> "Pruned":
        """Both together."""
        return Pruned(
            self.accounts + other.accounts,
            self.decisions + other.decisions,
            self.keys + other.keys,
        )


def prunable(engine: sa.Engine, inactive_since: datetime) -> Prunable:
    """What `prune` would remove now; nothing is changed."""
    text = (
        sa.func.hex(_decision) if engine.dialect.name == "sqlite" else sa.cast(_decision, sa.Text)
    )
    inactive = (
        _inactive(inactive_since)
        .add_columns(sa.func.min(text).label("oldest"), sa.func.max(text).label("newest"))
        .subquery()
    )
    columns = inactive.c
    totals = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(columns.decisions), 0),
        sa.func.min(columns.oldest),
        sa.func.max(columns.newest),
    ).select_from(inactive)
    theirs = _account.in_(sa.select(columns.account_id))
    rules = sa.select(sa.func.count()).where(
        RULES.c.decision_id.in_(sa.select(_decision).where(theirs))
    )
    keys = sa.select(sa.func.count()).where(IDEMPOTENCY.c.created_at < _keys_before())
    with engine.connect() as connection:
        accounts, decisions, oldest, newest = connection.execute(totals).one()
        return Prunable(
            accounts=accounts,
            decisions=int(decisions),
            oldest=_made_at(oldest),
            newest=_made_at(newest),
            rules=connection.execute(rules).scalar_one(),
            keys=connection.execute(keys).scalar_one(),
            size=round(int(decisions) * _mean_size(connection, theirs)),
        )


def prune(
    engine: sa.Engine, inactive_since: datetime, actor: str, told: Callable[[Pruned], None]
) -> Pruned:
    """Remove the decisions of inactive accounts, and idempotency keys older than KEY_AGE.

    An account is inactive where its last decision was made before `inactive_since`. `told` gets
    the sum so far after each batch. Other writers get their turn between the batches.
    """
    run = _Run(engine, inactive_since, actor)
    for accounts in _batches(engine, inactive_since):
        run.batch(partial(_remove, accounts=accounts, inactive_since=inactive_since))
        told(run.removed)
    for keys in _old_keys(engine):
        run.batch(partial(_remove_keys, keys=keys))
        told(run.removed)
    run.batch(lambda connection: Pruned(), completed=True)
    return run.removed


class _Run:
    """One pruning, batch by batch; `removed` is the sum so far."""

    def __init__(self, engine: sa.Engine, inactive_since: datetime, actor: str) -> None:
        self.removed = Pruned()
        self._engine = engine
        self._log = {
            "pruning_id": new_id(datetime.now(UTC)),
            "actor": actor,
            "inactive_since": microseconds(inactive_since),
        }
        self._batches = 0

    def batch(self, remove: Callable[[sa.Connection], Pruned], *, completed: bool = False) -> None:
        """Remove something and log it, in one transaction; then wait as long as that took."""
        started = time.monotonic()
        with self._engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete=ON")  # freed pages would keep it
                connection.exec_driver_sql(f"PRAGMA busy_timeout={1000 * PATIENCE}")
            connection.execute(PRUNING_NOW.insert(), {"id": 1, "until": 0})
            removed = remove(connection)
            at = microseconds(datetime.now(UTC))
            row = {**self._log, "batch": self._batches, "at": at, "completed": completed}
            connection.execute(PRUNINGS.insert(), row | asdict(removed))
            connection.execute(PRUNING_NOW.delete())
        self._batches += 1
        self.removed = self.removed.plus(removed)
        if not completed:  # who waits for SQLite's lock polls for it, and may miss a short gap
            time.sleep(time.monotonic() - started)


def _inactive(inactive_since: datetime) -> sa.Select[tuple[str, int]]:
    """Inactive accounts with the number of their decisions, from the index by account alone.

    Ids tell when decisions were made, to the microsecond.
    """
    newer = sa.case((_decision >= first_id(inactive_since), 1), else_=0)
    return (
        sa.select(_account, sa.func.count().label("decisions"))
        .group_by(_account)
        .having(sa.func.max(newer) == 0)
    )


def _batches(engine: sa.Engine, inactive_since: datetime) -> Iterator[list[str]]:
    """The inactive accounts: so many that they have up to BATCH decisions, or a single one."""
    page = _inactive(inactive_since).order_by(_account).limit(BATCH)
    last = ""
    while found := _read(engine, page.where(_account > last)):
        last = found[-1].account_id
        batch: list[str] = []
        decisions = 0
        for row in found:
            if batch and decisions + row.decisions > BATCH:
                yield batch
                batch, decisions = [], 0
            batch.append(row.account_id)
            decisions += row.decisions
        yield batch


def _remove(connection: sa.Connection, accounts: Sequence[str], inactive_since: datetime) -> Pruned:
    """Remove what there is of those accounts that are still inactive.

    One statement says which decisions go: what is recorded after it stays, with its rules.
    """
    among = _account.in_(accounts)
    active = sa.select(_account).where(among, _decision >= first_id(inactive_since))
    query = sa.select(_account, _decision).where(among, _account.not_in(active))
    found = connection.execute(query).all()
    rules = RULES.c.rule.in_(_rules(connection))
    decisions = 0
    for start in range(0, len(found), BATCH):
        these = _decision.in_([row.decision_id for row in found[start : start + BATCH]])
        keys = sa.select(DECISIONS.c.kind, _decision).where(these)
        connection.execute(RULES.delete().where(rules, _rules_key.in_(keys)))
        decisions += connection.execute(DECISIONS.delete().where(these)).rowcount
    return Pruned(accounts=len({row.account_id for row in found}), decisions=decisions)


def _rules(connection: sa.Connection) -> Sequence[str]:
    """Each rule that some decision has, from the index: rules are few, decisions many."""
    rule = RULES.c.rule
    found = sa.select(sa.func.min(rule).label("rule")).cte("found", recursive=True)
    following = sa.select(sa.func.min(rule)).where(rule > found.c.rule).scalar_subquery()
    every = found.union_all(sa.select(following).where(found.c.rule.is_not(None)))
    query = sa.select(every.c.rule).where(every.c.rule.is_not(None))
    return connection.execute(query).scalars().all()


def _old_keys(engine: sa.Engine) -> Iterator[list[tuple[str, str]]]:
    columns = IDEMPOTENCY.c
    page = (
        sa.select(columns.caller, columns.key)
        .where(columns.created_at < _keys_before())
        .order_by(columns.caller, columns.key)
        .limit(BATCH)
    )
    last = ("", "")
    while found := _read(engine, page.where(_key > last)):
        yield (keys := [(row.caller, row.key) for row in found])
        last = keys[-1]


def _remove_keys(connection: sa.Connection, keys: Sequence[tuple[str, str]]) -> Pruned:
    return Pruned(keys=connection.execute(IDEMPOTENCY.delete().where(_key.in_(keys))).rowcount)


def _keys_before() -> int:
    return microseconds(datetime.now(UTC) - KEY_AGE)


def _read(engine: sa.Engine, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
    with engine.connect() as connection:
        return connection.execute(query).all()


def _mean_size(connection: sa.Connection, theirs: sa.ColumnElement[bool]) -> float:
    """Mean length in bytes of records with their inputs, over a sample."""
    length = sa.func.length(DECISIONS.c.record) + sa.func.length(DECISIONS.c.inputs)
    sample = sa.select(length.label("bytes")).where(theirs).limit(SAMPLE).subquery()
    return float(connection.execute(sa.select(sa.func.avg(sample.c.bytes))).scalar_one() or 0)


def _made_at(decision_id: str | None) -> datetime | None:
    """When the decision with this id was made, to the millisecond."""
    if decision_id is None:
        return None
    return instant((UUID(decision_id).int >> 80) * 1_000)
