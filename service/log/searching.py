"""How decisions are found by conditions: the ids of a page, each way by an index alone.

Ids sort by the time of the decision, so that the newest of an index entry lie at its end. Three
ways: the latest of all; those of one account, of which a page looks at no more than SCANNED; and
those of some kinds (service.log.kinds), where the newest of each kind are merged. The kinds that
there are stand nowhere: they are read from the index, from each to the next.

What was superseded stands in a table of its own, from which a search for it starts; one for what
is proposed or effective passes over it. As of when a decision was made stands in no index: a search
by it looks each decision up, so that it wants a span or kinds that leave few.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from service.log.kinds import SINCE_RECORDED, Kinds
from service.tables import DECISIONS, ID, RULES, SUPERSESSIONS

SCANNED = 1_000

# All of these texts is of our own making; what is asked for are parameters.
_KINDS = """
WITH RECURSIVE there(kind) AS (
    SELECT min(kind) FROM {table} WHERE {given}
    UNION ALL
    SELECT (SELECT min(kind) FROM {table} WHERE {given} AND kind > there.kind)
    FROM there WHERE there.kind IS NOT NULL
),
wanted(kind) AS (SELECT kind FROM there WHERE kind & :mask = :value)
"""
_OF_KIND = """
    SELECT decision_id FROM {table}
    WHERE {given} AND kind = {of}.kind AND decision_id >= {first} AND decision_id < {end} {also}
    ORDER BY decision_id DESC LIMIT {count}
"""
# Each of these looks one key up. With the limit a planner cannot make a join of it, which would
# read the whole table.
_NOT_SUPERSEDED = """
    AND (
        SELECT later.superseded_by FROM supersessions AS later
        WHERE later.decision_id = {table}.decision_id LIMIT 1
    ) IS NULL
"""
_AS_OF = """
    AND (
        SELECT its.as_of FROM decisions AS its
        WHERE its.decision_id = {table}.decision_id LIMIT 1
    ) BETWEEN :as_of_from AND :as_of_to
"""
_BOUND = """
    AND (
        SELECT bound.rule FROM decision_rules AS bound
        WHERE bound.rule = :rule AND bound.kind IN ({kinds})
        AND bound.decision_id = supersessions.decision_id LIMIT 1
    ) IS NOT NULL
""".format(kinds=", ".join(f"supersessions.kind - {more}" for more in SINCE_RECORDED))  # nosec B608  # noqa: S608
# SQLite takes the rows of a recursion in order: the newest first, which the next of its kind
# replaces.
_SQLITE = """,
merged(kind, decision_id) AS (
    SELECT kind, ({newest}) FROM wanted
    UNION ALL
    SELECT kind, ({next}) FROM merged WHERE merged.decision_id IS NOT NULL
    ORDER BY 2 DESC LIMIT :count
)
SELECT decision_id FROM merged WHERE decision_id IS NOT NULL
"""
# PostgreSQL joins a page of each kind. A few of each tell first how far back the page can reach:
# where kinds are many, most have nothing so new.
_POSTGRESQL = """,
few(decision_id) AS (
    SELECT each.decision_id FROM wanted CROSS JOIN LATERAL ({few}) AS each
),
reach(decision_id) AS MATERIALIZED (
    SELECT coalesce(
        (SELECT decision_id FROM few ORDER BY decision_id DESC LIMIT 1 OFFSET :count - 1), :first
    )
)
SELECT each.decision_id FROM wanted CROSS JOIN LATERAL ({all}) AS each
ORDER BY each.decision_id DESC LIMIT :count
"""
_FEW = 8


def _merged(dialect: str, table: str, given: str, also: str) -> str:
    """The text that merges the newest of each kind, `given` by the index, that `also` meet more."""

    def of_kind(of: str, first: str, end: str, count: object) -> str:
        return _OF_KIND.format(
            table=table, given=given, of=of, first=first, end=end, count=count, also=also
        )

    kinds = _KINDS.format(table=table, given=given)
    if dialect == "sqlite":
        newest = of_kind("wanted", ":first", ":end", 1)
        following = of_kind("merged", ":first", "merged.decision_id", 1)
        return kinds + _SQLITE.format(newest=newest, next=following)
    few = of_kind("wanted", ":first", ":end", _FEW)
    reaching = of_kind("wanted", "(SELECT decision_id FROM reach)", ":end", ":count")
    return kinds + _POSTGRESQL.format(few=few, all=reaching)


class Span(NamedTuple):
    """The ids to look at: from `first`, itself included, to `end`, itself not."""

    first: UUID
    end: UUID


class Also(NamedTuple):
    """What decisions have to meet beside their kind; None leaves it out.

    `standing`: nothing has superseded them. `as_of`: they are as of an instant from the first to
    the second, both included (service.instants).
    """

    standing: bool = False
    as_of: tuple[int, int] | None = None


ANY = Also()


class Found(NamedTuple):
    """Ids, newest first, and the id to go on before; None where there are no more."""

    ids: list[UUID]
    next: UUID | None


def newest(connection: sa.Connection, span: Span, limit: int, also: Also = ANY) -> Found:
    """The newest decisions of all that meet the rest."""
    return _page(connection.execute(newest_query(span, limit, also)).scalars().all(), limit)


def newest_query(span: Span, limit: int, also: Also = ANY) -> sa.Select[UUID]:
    """What `newest` asks the database."""
    decision_id = DECISIONS.c.decision_id
    within = sa.select(decision_id).where(decision_id >= span.first, decision_id < span.end)
    ordered = within.where(*_meets_also(also)).order_by(decision_id.desc())
    return ordered.limit(limit + 1)


def of_kinds(
    connection: sa.Connection,
    rule: str | None,
    wanted: Kinds,
    span: Span,
    limit: int,
    also: Also = ANY,
) -> Found:
    """The newest decisions of the kinds, which the rule bound (None: whether or not one did)."""
    dialect = connection.dialect.name
    found = connection.execute(*of_kinds_query(dialect, rule, wanted, span, limit, also))
    return _page(found.scalars().all(), limit)


def of_kinds_query(
    dialect: str, rule: str | None, wanted: Kinds, span: Span, limit: int, also: Also = ANY
) -> tuple[Any, dict[str, Any]]:
    """What `of_kinds` asks the database, and the parameters."""
    parameters = span._asdict() | wanted._asdict() | {"count": limit + 1}
    if rule is not None:
        parameters["rule"] = rule
    if also.as_of is not None:
        parameters |= dict(zip(("as_of_from", "as_of_to"), also.as_of, strict=True))
    statement = sa.text(_merged(dialect, *_among(rule, wanted.status, also)))
    typed = [sa.bindparam(name, type_=ID) for name in Span._fields]
    return statement.bindparams(*typed).columns(decision_id=ID), parameters


def _among(rule: str | None, status: str | None, also: Also) -> tuple[str, str, str]:
    """The table to look in, what its index is given, and what decisions also have to meet."""
    if status == "superseded":
        table, given, more = SUPERSESSIONS.name, "true", "" if rule is None else _BOUND
    else:
        table, given = (DECISIONS.name, "true") if rule is None else (RULES.name, "rule = :rule")
        standing = also.standing or status is not None
        more = _NOT_SUPERSEDED.format(table=table) if standing else ""
    return table, given, more + ("" if also.as_of is None else _AS_OF.format(table=table))


def of_account(
    connection: sa.Connection,
    account_id: str,
    rule: str | None,
    wanted: Kinds,
    span: Span,
    limit: int,
    also: Also = ANY,
) -> Found:
    """The newest decisions of an account that are of the kinds, which the rule bound.

    They may be fewer, though there are more.
    """
    rows = connection.execute(of_account_query(account_id, rule, wanted, span, limit, also)).all()
    found = [row.decision_id for row in rows if row.meets]
    if len(found) > limit or len(rows) < _looked_at(rule, wanted, limit, also):
        return _page(found, limit)
    return Found(found, rows[-1].decision_id)


def of_account_query(
    account_id: str,
    rule: str | None,
    wanted: Kinds,
    span: Span,
    limit: int,
    also: Also = ANY,
) -> sa.Select[UUID, bool]:
    """What `of_account` asks the database: whether each decision of the account meets the rest."""
    columns = DECISIONS.c
    # As pairs, and in their order: a planner that takes the account for a common one would
    # rather read the latest decisions of all, and for the rule the whole table.
    place = sa.tuple_(columns.account_id, columns.decision_id)
    first, end = (sa.tuple_(sa.literal(account_id), sa.literal(at, ID)) for at in span)
    return (
        sa.select(columns.decision_id, _meets(rule, wanted, also).label("meets"))
        .where(place >= first, place < end)
        .order_by(columns.account_id.desc(), columns.decision_id.desc())
        .limit(_looked_at(rule, wanted, limit, also))
    )


def _meets(rule: str | None, wanted: Kinds, also: Also) -> sa.ColumnElement[bool]:
    columns, superseded = DECISIONS.c, wanted.status == "superseded"
    plain = wanted.of_any_status() if superseded else wanted
    meets = [columns.kind.bitwise_and(plain.mask) == plain.value]
    if superseded:
        meets += [_successor().is_not(None), *_meets_also(also._replace(standing=False))]
    else:
        standing = also.standing or wanted.status is not None
        meets += _meets_also(also._replace(standing=standing))
    if rule is not None:
        its = [RULES.c[name] == columns[name] for name in ("kind", "decision_id")]
        bound = sa.select(RULES.c.rule).where(RULES.c.rule == rule, *its).limit(1)
        meets.append(bound.scalar_subquery().is_not(None))
    return sa.and_(*meets)


def _meets_also(also: Also) -> list[sa.ColumnElement[bool]]:
    meets: list[sa.ColumnElement[bool]] = [_successor().is_(None)] if also.standing else []
    if also.as_of is not None:
        meets.append(DECISIONS.c.as_of.between(*also.as_of))
    return meets


def _successor() -> sa.ScalarSelect[UUID]:
    columns = SUPERSESSIONS.c
    same = columns.decision_id == DECISIONS.c.decision_id
    return sa.select(columns.superseded_by).where(same).limit(1).scalar_subquery()


def _looked_at(rule: str | None, wanted: Kinds, limit: int, also: Also) -> int:
    return SCANNED if wanted.mask or rule is not None or also != ANY else limit + 1


def _page(found: Sequence[UUID], limit: int) -> Found:
    return Found(list(found[:limit]), found[limit - 1] if len(found) > limit else None)
