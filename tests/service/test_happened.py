"""What happened is told: stored once, all or nothing, by its senders' own ids."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.generation import Generation
from service.app import create_app
from service.bodies import examples
from service.database import connect, upgrade
from service.errors import ProblemError
from service.happened.reading import events_of
from service.happened.store import Happened, Recorded
from service.instants import microseconds
from service.log.grants import PRUNE, SERVICE, grant
from service.security.keys import Keys
from service.settings import Settings
from service.tables import EVENTS, PRUNING_NOW
from tests.service.conftest import NOW, Client

Body = dict[str, Any]

CALL = examples.contacts()[0]
PAYMENT = examples.payments() | {"reversed": False, "reversed_at": None}
OUTCOME = examples.outcomes()
PATHS = {"contact": "/v1/contacts", "payment": "/v1/payments", "outcome": "/v1/outcomes"}


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'log.db'}" if sqlite else request.getfixturevalue("postgres_url")
    upgrade(url)
    made = connect(url)
    yield made
    made.dispose()


def rows(engine: sa.Engine) -> list[Any]:
    order = EVENTS.c.kind, EVENTS.c.event_id, EVENTS.c.version
    with engine.connect() as connection:
        return list(connection.execute(sa.select(EVENTS).order_by(*order)))


def told(client: Client, kind: str, body: Any) -> Body:
    answered = client.post(PATHS[kind], json=body)
    assert answered.status_code == 200, answered.text
    counts: Body = answered.json()
    return counts


def counts(received: int, new: int = 0, corrected: int = 0, known: int = 0) -> Body:
    return {"received": received, "new": new, "corrected": corrected, "known": known}


def refused(client: Client, kind: str, body: Any, status: int = 422) -> list[tuple[str, str]]:
    answered = client.post(PATHS[kind], json=body)
    assert answered.status_code == status, answered.text
    return [(error["pointer"], error["problem"]) for error in answered.json()["errors"]]


def test_each_kind_is_stored_as_the_row_of_its_table(client: Client, engine: sa.Engine) -> None:
    call = CALL | {"debtor_id": "D-1", "reason": None}
    assert told(client, "contact", call) == counts(1, new=1)
    assert told(client, "payment", [PAYMENT]) == counts(1, new=1)
    assert told(client, "outcome", OUTCOME) == counts(1, new=1)
    contact, outcome, payment = rows(engine)
    assert (contact.event_id, contact.version, contact.debtor_id) == ("C-2", 0, "D-1")
    assert contact.at == microseconds(datetime(2025, 7, 1, 14, 15, tzinfo=UTC))
    assert json.loads(contact.body) == CALL  # without what is null, and its debtor in a column
    assert (payment.event_id, payment.debtor_id) == ("P-2", None)
    assert json.loads(payment.body) == {k: v for k, v in PAYMENT.items() if v is not None}
    assert (outcome.event_id, outcome.at) == (
        "O-1",
        microseconds(datetime(2025, 6, 30, tzinfo=UTC)),
    )
    assert json.loads(outcome.body) == {k: v for k, v in OUTCOME.items() if k != "outcome_id"}
    assert {(row.account_id, row.actor, row.recorded_at) for row in rows(engine)} == {
        ("A-1001", "local", microseconds(NOW))
    }


def test_the_same_content_is_known_and_other_content_corrects(
    client: Client, engine: sa.Engine
) -> None:
    taken_back = PAYMENT | {"reversed": True, "reversed_at": "2025-07-02T08:00:00-04:00"}
    assert told(client, "payment", PAYMENT) == counts(1, new=1)
    assert told(client, "payment", dict(reversed(PAYMENT.items()))) == counts(1, known=1)
    assert told(client, "payment", PAYMENT | {"amount": 40}) == counts(1, known=1)  # 40.0
    assert told(client, "payment", taken_back) == counts(1, corrected=1)
    assert told(client, "payment", PAYMENT) == counts(1, known=1)  # late: it is not applied again
    assert [row.version for row in rows(engine)] == [0, 1]
    assert json.loads(rows(engine)[-1].body)["reversed"]
    both = [taken_back, PAYMENT | {"payment_id": "P-3"}, taken_back | {"payment_id": "P-4"}]
    assert told(client, "payment", both) == counts(3, new=2, known=1)


def test_a_debtor_is_part_of_the_content(client: Client, engine: sa.Engine) -> None:
    told(client, "contact", CALL)
    assert told(client, "contact", CALL | {"debtor_id": "D-1"}) == counts(1, corrected=1)
    assert [row.debtor_id for row in rows(engine)] == [None, "D-1"]


def test_kinds_have_ids_of_their_own(client: Client) -> None:
    told(client, "contact", CALL | {"contact_id": "X"})
    assert told(client, "payment", PAYMENT | {"payment_id": "X"}) == counts(1, new=1)
    other = PAYMENT | {"payment_id": "x", "account_id": "A-2"}
    assert told(client, "payment", other) == counts(1, new=1)


def test_an_id_of_another_account_is_refused_whole(client: Client, engine: sa.Engine) -> None:
    told(client, "contact", CALL)
    stolen = [CALL | {"contact_id": "new"}, CALL | {"account_id": "A-2"}]
    (error,) = refused(client, "contact", stolen, 409)
    assert error[0] == "/1/contact_id"
    assert "A-1001" not in client.post(PATHS["contact"], json=stolen).text
    assert [pointer for pointer, _ in refused(client, "contact", stolen[1], 409)] == ["/contact_id"]
    assert len(rows(engine)) == 1


def test_a_wrong_item_of_a_list_leaves_nothing_behind(client: Client, engine: sa.Engine) -> None:
    many = [CALL | {"contact_id": f"C-{i}"} for i in range(5)]
    many[3]["at"] = "2025-07-03T12:05:01Z"
    assert refused(client, "contact", many) == [("/3/at", "lies in the future")]
    assert rows(engine) == []
    assert client.post(PATHS["contact"], content=b"{}").status_code == 415
    json_of = {"headers": {"Content-Type": "application/json"}}
    assert client.post(PATHS["contact"], content=b"{", **json_of).status_code == 400
    assert client.get(PATHS["contact"]).status_code == 405


def test_a_list_may_have_a_thousand(client: Client, engine: sa.Engine) -> None:
    many = [CALL | {"contact_id": f"C-{i}"} for i in range(1_000)]
    assert told(client, "contact", many) == counts(1_000, new=1_000)
    many[500]["outcome"] = "refused"
    assert told(client, "contact", many) == counts(1_000, corrected=1, known=999)
    assert len(rows(engine)) == 1_001


def test_only_those_who_decide_may_tell(engine: sa.Engine, generation: Generation) -> None:
    app = create_app(Settings(auth="keys"), engine, lambda: generation, lambda: NOW)
    for scope, status in (("score", 200), ("review", 403), ("admin", 200)):
        token = Keys(engine).add(f"key {scope}", scope)
        client = Client(app, {"Authorization": f"Bearer {token}"})
        for kind, path in PATHS.items():
            body = {"contact": CALL, "payment": PAYMENT, "outcome": OUTCOME}[kind]
            assert client.post(path, json=body).status_code == status
    assert {row.actor for row in rows(engine)} == {"key score"}


def test_the_same_id_told_at_once_is_one_event(engine: sa.Engine) -> None:
    happened = Happened(engine)
    callers, times = 4, 10
    together = threading.Barrier(callers)
    results: list[Recorded] = []

    def tell(caller: int) -> None:
        for i in range(times):
            told = [
                PAYMENT | {"payment_id": f"same {i}"},
                PAYMENT | {"payment_id": f"corrected {i}", "amount": float(caller)},
            ]
            events = events_of("payment", json.dumps(told[:: 1 - caller % 2 * 2]).encode(), NOW)
            together.wait()
            results.append(happened.record("payment", events, f"caller {caller}", NOW))

    threads = [threading.Thread(target=tell, args=(caller,)) for caller in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == callers * times
    assert sum(each.new for each in results) == 2 * times
    assert sum(each.corrected for each in results) == (callers - 1) * times
    stored = [(row.event_id, row.version) for row in rows(engine)]
    assert stored == sorted(
        [(f"corrected {i}", version) for i in range(times) for version in range(callers)]
        + [(f"same {i}", 0) for i in range(times)]
    )


def test_two_accounts_that_claim_an_id_at_once_get_it_once(engine: sa.Engine) -> None:
    happened = Happened(engine)
    together = threading.Barrier(2)
    outcomes: list[Recorded | ProblemError] = []

    def tell(account: str) -> None:
        body = json.dumps(CALL | {"account_id": account}).encode()
        events = events_of("contact", body, NOW)
        together.wait()
        try:
            outcomes.append(happened.record("contact", events, "test", NOW))
        except ProblemError as problem:
            outcomes.append(problem)

    threads = [threading.Thread(target=tell, args=(account,)) for account in ("A-1", "A-2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(each).__name__ for each in outcomes) == ["ProblemError", "Recorded"]
    assert len(rows(engine)) == 1


def test_versions_go_on_from_the_latest_that_is_there(client: Client, engine: sa.Engine) -> None:
    told(client, "payment", PAYMENT)
    told(client, "payment", PAYMENT | {"amount": 1})
    with engine.begin() as connection:  # as a pruning beside them may leave it
        connection.execute(PRUNING_NOW.insert(), {"id": 1, "until": 0})
        connection.execute(EVENTS.delete().where(EVENTS.c.version == 0))
        connection.execute(PRUNING_NOW.delete())
    assert told(client, "payment", PAYMENT) == counts(1, corrected=1)
    assert [row.version for row in rows(engine)] == [1, 2]


def test_the_role_of_the_service_may_tell_and_read(
    postgres_url: str, postgres_server: sa.URL, generation: Generation
) -> None:
    upgrade(postgres_url)
    owner = connect(postgres_url)
    service, pruner = "happened_service", "happened_prune"
    with owner.begin() as connection:
        for role in (service, pruner):
            connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
    try:
        grant(owner, {service: SERVICE, pruner: PRUNE})
        engine = connect(sa.make_url(postgres_url).set(username=service).render_as_string(False))
        app = create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW)
        assert told(Client(app), "payment", PAYMENT) == counts(1, new=1)
        assert told(Client(app), "payment", PAYMENT | {"amount": 1}) == counts(1, corrected=1)
        body = examples.decision("USD")
        assert Client(app).post("/v1/decisions", json=body).status_code == 200
    finally:
        with owner.begin() as connection:
            for role in (service, pruner):
                connection.exec_driver_sql(f"DROP OWNED BY {role}")
                connection.exec_driver_sql(f"DROP ROLE {role}")
        owner.dispose()
