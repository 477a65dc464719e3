"""What was told to have happened counts in the decisions that follow, as if it were sent along."""

import asyncio
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from curescore.bodies import bodies, late_accounts
from curescore.nightly.as_sent import as_sent
from models.generation import Generation
from service.app import create_app
from service.bodies import examples
from service.bodies.decoding import Decoded, decode_decision
from service.bodies.inputs import decided_on
from service.database import connect, upgrade
from service.happened import uniting
from service.happened.store import Happened
from service.happened.uniting import held_of, united
from service.log.decisions import DecisionLog
from service.replay.replaying import replay
from service.settings import Settings
from tests.portfolios import AS_OF, random_portfolio
from tests.service.conftest import BASE, NOW, Client
from training.tables import Tables

Body = dict[str, Any]

ONE, BATCH = "/v1/decisions", "/v1/decisions:batch"
LISTS = ("payments", "contacts", "debtor_contacts")


def late(**account: object) -> Body:
    """An account that is 45 days late, of which nothing more is known than its statements."""
    body = examples.decision("USD")
    del body["payments"], body["contacts"]
    body["account"] |= {"days_past_due": 45, "past_due_amount": 900.0} | account
    return body


def call(number: int, at: str, **fields: object) -> Body:
    told = {"contact_id": f"T-{number}", "account_id": "A-1001", "at": at, "channel": "call"}
    return told | {"direction": "out", "outcome": "no_answer"} | fields


def payment(number: int, at: str, amount: float, **fields: object) -> Body:
    told = {"payment_id": f"R-{number}", "account_id": "A-1001", "received_at": at}
    return told | {"amount": amount, "reversed": False} | fields


def tell(client: Client, kind: str, told: Any) -> None:
    answered = client.post(f"/v1/{kind}", json=told)
    assert answered.status_code == 200, answered.text


def decide(client: Client, body: Body) -> Body:
    answered = client.post("/v1/decisions?reasons=all", json=body)
    assert answered.status_code == 200, answered.text
    record: Body = answered.json()
    return record


def what(record: Body) -> Body:
    """What was decided, without its id and the sum over its inputs."""
    return {k: v for k, v in record.items() if k not in ("decision_id", "inputs_sha256")}


def inputs(engine: sa.Engine, record: Body) -> bytes:
    stored = DecisionLog(engine).inputs(UUID(record["decision_id"]))
    assert stored is not None
    return stored


def allowed(record: Body) -> list[bool]:
    return [level["allowed"] for level in record["intensity"]["levels"]]


SEVEN = [call(i, f"2025-07-01T1{i}:15:00-04:00") for i in range(7)]


def test_seven_calls_that_were_told_close_the_levels_that_call(client: Client) -> None:
    before = decide(client, late())
    assert before["intensity"]["level"] >= 2
    tell(client, "contacts", SEVEN[:6])
    assert allowed(decide(client, late())) == allowed(before)
    tell(client, "contacts", SEVEN[6])
    after = decide(client, late())
    assert allowed(after)[2:4] == [False, False]
    assert after["intensity"]["level"] < 2
    rules = [rule["rule"] for rule in after["intensity"]["binding_rules"]]
    assert "us.reg_f.calls" in rules
    (limit,) = [x for x in after["intensity"]["limits"] if x["rule"] == "us.reg_f.calls"]
    assert limit["used"] == 7


def test_a_promise_that_was_told_holds_contact_until_it_is_broken(client: Client) -> None:
    promise = {"outcome": "promise", "promised_amount": 300.0, "promised_on": "2025-07-03"}
    said = call(1, "2025-06-20T10:15:00-04:00", **promise)
    tell(client, "contacts", said)
    held = decide(client, late())
    assert held["intensity"]["level"] == 1
    assert "promise_not_due" in rules_of(held)
    tell(client, "contacts", said | {"promised_on": "2025-06-28"})  # corrected
    broken = decide(client, late())
    assert "promise_not_due" not in rules_of(broken)
    assert broken["intensity"]["level"] >= 2
    assert feature(broken, "broken_streak") is None  # payments are not known
    tell(client, "payments", payment(1, "2025-06-27T10:00:00Z", 299.0))
    assert feature(decide(client, late()), "broken_streak") == 1
    covered = payment(2, "2025-06-28T23:00:00-04:00", 1.0)
    tell(client, "payments", covered)
    assert feature(decide(client, late()), "broken_streak") == 0
    back = {"reversed": True, "reversed_at": "2025-07-01T10:00:00-04:00"}
    tell(client, "payments", covered | back)
    assert feature(decide(client, late()), "broken_streak") == 1


def known_then() -> Body:
    return {"statements": late()["statements"][:-1]}


def rules_of(record: Body) -> list[str]:
    return [rule["rule"] for rule in record["intensity"]["binding_rules"]]


def feature(record: Body, name: str) -> Any:
    (found,) = [reason["value"] for reason in record["reasons"] if reason["feature"] == name]
    return found


def test_an_outcome_that_was_told_is_a_statement_once_it_is_known(client: Client) -> None:
    outcome = examples.outcomes() | {"days_past_due": 0}
    tell(client, "outcomes", outcome)
    short = late() | known_then()
    midnight = "2025-07-01T00:00:00-04:00"
    before = decide(client, short | {"as_of": "2025-06-30T23:59:59-04:00"})
    after = decide(client, short | {"as_of": midnight})
    assert (before["score"]["stage"], after["score"]["stage"]) == ("M2", "M2")
    assert (before["data_age_days"], after["data_age_days"]) == (30, 0)
    own = decide(client, late())  # the account's own row says ten days past due
    assert feature(own, "dpd_highest_6") == 10
    assert feature(decide(client, short), "dpd_highest_6") == 0
    tell(client, "outcomes", outcome | {"outcome_id": "later", "days_past_due": 7})
    assert feature(decide(client, short), "dpd_highest_6") == 7
    tell(client, "outcomes", outcome | {"outcome_id": "later", "status": "paid_off"})
    ended = client.post("/v1/decisions", json=short)
    assert ended.json()["type"].endswith(":account-ended")


def test_contacts_with_the_debtor_on_other_accounts_are_counted(client: Client) -> None:
    place = {"jurisdiction": "CN", "debtor_id": "D-1"}
    at = ("2025-07-02T08:15:00-04:00", "2025-07-02T09:15:00-04:00", "2025-05-20T10:15:00-04:00")
    spoken = {"account_id": "A-2", "debtor_id": "D-1", "outcome": "conversation"}
    calls = [call(i, when, **spoken) for i, when in enumerate(at)]
    whole = decide(client, late(**place) | {"debtor_contacts": calls_of(calls[:2])})
    before = decide(client, late(**place))
    assert whole["intensity"]["limits"] != before["intensity"]["limits"]
    tell(client, "contacts", [*calls, call(8, at[0], account_id="A-3", debtor_id="D-2")])
    tell(client, "contacts", call(9, at[0], account_id="A-4"))
    assert what(decide(client, late(**place))) == what(whole)
    assert what(decide(client, late(jurisdiction="CN", debtor_id="D-3"))) != what(whole)
    # Sent along too, as the account's own or the debtor's, each counts once.
    assert what(decide(client, late(**place) | {"debtor_contacts": calls_of(calls[:1])})) == what(
        whole
    )


def calls_of(told: list[Body]) -> list[Body]:
    return [{k: v for k, v in each.items() if k != "debtor_id"} for each in told]


def test_the_contacts_of_another_account_of_the_debtor_stay_there(client: Client) -> None:
    own = [each | {"debtor_id": "D-1"} for each in SEVEN]
    tell(client, "contacts", own)
    body = late(debtor_id="D-1")
    with_them = decide(client, late(debtor_id="D-1") | {"contacts": calls_of(own)})
    assert what(decide(client, body)) == what(with_them)


@pytest.mark.parametrize("reversed_at", ["2025-06-25T00:00:00Z", "2025-07-02T14:00:00Z"])
def test_a_reversal_that_is_known_to_either_counts(
    client: Client, engine: sa.Engine, reversed_at: str
) -> None:
    plain = payment(1, "2025-06-20T10:00:00-04:00", 50.0)
    back = plain | {"reversed": True, "reversed_at": reversed_at}
    later = reversed_at == "2025-07-02T14:00:00Z"  # than as_of
    tell(client, "payments", back)
    sent = decide(client, late() | {"payments": [plain]})
    unsent = decide(client, late())
    expected = decoded(late() | {"payments": [plain if later else back]})
    for record in (sent, unsent):
        assert decoded_again(engine, record).payments == expected.body.payments
    tell(client, "payments", plain | {"payment_id": "R-2"})
    ours = decide(client, late() | {"payments": [plain | {"payment_id": "R-2", "reversed": True}]})
    (first, second) = decoded_again(engine, ours).payments
    assert (first.payment_id, first.reversed) == ("R-2", True)
    assert (second.payment_id, second.reversed) == ("R-1", not later)


def test_a_reversal_without_its_instant_counts_from_when_it_was_told(
    engine: sa.Engine, generation: Generation
) -> None:
    clock = NOW
    app = create_app(Settings(auth="off"), engine, lambda: generation, lambda: clock)
    client = Client(app)
    plain = payment(1, "2025-06-20T10:00:00-04:00", 50.0)
    tell(client, "payments", plain)
    clock = told = NOW + timedelta(hours=1)
    tell(client, "payments", plain | {"reversed": True})
    clock = NOW + timedelta(days=1)
    before, at = told - timedelta(microseconds=1), told
    for as_of, reversed_at in ((before, None), (at, told)):
        for sent in ([plain], []):
            body = late() | {"as_of": as_of.isoformat(), "payments": sent}
            (kept,) = decoded_again(engine, decide(client, body)).payments
            assert (kept.reversed, kept.reversed_at) == (reversed_at is not None, reversed_at)
    early = payment(2, (clock + timedelta(minutes=1)).isoformat(), 5.0, reversed=True)
    tell(client, "payments", early)  # by a clock that is ahead
    clock += timedelta(hours=1)
    body = late() | {"as_of": clock.isoformat()}
    payments = {row.payment_id: row for row in decoded_again(engine, decide(client, body)).payments}
    assert payments["R-2"].reversed_at == payments["R-2"].received_at


def test_a_reversal_is_not_before_the_payment_as_sent(client: Client, engine: sa.Engine) -> None:
    told = payment(1, "2025-06-20T10:00:00-04:00", 50.0, reversed=True)
    tell(client, "payments", told | {"reversed_at": "2025-06-21T10:00:00-04:00"})
    sent = payment(1, "2025-06-22T10:00:00-04:00", 50.0)
    (kept,) = decoded_again(engine, decide(client, late() | {"payments": [sent]})).payments
    assert (kept.reversed, kept.reversed_at) == (True, kept.received_at)


def decoded(body: Body) -> Decoded:
    return decode_decision(msgspec.json.encode(body), NOW)


def decoded_again(engine: sa.Engine, record: Body) -> Any:
    return decided_on(inputs(engine, record))


def test_a_row_that_was_sent_wins_and_a_correction_replaces_what_was_told(
    client: Client, engine: sa.Engine
) -> None:
    tell(client, "contacts", [SEVEN[0], SEVEN[1]])
    tell(client, "contacts", SEVEN[1] | {"at": "2025-07-02T13:30:01Z"})  # a second after as_of
    tell(client, "contacts", SEVEN[1])  # late: known
    mine = {k: v for k, v in SEVEN[0].items() if k != "account_id"} | {"outcome": "refused"}
    (contact,) = decoded_again(engine, decide(client, late() | {"contacts": [mine]})).contacts
    assert contact.outcome == "refused"
    (stored,) = decoded_again(engine, decide(client, late())).contacts
    assert (stored.contact_id, stored.outcome) == ("T-0", "no_answer")
    assert b'"at":"2025-07-01T10:15:00-04:00"' in inputs(engine, decide(client, late()))


def test_without_anything_told_inputs_stay_as_they_were(client: Client, engine: sa.Engine) -> None:
    body = examples.decision("USD")
    alone = inputs(engine, decide(client, body))
    tell(client, "contacts", [call(1, "2025-07-01T10:00:00Z", account_id="A-2", debtor_id="D")])
    tell(client, "contacts", call(2, "2025-07-02T13:30:01Z"))  # after as_of
    tell(client, "payments", body["payments"][0] | {"account_id": "A-1001", "amount": 1.0})
    tell(client, "outcomes", examples.outcomes() | {"days_past_due": 0})  # of a day that is sent
    assert inputs(engine, decide(client, body)) == alone


def test_more_rows_than_a_body_may_have_are_the_newest(
    client: Client, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uniting, "EVENTS_MAX", 5)
    monkeypatch.setattr(uniting, "STATEMENTS_MAX", 4)
    tell(client, "contacts", SEVEN[2:])
    sent = [{k: v for k, v in each.items() if k != "account_id"} for each in SEVEN[:2]]
    tell(client, "outcomes", examples.outcomes() | {"statement_date": "2025-06-15"})
    body = decoded_again(engine, decide(client, late() | {"contacts": sent}))
    assert [row.contact_id for row in body.contacts] == [f"T-{i}" for i in range(2, 7)]
    days = [str(row.statement_date) for row in body.statements]
    assert days == ["2025-04-30", "2025-05-31", "2025-06-15", "2025-06-30"]


def test_batches_and_large_bodies_are_united_too(client: Client) -> None:
    tell(client, "contacts", SEVEN)
    expected = what(decide(client, late()))
    items = [{"request_id": "1", **late()}, {"request_id": "2", **late(account_id="A-2")}]
    answered = client.post("/v1/decisions:batch?reasons=all", json={"items": [*items, {}]}).json()
    first, second, third = answered["results"]
    assert what(first["decision"]) == expected
    assert allowed(second["decision"]) != allowed(first["decision"])
    assert third["problem"]["status"] == 422
    spaced = msgspec.json.encode(late()) + b" " * 70_000
    header = {"Content-Type": "application/json"}
    large = client.post("/v1/decisions?reasons=all", content=spaced, headers=header)
    assert what(large.json()) == expected


def test_what_a_change_does_is_told_of_what_happened_but_for_lists_that_are_supposed(
    client: Client,
) -> None:
    def explained(**changes: object) -> Body:
        body = late() | {"changes": changes}
        answered = client.post("/v1/decisions:explain", json=body)
        assert answered.status_code == 200, answered.text
        told: Body = answered.json()
        return told

    tell(client, "contacts", SEVEN)
    told = explained(account={"balance": 2000.0})
    assert allowed(told["before"]) == allowed(told["after"]) == allowed(decide(client, late()))
    supposed = explained(contacts=[])
    assert allowed(supposed["before"]) == allowed(told["before"])
    assert allowed(supposed["after"])[2]
    assert not allowed(explained(payments=[])["after"])[2]


def as_known(tables: Tables) -> Tables:
    """The tables as of AS_OF: bodies hold nothing later."""
    tables = as_sent(tables, AS_OF)
    assert tables.payments is not None
    assert tables.contacts is not None
    dates = tables.statements["statement_date"]
    return replace(
        tables,
        statements=tables.statements[dates < pd.Timestamp(AS_OF.date() - timedelta(days=1))],
        payments=tables.payments[tables.payments["received_at"] <= AS_OF],
        contacts=tables.contacts[tables.contacts["at"] <= AS_OF],
    )


def batch(client: Client, items: list[Body]) -> list[Body]:
    answered = client.post("/v1/decisions:batch?reasons=all", json={"items": items})
    results: list[Body] = answered.json()["results"]
    return [{k: v for k, v in result.items() if k != "index"} for result in results]


def split(body: Body, told: dict[str, dict[str, Body]], rng: np.random.Generator) -> Body:
    """The body with half of its rows left out, which are told instead."""
    account = body["account"]["account_id"]
    sent = deepcopy(body)
    for name, kind, key in (
        ("payments", "payments", "payment_id"),
        ("contacts", "contacts", "contact_id"),
        ("statements", "outcomes", "statement_date"),
    ):
        rows = body[name]
        stays = rng.random(len(rows)) < 0.5
        if name == "statements":
            stays[0] = True
        if name == "payments":  # told without its instant, a reversal would be of another
            undated = [row["reversed"] and "reversed_at" not in row for row in rows]
            stays |= np.array(undated, bool)
        sent[name] = [row for row, stay in zip(rows, stays, strict=True) if stay]
        for row, stay in zip(rows, stays, strict=True):
            if not stay or rng.random() < 0.2:
                event = row | {"account_id": account}
                if kind == "outcomes":
                    event["outcome_id"] = f"{account} {row[key]}"[-64:]
                if kind == "contacts" and "debtor_id" in body["account"]:
                    event["debtor_id"] = body["account"]["debtor_id"]
                told[kind][event.get("outcome_id", row[key])] = event
    return sent


def test_one_query_is_asked_of_a_group_by_a_connection_that_is_kept(engine: sa.Engine) -> None:
    line = Happened(engine).line()
    taken: list[list[str]] = []

    def take(connection: Any, *_: object) -> None:
        taken.append([])
        connection.set_trace_callback(taken[-1].append)

    sa.event.listen(engine, "checkout", take)
    group = [decoded(late(account_id=f"A-{i}", debtor_id=f"D-{i}")) for i in range(50)]
    for _ in range(2):
        assert [united(each, held_of(line, group)) for each in group[:1]] == group[:1]
    line.close()
    assert [len(asked) for asked in taken] == [2]


def test_a_connection_that_is_lost_is_told_once_and_made_anew(
    generation: Generation, postgres_url: str
) -> None:
    upgrade(postgres_url)
    engine = connect(postgres_url)
    app = create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW)
    reading = sa.text(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE 'SELECT events.kind%'"
    )

    async def run() -> list[int]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url=BASE, timeout=60) as client,
        ):
            answers = []
            for path, body in ((ONE, late()), (BATCH, {"items": [late()]})):
                answers.append(await client.post(path, json=body))
                with engine.connect() as connection:
                    assert all(connection.execute(reading).scalars().all() or [False])
                answers += [await client.post(path, json=body) for _ in range(2)]
            return [each.status_code for each in answers]

    assert asyncio.run(run()) == [200, 503, 200] * 2
    engine.dispose()


def test_a_database_that_cannot_be_read_is_unavailable(client: Client, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE events RENAME TO away")
    answers = [
        client.post("/v1/decisions", json=late()),
        client.post("/v1/decisions:batch", json={"items": [late()]}),
        client.post("/v1/decisions:explain", json=late() | {"changes": {"contacts": []}}),
        client.post("/v1/contacts", json=SEVEN),
    ]
    for answered in answers:
        assert answered.status_code == 503
        assert answered.json()["type"].endswith(":unavailable")
    assert client.post("/v1/decisions", json={}).status_code == 422  # whatever is to be read


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'log.db'}" if sqlite else request.getfixturevalue("postgres_url")
    upgrade(url)
    made = connect(url)
    yield made
    made.dispose()


def test_what_was_told_counts_exactly_as_what_is_sent_along_and_replays(
    either: sa.Engine, generation: Generation, bundle_dir: Path
) -> None:
    app = create_app(Settings(auth="off"), either, lambda: generation, lambda: AS_OF)
    client, rng = Client(app), np.random.default_rng(11)
    tables = random_portfolio(11, 60)
    every = bodies(as_known(tables), late_accounts(tables), AS_OF)
    whole = [body for body in every if body["statements"]][:24]
    assert any(body.get("debtor_contacts") for body in whole)
    together = batch(client, whole)
    told: dict[str, dict[str, Body]] = {"payments": {}, "contacts": {}, "outcomes": {}}
    parts = [split(body, told, rng) for body in whole]
    for kind, rows in told.items():
        assert rows
        tell(client, kind, list(rows.values())[:1_000])
    for body, expected, result in zip(whole, together, batch(client, parts), strict=True):
        assert ("decision" in result) == ("decision" in expected)
        if "decision" not in result:
            assert result["problem"]["type"] == expected["problem"]["type"]
            continue
        assert what(result["decision"]) == what(expected["decision"]), body
        found = replay(either, Settings(models=bundle_dir), UUID(result["decision"]["decision_id"]))
        assert found is not None
        assert found.identical
