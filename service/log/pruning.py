"""Removing what accounts left behind that nothing has been decided on, or told of, since some
instant.

All that an account left behind goes together or stays: its decisions, so that one which supersedes
another goes with it, its events and the steps of its visits.
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
from service.log.activity import Left, inactive_accounts, left_behind, sizes_of
from service.tables import (
    DECISIONS,
    IDEMPOTENCY,
    PRUNING_NOW,
    PRUNINGS,
    RULES,
    SUPERSESSIONS,
)

KEY_AGE = timedelta(days=7)  # how long a request may be repeated under its idempotency key
BATCH = 200  # decisions and events, or keys: some 20 ms of the one lock that SQLite's writers have
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
    events: int  # and steps of visits


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed."""

    accounts: int = 0
    decisions: int = 0
    keys: int = 0
    events: int = 0  # and steps of visits

    def plus(self, other: "Pruned") -> "Pruned":
        """Both together."""
        return Pruned(
            self.accounts + other.accounts,
            self.decisions + other.decisions,
            self.keys + other.keys,
            self.events + other.events,
        )


def prunable(engine: sa.Engine, inactive_since: datetime) -> Prunable:
    """What `prune` would remove now; nothing is changed."""
    inactive = inactive_accounts(engine.dialect.name, inactive_since)
    columns = inactive.c
    totals = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(columns.decisions), 0),
        sa.func.coalesce(sa.func.sum(columns.events), 0),
        sa.func.min(columns.oldest),
        sa.func.max(columns.newest),
    ).select_from(inactive)
    theirs = _account.in_(sa.select(columns.account_id))
    rules = sa.select(sa.func.count()).where(
        RULES.c.decision_id.in_(sa.select(_decision).where(theirs))
    )
    keys = sa.select(sa.func.count()).where(IDEMPOTENCY.c.created_at < _keys_before())
    with engine.connect() as connection:
        accounts, decisions, events, oldest, newest = connection.execute(totals).one()
        return Prunable(
            accounts=accounts,
            decisions=int(decisions),
            oldest=_made_at(oldest),
            newest=_made_at(newest),
            rules=connection.execute(rules).scalar_one(),
            keys=connection.execute(keys).scalar_one(),
            size=round(int(decisions) * _mean_size(connection, theirs)),
            events=int(events),
        )


def prune(
    engine: sa.Engine, inactive_since: datetime, actor: str, told: Callable[[Pruned], None]
) -> Pruned:
    """Remove what inactive accounts left behind, and idempotency keys older than KEY_AGE.

    An account is inactive where its last decision was made, and the last of its events and steps of
    visits recorded, before `inactive_since`. `told` gets the sum so far after each batch. Other
    writers get their turn between the batches.
    """
    run = _Run(engine, inactive_since, actor)
    for left in left_behind(inactive_since):
        for accounts in _batches(engine, left, inactive_since):
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


def _batches(engine: sa.Engine, left: Left, inactive_since: datetime) -> Iterator[list[str]]:
    """The inactive accounts of a table: so many that BATCH rows go with them, or a single one."""
    account = left.table.c.account_id
    page = left.grouped().having(sa.func.max(sa.case((left.newer, 1), else_=0)) == 0)
    page = page.order_by(account).limit(BATCH)
    last = ""
    while found := _read(engine, page.where(account > last)):
        last = found[-1].account_id
        with engine.connect() as connection:
            sizes = sizes_of(connection, [row.account_id for row in found], inactive_since)
        batch: list[str] = []
        rows = 0
        for account_id, size in sizes.items():
            if batch and rows + size > BATCH:
                yield batch
                batch, rows = [], 0
            batch.append(account_id)
            rows += size
        if batch:
            yield batch


def _remove(connection: sa.Connection, accounts: Sequence[str], inactive_since: datetime) -> Pruned:
    """Remove what there is of those accounts that are still inactive.

    One statement says which accounts go: what is recorded after it stays, with its rules.
    """
    gone = list(sizes_of(connection, accounts, inactive_since))
    decisions = _remove_decisions(connection, gone, inactive_since)
    events = 0
    for table, newer in left_behind(inactive_since):
        if table is not DECISIONS:
            old = table.delete().where(table.c.account_id.in_(gone), ~newer)
            events += connection.execute(old).rowcount
    return Pruned(len(gone), decisions, events=events)


def _remove_decisions(
    connection: sa.Connection, accounts: Sequence[str], inactive_since: datetime
) -> int:
    """Remove their older decisions with what belongs to each; how many there were."""
    query = sa.select(_decision).where(_account.in_(accounts), _decision < first_id(inactive_since))
    found = connection.execute(query).scalars().all()
    rules = RULES.c.rule.in_(_rules(connection))
    decisions = 0
    for start in range(0, len(found), BATCH):
        ids = found[start : start + BATCH]
        these = _decision.in_(ids)
        keys = sa.select(DECISIONS.c.kind, _decision).where(these)
        connection.execute(RULES.delete().where(rules, _rules_key.in_(keys)))
        connection.execute(SUPERSESSIONS.delete().where(SUPERSESSIONS.c.decision_id.in_(ids)))
        decisions += connection.execute(DECISIONS.delete().where(these)).rowcount
    return decisions


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
