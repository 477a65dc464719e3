"""How a search is answered: by indexes alone, on both databases, whatever is asked for."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import combinations
from typing import Any, get_args
from uuid import UUID

import pytest
import sqlalchemy as sa

from models.decision import Status
from service.database import connect, upgrade
from service.instants import microseconds, new_id
from service.log.inserts import Inserts
from service.log.kinds import Kinds, kind_of, kinds, superseded_kind
from service.log.searching import (
    ANY,
    SCANNED,
    Also,
    Span,
    newest,
    newest_query,
    of_account,
    of_account_query,
    of_kinds,
    of_kinds_query,
)
from service.tables import ID, SUPERSESSIONS
from tests.postgres import new_database
from tests.records import decided
from tests.storing import AT, made

ROWS = 20_000
RULE, SHA256 = "plan_kept", "a" * 64
SPAN = Span(UUID(int=0), UUID(int=(1 << 128) - 1))
LIMIT = 50
GIVEN: dict[str, Any] = {
    "stage": "M1",
    "tier": "doubtful",
    "level": 3,
    "status": "proposed",
    "model": SHA256,
    "treatment": "negotiate",
}
_NULL = {"proposed": "NULL", "effective": "NULL", "superseded": "NOT NULL"}
CONDITIONS = [
    {name: GIVEN[name] for name in names} | ({"status": status} if "status" in names else {})
    for count in (0, 1, 2, 6)
    for names in combinations(GIVEN, count)
    for status in (get_args(Status) if "status" in names else ("any",))
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Connection]:
    """Decisions of many kinds, one after the other, and the statistics that a planner wants.

    Of four decisions one is that of account `many`; of eight three were bound by the rule, of
    three one was superseded, by a decision that is not here.
    """
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('plans') / 'log.db'}"
        else:
            server = request.getfixturevalue("postgres_server")
            url = stack.enter_context(new_database(server))
        upgrade(url)
        engine = connect(url)
        stack.callback(engine.dispose)
        ((one, _),) = made(engine, decided())
        stages, tiers = ("M1", "M2", "M3", "pre_due"), ("low", "medium", "doubtful")
        treatments = ("remind", "negotiate", "trace", "of a later version")
        entries = [
            one._replace(
                decision_id=new_id(AT + timedelta(seconds=i)),
                account_id="many" if i % 4 == 0 else f"account-{i}",
                as_of=microseconds(AT + timedelta(seconds=i - i % 9)),
                kind=kind_of(
                    stages[i % 4],
                    tiers[i // 2 % 3],
                    i % 5,
                    "proposed" if i % 7 < 3 else "effective",
                    SHA256 if i < ROWS / 2 else "b" * 64,
                    treatments[i // 3 % 4],
                ),
                rules=(RULE,) if i % 8 < 3 else (),
            )
            for i in range(ROWS)
        ]
        with engine.begin() as connection:
            Inserts(engine).copy(connection, entries)
            connection.execute(
                SUPERSESSIONS.insert(),
                [
                    {
                        "decision_id": each.decision_id,
                        "kind": superseded_kind(each.kind),
                        "superseded_by": new_id(AT + timedelta(days=1)),
                    }
                    for each in entries[::3]
                ],
            )
            connection.exec_driver_sql("ANALYZE")
        yield stack.enter_context(engine.connect())


def plan(connection: sa.Connection, statement: Any, parameters: Any = None) -> str:
    """What the database says of how it answers the statement."""
    sqlite = connection.dialect.name == "sqlite"
    words = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "

    def explained(_: Any, __: Any, sql: str, values: Any, *___: Any) -> tuple[str, Any]:
        return words + sql, values

    sa.event.listen(connection, "before_cursor_execute", explained, retval=True)
    try:
        cursor = connection.execute(statement, parameters).cursor
        assert cursor is not None
        return "\n".join(str(row[-1]) for row in cursor.fetchall())
    finally:
        sa.event.remove(connection, "before_cursor_execute", explained)


def assert_by_indexes(told: str, *indexes: str) -> None:
    for table in ("decisions", "decision_rules", "supersessions", "later", "bound", "its"):
        for words in (f"SCAN {table}", f"Seq Scan on {table}"):
            assert words not in told, told
    for index in indexes:
        assert index in told, told


def wanted_of(given: dict[str, Any]) -> Kinds:
    wanted = kinds(**dict.fromkeys(GIVEN) | given)
    assert wanted is not None
    return wanted


def meeting(
    connection: sa.Connection,
    given: dict[str, Any],
    rule: str | None,
    account: str | None = None,
    also: Also = ANY,
) -> list[UUID]:
    """All that meet the conditions, newest first, found by looking at each."""
    joined = "" if rule is None else " JOIN decision_rules USING (kind, decision_id)"
    status = given.get("status")
    null = _NULL[status] if status is not None else "NULL" if also.standing else None
    standing = "" if null is None else f"s.superseded_by IS {null} AND"
    if also.as_of is not None:
        standing += " decisions.as_of BETWEEN {} AND {} AND".format(*also.as_of)
    plain = given | ({"status": None} if status == "superseded" else {})
    owned = "" if account is None else "account_id = :account AND"
    query = sa.text(
        f"SELECT decisions.decision_id FROM decisions{joined} LEFT JOIN supersessions AS s "
        f"ON s.decision_id = decisions.decision_id WHERE {standing} {owned} "
        "(decisions.kind & :mask) = :value ORDER BY decisions.decision_id DESC"
    ).columns(decision_id=ID)
    parameters = wanted_of(plain)._asdict() | ({} if account is None else {"account": account})
    return list(connection.execute(query, parameters).scalars())


def _at(row: int) -> int:
    return microseconds(AT + timedelta(seconds=row))


# What a search also has to meet: of the last quarter some are as of an instant before it.
ALSO = {
    "standing": Also(standing=True),
    "as of": Also(as_of=(_at(3 * ROWS // 4), _at(ROWS))),
    "both": Also(standing=True, as_of=(_at(0), _at(ROWS // 4))),
}
CHOSEN: list[dict[str, Any]] = [
    {},
    {"status": "proposed"},
    {"status": "superseded"},
    {"status": "effective", "treatment": "trace", "stage": "M3"},
]


def primary(connection: sa.Connection, table: str) -> str:
    if connection.dialect.name == "postgresql":
        return f"{table}_pkey"
    return "sqlite_autoindex_decisions_1" if table == "decisions" else "USING PRIMARY KEY"


def test_the_newest_of_all_are_read_from_the_ids(filled: sa.Connection) -> None:
    assert_by_indexes(plan(filled, newest_query(SPAN, LIMIT)), primary(filled, "decisions"))


@pytest.mark.parametrize("rule", [None, RULE])
@pytest.mark.parametrize("given", CONDITIONS, ids=str)
def test_kinds_are_merged_from_an_index(
    filled: sa.Connection, given: dict[str, Any], rule: str | None
) -> None:
    wanted = wanted_of(given)
    asked = of_kinds_query(filled.dialect.name, rule, wanted, SPAN, LIMIT)
    index = "decisions_by_kind" if rule is None else primary(filled, "decision_rules")
    if given.get("status") == "superseded":
        index = "supersessions_by_kind"
    assert_by_indexes(plan(filled, *asked), index)


@pytest.mark.parametrize("rule", [None, RULE])
@pytest.mark.parametrize("status", [None, *get_args(Status)])
def test_an_account_is_looked_through_in_an_index(
    filled: sa.Connection, status: str | None, rule: str | None
) -> None:
    wanted = wanted_of({"level": 3, "status": status})
    told = plan(filled, of_account_query("many", rule, wanted, SPAN, LIMIT))
    assert_by_indexes(told, "decisions_by_account")


@pytest.mark.parametrize("rule", [None, RULE])
@pytest.mark.parametrize("given", CONDITIONS, ids=str)
def test_merged_kinds_are_the_newest_that_meet_the_conditions(
    filled: sa.Connection, given: dict[str, Any], rule: str | None
) -> None:
    """On the first page and on one in the middle."""
    wanted, ids = wanted_of(given), meeting(filled, given, rule)
    found = of_kinds(filled, rule, wanted, SPAN, LIMIT)
    assert found.ids == ids[:LIMIT]
    middle = ids[len(ids) // 2] if ids else SPAN.end
    later = of_kinds(filled, rule, wanted, Span(SPAN.first, middle), LIMIT)
    assert later.ids == [each for each in ids if each < middle][:LIMIT]
    assert (found.next is None) == (len(ids) <= LIMIT)


@pytest.mark.parametrize("rule", [None, RULE])
@pytest.mark.parametrize("status", get_args(Status))
def test_what_an_account_has_of_a_status_is_found_page_by_page(
    filled: sa.Connection, status: str, rule: str | None
) -> None:
    given = {"level": 3, "status": status}
    seen: list[UUID] = []
    span: Span | None = SPAN
    while span is not None:
        found = of_account(filled, "many", rule, wanted_of(given), span, LIMIT)
        seen += found.ids
        span = None if found.next is None else Span(SPAN.first, found.next)
    assert seen == meeting(filled, given, rule, "many")
    assert (rule is not None) or len(seen) > LIMIT


def test_of_an_account_with_many_decisions_a_page_looks_at_a_bounded_number(
    filled: sa.Connection,
) -> None:
    """All are found in the end, on pages that may hold fewer than asked for, or none."""
    wanted = kinds("M2")  # which that account never has
    assert wanted is not None
    span, pages = SPAN, 0
    while True:
        found = of_account(filled, "many", None, wanted, span, LIMIT)
        assert found.ids == []
        pages += 1
        if found.next is None:
            break
        span = Span(SPAN.first, found.next)
    assert pages == ROWS / 4 / SCANNED + 1


@pytest.mark.parametrize("rule", [None, RULE])
@pytest.mark.parametrize("given", CHOSEN, ids=str)
@pytest.mark.parametrize("also", ALSO.values(), ids=ALSO)
def test_what_else_has_to_be_met_is_looked_up_by_indexes(
    filled: sa.Connection, also: Also, given: dict[str, Any], rule: str | None
) -> None:
    """However it is searched: by kinds, by an account, and the newest of all."""
    wanted, ids = wanted_of(given), meeting(filled, given, rule, also=also)
    asked = of_kinds_query(filled.dialect.name, rule, wanted, SPAN, LIMIT, also)
    assert_by_indexes(plan(filled, *asked))
    assert of_kinds(filled, rule, wanted, SPAN, LIMIT, also).ids == ids[:LIMIT]
    assert len(ids) > LIMIT or given.get("stage")
    assert_by_indexes(
        plan(filled, of_account_query("many", rule, wanted, SPAN, LIMIT, also)),
        "decisions_by_account",
    )
    seen: list[UUID] = []
    span: Span | None = SPAN
    while span is not None:
        found = of_account(filled, "many", rule, wanted, span, LIMIT, also)
        seen += found.ids
        span = None if found.next is None else Span(SPAN.first, found.next)
    assert seen == meeting(filled, given, rule, "many", also)


@pytest.mark.parametrize("also", ALSO.values(), ids=ALSO)
def test_the_newest_of_all_that_meet_more_are_read_from_the_ids(
    filled: sa.Connection, also: Also
) -> None:
    query = newest_query(SPAN, LIMIT, also)
    assert_by_indexes(plan(filled, query), primary(filled, "decisions"))
    found = newest(filled, SPAN, LIMIT, also)
    assert found.ids == meeting(filled, {}, None, also=also)[:LIMIT]
