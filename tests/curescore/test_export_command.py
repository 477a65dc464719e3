"""`curescore export`: what the service saw, as the tables that training reads."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from models.target import Outcome
from service.bodies import examples
from service.database import connect, upgrade
from service.instants import microseconds, new_id
from service.log.exported import Window, snapshot
from service.log.packing import packed_inputs
from service.log.records import Entry, Override, canonical, entry
from service.tables import EVENTS, SUPERSESSIONS, VISITS
from tests.records import decided as decision
from tests.records import first_record
from tests.replayed import decided, followed, sent_at, tell, then
from tests.servers import completed, completed_here, serving
from tests.storing import AT, numbered, put, store_whole
from training.assigned import assigned
from training.panels import panel_of
from training.sources.simulate import simulate
from training.tables import Tables, read_tables

MONTH_ENDS = tuple(
    datetime(2023, month, day, 12, tzinfo=UTC) for month, day in ((5, 31), (6, 30), (8, 31))
)
TABLES = ("accounts", "statements", "payments", "contacts", "assignments", "decisions", "rules")


def exported(environment: dict[str, str], out: Path, *options: str) -> dict[str, Any]:
    done = completed_here(environment, "export", "--out", str(out), "--json", *options)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def rows(out: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(out / f"{table}.parquet").to_pylist()
    return found


# A simulated portfolio that was sent as time passed, and what followed.


@dataclass
class Sent:
    """What a service was sent of a portfolio, what it decided, and the export of it."""

    environment: dict[str, str]
    tables: Tables
    answers: list[dict[str, Any]]
    last: dict[str, datetime]
    out: Path
    manifest: dict[str, Any]


@pytest.fixture(scope="module")
def seen(bundle_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Sent:
    home = tmp_path_factory.mktemp("seen")
    environment = {"CURESCORE_HOME": str(home), "CURESCORE_MODELS": str(bundle_dir)}
    environment["CURESCORE_AUTH"] = "off"
    simulate(home / "all", 600, 10, seed=7)
    tables = read_tables(home / "all")
    assert completed_here(environment, "db", "upgrade").returncode == 0
    answers: list[dict[str, Any]] = []
    with (
        serving(environment, home / "output.txt") as server,
        httpx.Client(base_url=server.address, timeout=60) as client,
    ):
        for as_of in MONTH_ENDS:
            answers += decided(client, sent_at(tables, as_of))
        last = {each["account_id"]: datetime.fromisoformat(each["as_of"]) for each in answers}
        tell(client, followed(tables, last))
    out = home / "exported"
    return Sent(environment, tables, answers, last, out, exported(environment, out))


def of_decided(frame: pd.DataFrame, seen: Sent) -> pd.DataFrame:
    return frame[frame["account_id"].isin(list(seen.last))].reset_index(drop=True)


def test_what_was_sent_is_exported_exactly(seen: Sent) -> None:
    found = read_tables(seen.out)
    assert found.payments is not None
    assert found.contacts is not None
    assert seen.tables.payments is not None
    assert seen.tables.contacts is not None
    pd.testing.assert_frame_equal(found.statements, of_decided(seen.tables.statements, seen))
    pd.testing.assert_frame_equal(found.payments, of_decided(seen.tables.payments, seen))
    pd.testing.assert_frame_equal(found.contacts, of_decided(seen.tables.contacts, seen))
    assert found.payments["reversed"].any()
    assert len(found.accounts) == len(seen.last) < len(seen.tables.accounts)


def test_accounts_are_as_they_were_last_sent(seen: Sent) -> None:
    known = pd.concat(then(seen.tables, as_of).accounts.assign(at=as_of) for as_of in MONTH_ENDS)
    wanted = known[known["at"] == known["account_id"].map(seen.last)].drop(columns="at")
    wanted = wanted.sort_values("account_id").reset_index(drop=True)
    pd.testing.assert_frame_equal(read_tables(seen.out).accounts, wanted)


def test_files_are_of_the_types_that_a_simulation_writes(seen: Sent) -> None:
    drawn = Path(seen.environment["CURESCORE_HOME"]) / "all"
    for name in ("accounts", "statements", "payments", "contacts", "assignments"):
        written = pq.read_schema(seen.out / f"{name}.parquet")
        assert written.equals(pq.read_schema(drawn / f"{name}.parquet")), name


def test_every_decision_is_a_row_with_its_rules(seen: Sent) -> None:
    by_id = {row["decision_id"]: row for row in rows(seen.out, "decisions")}
    assert len(by_id) == len(seen.answers)
    for answer in seen.answers:
        row, score, intensity = by_id[answer["decision_id"]], answer["score"], answer["intensity"]
        for name in ("account_id", "status", "actor", "currency", "supersedes"):
            assert row[name] == answer[name], name
        for name in ("as_of", "decided_at", "valid_until"):
            assert row[name] == datetime.fromisoformat(answer[name])
        for name in ("target", "stage", "tier", "probability"):
            assert row[name] == score[name], name
        for name in ("level", "recommended", "treatment", "channels", "arm"):
            assert row[name] == intensity[name], name
        chosen = intensity["levels"][intensity["level"]]
        assert (row["cost"], row["net"]) == (chosen["cost"], chosen["net"])
        assert row["model"] == answer["versions"]["model"]
        assert row["policy"] == answer["versions"]["policy"]
        assert row["override_reason"] is None
    bound = [
        (answer["decision_id"], rule["rule"], rule["took_away"])
        for answer in seen.answers
        for rule in answer["intensity"]["binding_rules"]
    ]
    assert bound
    assert sorted(map(tuple, (row.values() for row in rows(seen.out, "rules")))) == sorted(bound)


def test_assignments_show_what_each_level_might_have_been(seen: Sent) -> None:
    found = read_tables(seen.out)
    assert found.assignments is not None
    assert len(found.assignments) == len(seen.answers)
    panel, _ = panel_of(found)
    known = assigned(found, panel, Outcome("cure", 1))
    assert len(known) > 0.8 * len(seen.answers)  # some lack a month
    propensity = known.propensity.sum(axis=1)
    assert np.allclose(propensity, 1)


def test_a_night_over_the_export_decides_as_the_service_did(seen: Sent, tmp_path: Path) -> None:
    last = MONTH_ENDS[-1]
    arguments = ("--data", str(seen.out), "--out", str(tmp_path / "night"), "--workers", "1")
    done = completed_here(seen.environment, "score", *arguments, "--as-of", last.isoformat())
    assert done.returncode == 0, done.stderr
    night = pq.read_table(tmp_path / "night" / "decisions").to_pandas().set_index("account_id")
    then_decided = [row for row in rows(seen.out, "decisions") if row["as_of"] == last]
    assert then_decided
    for row in then_decided:
        again = night.loc[row["account_id"]]
        assert again["probability"] == row["probability"]
        assert (again["level"], again["treatment"]) == (row["level"], row["treatment"])


def test_the_manifest_tells_what_is_there_and_what_is_not(seen: Sent) -> None:
    written = json.loads((seen.out / "export.json").read_text())
    assert seen.manifest == written | {"out": str(seen.out)}
    assert written["rows"] == {name: len(rows(seen.out, name)) for name in TABLES}
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in seen.out.glob("*.parquet")
    }
    assert written["files"] == digests
    assert set(digests) == {f"{name}.parquet" for name in TABLES}
    shared = written["left_out"].pop("debtor_contacts_without_account_id")
    assert (shared > 0, written["left_out"], written["changed"]) == (True, {}, {})


def test_days_bound_decisions_and_what_happened(seen: Sent, tmp_path: Path) -> None:
    today = max(row["decided_at"] for row in rows(seen.out, "decisions")).date()
    same = exported(seen.environment, tmp_path / "same", "--from", str(today - timedelta(1)))
    assert same["rows"] == seen.manifest["rows"]
    for options in (("--until", str(today - timedelta(2))), ("--from", str(today + timedelta(1)))):
        done = completed_here(seen.environment, "export", "--out", str(tmp_path / "x"), *options)
        assert done.returncode == 2
        assert "holds no decision that was made on these days" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["same"]


def test_people_are_told_what_was_written_and_of_nobody(seen: Sent, tmp_path: Path) -> None:
    done = completed_here(seen.environment, "export", "--out", str(tmp_path / "again"))
    assert f"next: curescore train --data {tmp_path}/again" in done.stdout
    assert f"statements {seen.manifest['rows']['statements']:,}" in " ".join(done.stdout.split())
    assert not any(account_id in done.stdout + done.stderr for account_id in seen.last)
    assert (tmp_path / "again").stat().st_mode & 0o077 == 0


# A log of a few decisions, put there one by one.


@dataclass
class Log:
    """A decision log of the test's own."""

    engine: sa.Engine
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "CURESCORE_HOME": str(self.home),
            "CURESCORE_DATABASE_URL": self.engine.url.render_as_string(hide_password=False),
        }

    def decide(
        self,
        account: str = "A-1",
        seconds: int = 0,
        override: Override | None = None,
        *,
        as_of: datetime = AT,
        changes: dict[str, Any] | None = None,
        level: int = 1,
        **lists: Any,
    ) -> UUID:
        """Record a decision on an account like the example's; `lists` are those of its body."""
        body = examples.decision("USD") | {"as_of": as_of.isoformat(), **lists}
        body["account"] = body["account"] | {"account_id": account} | (changes or {})
        made = replace(decision(level=level), account_id=account, as_of=as_of.isoformat())
        recorded, _ = entry(
            made,
            canonical(body).encode(),
            decided_at=AT + timedelta(seconds=seconds),
            actor="test",
            generation=numbered(self.engine, made),
            override=override,
        )
        self.put(recorded)
        if override is not None:
            row = {"decision_id": override.supersedes, "kind": recorded.kind}
            with self.engine.begin() as connection:
                row |= {"superseded_by": recorded.decision_id}
                connection.execute(SUPERSESSIONS.insert(), row)
        return recorded.decision_id

    def put(self, recorded: Entry) -> None:
        put(self.engine, [recorded])

    def happen(self, kind: str, row: dict[str, Any], version: int = 0, seconds: int = 60) -> None:
        """Record an event: its row as sent, with the id of its kind."""
        at = row.get("at") or row.get("received_at") or f"{row['statement_date']}T00:00:00Z"
        told = {name: value for name, value in row.items() if name != "outcome_id"}
        with self.engine.begin() as connection:
            connection.execute(
                EVENTS.insert(),
                {
                    "kind": kind,
                    "event_id": row[f"{kind}_id"],
                    "version": version,
                    "account_id": row["account_id"],
                    "debtor_id": None,
                    "at": microseconds(datetime.fromisoformat(at)),
                    "recorded_at": microseconds(AT + timedelta(seconds=seconds)),
                    "actor": "test",
                    "body": json.dumps(told).encode(),
                },
            )

    def export(self, name: str = "out", *options: str) -> tuple[Path, dict[str, Any]]:
        out = self.home / name
        return out, exported(self.environment, out, *options)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database without a row."""
    path = tmp_path_factory.mktemp("empty") / "decisions.db"
    upgrade(f"sqlite:///{path}")
    return path.read_bytes()


@pytest.fixture
def log(empty: bytes, tmp_path: Path) -> Iterator[Log]:
    (tmp_path / "decisions.db").write_bytes(empty)
    engine = connect(f"sqlite:///{tmp_path}/decisions.db")
    yield Log(engine, tmp_path)
    engine.dispose()


@pytest.fixture
def postgres(postgres_url: str, tmp_path: Path) -> Iterator[Log]:
    upgrade(postgres_url)
    engine = connect(postgres_url)
    yield Log(engine, tmp_path)
    engine.dispose()


def payment(payment_id: str, **changes: Any) -> dict[str, Any]:
    plain = {"payment_id": payment_id, "received_at": "2025-06-30T09:00:00-04:00", "amount": 40}
    return plain | {"reversed": False} | changes


def contact(contact_id: str, **changes: Any) -> dict[str, Any]:
    plain = {"contact_id": contact_id, "at": "2025-06-27T10:15:00-04:00", "channel": "sms"}
    return plain | {"direction": "out", "outcome": "sent"} | changes


def statement(day: str, **changes: Any) -> dict[str, Any]:
    plain = {"statement_date": day, "balance": 100.0, "days_past_due": 10, "status": "open"}
    return plain | changes


def check_overrides(log: Log) -> None:
    first = log.decide(level=1)
    second = log.decide(seconds=1, override=Override(first, "approved", None), level=1)
    third = log.decide(seconds=2, override=Override(second, "hardship", "ill"), level=0)
    log.decide("A-2", level=3, payments=[], contacts=[])
    log.decide("A-2", 1, level=2, payments=[], contacts=[])
    out, manifest = log.export()
    decisions = {row["decision_id"]: row for row in rows(out, "decisions")}
    chain = [decisions[str(each)] for each in (first, second, third)]
    assert [row["status"] for row in chain] == ["superseded", "superseded", "effective"]
    assert [row["supersedes"] for row in chain] == [None, str(first), str(second)]
    assert [row["override_reason"] for row in chain] == [None, "approved", "hardship"]
    kept = [
        (row["account_id"], row["level"], row["overridden"]) for row in rows(out, "assignments")
    ]
    assert kept == [("A-1", 1, True), ("A-2", 2, False)]
    assert manifest["left_out"] == {"decided_again": 1, "reviewed": 2}


def test_an_assignment_is_what_was_decided_before_anybody_changed_it(log: Log) -> None:
    check_overrides(log)


def test_postgresql_is_exported_alike(postgres: Log) -> None:
    check_overrides(postgres)


def test_an_outcome_beats_what_was_sent_and_the_latest_what_was_before(log: Log) -> None:
    days = [statement("2025-04-30"), statement("2025-05-31"), statement("2025-06-30")]
    log.decide(statements=days)
    log.decide(seconds=1, statements=[*days[:1], days[1] | {"balance": 200.0}])
    told = {"account_id": "A-1", "outcome_id": "O-1", "amount_due": 5.5}
    log.happen("outcome", days[0] | told | {"balance": 7.0})
    log.happen("outcome", days[0] | told | {"balance": 8.0}, 1, 61)
    log.happen("outcome", statement("2025-07-31", account_id="A-1", outcome_id="O-2"))
    found = read_tables(log.export()[0]).statements
    assert found["balance"].tolist() == [8.0, 200.0, 100.0, 100.0]
    assert found["amount_due"].tolist()[0] == 5.5
    assert found["amount_due"].isna().tolist() == [False, True, True, True]


def test_a_reversal_is_never_lost(log: Log) -> None:
    back = {"reversed": True, "reversed_at": "2025-07-01T12:00:00Z"}
    log.decide(payments=[payment("P-1", **back), payment("P-2"), payment("P-3")])
    log.decide(seconds=120, payments=[payment(f"P-{i}") for i in (1, 2, 3, 4)])
    own = {"account_id": "A-1"}
    log.happen("payment", payment("P-2", **own, **back))
    log.happen("payment", payment("P-3", **own), seconds=180)
    log.happen("payment", payment("P-3", **own, amount=41, reversed=True), 1, 181)
    later = "2025-07-02T09:00:00Z"
    log.happen("payment", payment("P-4", **own, **back), seconds=90)
    log.happen("payment", payment("P-4", **own, received_at=later, reversed=True), 1, 200)
    log.decide(seconds=300, payments=[payment("P-4", received_at=later)])
    out, manifest = log.export()
    found = read_tables(out).payments
    assert found is not None
    assert found["reversed"].tolist() == [True] * 4
    assert found["reversed_at"].notna().tolist() == [True, True, False, False]
    assert found["amount"].tolist() == [40, 40, 41, 40]
    assert manifest["changed"] == {}


def test_what_tables_cannot_hold_beside_the_rest_is_left_empty(log: Log) -> None:
    back = {"reversed": True, "reversed_at": "2025-07-01T12:00:00Z"}
    late = contact("C-1", at="2025-06-30T23:30:00-04:00", outcome="promise")
    late |= {"promised_on": "2025-06-30", "promised_amount": 5}
    log.decide(payments=[payment("P-1", **back)], contacts=[late])
    log.decide(
        seconds=1,
        payments=[payment("P-1", received_at="2025-07-02T00:00:00Z")],
        contacts=[],
        changes={"timezone": "Asia/Shanghai", "opened_on": "2025-07-01"},
    )
    out, manifest = log.export()
    found = read_tables(out)
    assert found.payments is not None
    assert found.contacts is not None
    assert found.payments["reversed"].tolist() == [True]
    assert found.payments["reversed_at"].isna().all()
    assert found.contacts["promised_on"].isna().all()
    assert found.accounts["opened_on"].isna().all()
    names = ("opened_on_after_last_statement", "promised_on_out_of_reach")
    assert manifest["changed"] == dict.fromkeys((*names, "reversed_at_before_received_at"), 1)


def test_an_id_stands_once_whoever_sent_it(log: Log) -> None:
    log.decide("A-1", payments=[payment("P-1", amount=1)], contacts=[contact("C-1")])
    log.decide("A-2", payments=[payment("P-1", amount=2)], contacts=[contact("C-1")])
    out, manifest = log.export()
    found = read_tables(out)
    assert found.payments is not None
    assert found.payments[["account_id", "amount"]].to_numpy().tolist() == [["A-1", 1.0]]
    with_another = "with_the_id_of_another_account"
    assert manifest["left_out"] == {
        f"contacts_{with_another}": 1,
        f"payments_{with_another}": 1,
    }


def test_contacts_with_the_debtor_go_to_the_account_they_name(log: Log) -> None:
    told = [
        contact("C-7", account_id="A-0"),
        contact("C-8", account_id="A-2", channel="call"),
        contact("C-9", account_id="A-2"),
        contact("C-10", account_id="A-3"),
        contact("C-11"),
    ]
    log.decide("A-0", payments=[], contacts=[])
    log.decide("A-1", payments=[], contacts=[], debtor_contacts=told)
    log.decide("A-2", payments=[], contacts=[contact("C-8", channel="email")])
    out, manifest = log.export()
    found = read_tables(out).contacts
    assert found is not None
    kept = found[["contact_id", "account_id", "channel"]].to_numpy().tolist()
    assert kept == [["C-7", "A-0", "sms"], ["C-8", "A-2", "email"], ["C-9", "A-2", "sms"]]
    assert manifest["left_out"] == {
        "debtor_contacts_of_accounts_not_decided": 1,
        "debtor_contacts_without_account_id": 1,
    }


def test_what_happened_to_accounts_never_decided_is_counted(log: Log) -> None:
    log.decide("A-1")
    log.happen("contact", contact("C-5", account_id="A-9"))
    log.happen("contact", contact("C-5", account_id="A-9", channel="call"), 1)
    log.happen("contact", contact("C-6", account_id="A-1"))
    step(log, "A-1")
    step(log, "A-9")
    out, manifest = log.export()
    (visit,) = rows(out, "visits")
    assert (visit["account_id"], visit["number"], visit["step"]) == ("A-1", 0, "planned")
    assert json.loads(visit["body"]) == {"plan": "call first"}
    assert [row["contact_id"] for row in rows(out, "contacts")] == ["C-1", "C-6"]
    names = ("events_of_accounts_not_decided", "steps_of_accounts_not_decided")
    assert manifest["left_out"] == dict.fromkeys(names, 1)


def step(log: Log, account_id: str) -> None:
    row = {"visit_id": new_id(AT), "number": 0, "step": "planned", "account_id": account_id}
    row |= {"at": microseconds(AT), "recorded_at": microseconds(AT), "actor": "test"}
    with log.engine.begin() as connection:
        connection.execute(VISITS.insert(), row | {"body": b'{"plan": "call first"}'})


def test_what_was_not_known_is_no_table_and_what_did_not_happen_an_empty_one(log: Log) -> None:
    log.decide(payments=None, contacts=[])
    out, manifest = log.export()
    assert not (out / "payments.parquet").exists()
    assert rows(out, "contacts") == []
    found = read_tables(out)
    assert found.payments is None
    assert found.contacts is not None
    assert "payments" not in manifest["rows"]


def test_inputs_of_a_night_are_read_from_their_columns(log: Log) -> None:
    columns = {"payment_id": ["P-1", "P-2"], "received_at": ["2025-06-01T00:00:00.5Z"] * 2}
    columns |= {"amount": [1, 2.5], "reversed": [False, True], "reversed_at": [None, None]}
    log.decide(payments=columns, contacts={})
    found = read_tables(log.export()[0])
    assert found.payments is not None
    assert found.payments["amount"].tolist() == [1, 2.5]
    assert found.payments["received_at"][0] == pd.Timestamp("2025-06-01T00:00:00.5Z")
    assert found.contacts is not None
    assert found.contacts.empty


def test_days_choose_decisions_and_end_what_happened(log: Log) -> None:
    day = timedelta(days=1)
    first = log.decide("A-1")
    log.decide("A-1", int(day.total_seconds()), Override(first, "hardship", None), level=0)
    log.decide("A-2", int(day.total_seconds()))
    log.happen("contact", contact("C-6", account_id="A-1", at=AT.isoformat()))
    log.happen("contact", contact("C-7", account_id="A-1", at=(AT + day).isoformat()))
    days = [str((AT + number * day).date()) for number in range(3)]
    until, _ = log.export("until", "--until", days[0])
    assert [row["status"] for row in rows(until, "decisions")] == ["effective"]
    assert [row["overridden"] for row in rows(until, "assignments")] == [False]
    assert [row["contact_id"] for row in rows(until, "contacts")] == ["C-1", "C-6"]
    since, manifest = log.export("since", "--from", days[1])
    assert [row["account_id"] for row in rows(since, "decisions")] == ["A-1", "A-2"]
    assert [row["account_id"] for row in rows(since, "assignments")] == ["A-2"]
    kept = [row["contact_id"] for row in rows(since, "contacts")]
    assert kept[:3] == ["C-1", "C-6", "C-7"]
    assert (manifest["decided_from"], manifest["before"]) == (f"{days[1]}T00:00:00+00:00", None)
    done = completed_here(
        log.environment, "export", "--out", "x", "--from", days[2], "--until", days[0]
    )
    assert (done.returncode, "is after --until" in done.stderr) == (2, True)


def test_records_of_earlier_schemas_are_decisions_and_no_assignments(log: Log) -> None:
    store_whole(log.engine, first_record())
    with sqlite3.connect(log.home / "decisions.db") as connection:
        connection.execute("DROP TRIGGER decisions_no_update")
        body = examples.decision("USD")
        body["account"]["account_id"] = first_record()["account_id"]
        inputs = packed_inputs(canonical(body).encode())
        connection.execute("UPDATE decisions SET inputs = ?", (inputs,))
    connection.close()
    out, manifest = log.export()
    (row,) = rows(out, "decisions")
    told = (row["level"], row["recommended"], row["cost"], row["arm"], row["model"])
    assert told == (1, None, None, None, "cure/1")
    assert not (out / "assignments.parquet").exists()
    assert manifest["left_out"] == {"without_propensities": 1}


def test_what_cannot_be_read_ends_it_and_leaves_nothing(log: Log) -> None:
    log.decide("A-1")
    damaged = log.decide("A-2")
    with sqlite3.connect(log.home / "decisions.db") as connection:
        connection.execute("DROP TRIGGER decisions_no_update")
        connection.execute("UPDATE decisions SET record = x'0207' WHERE account_id = 'A-2'")
    connection.close()
    done = completed_here(log.environment, "export", "--out", str(log.home / "out"))
    assert done.returncode == 1
    assert f"decision {damaged} is damaged" in done.stderr
    assert not [path for path in log.home.iterdir() if "out" in path.name]


def test_a_folder_that_holds_anything_is_refused(log: Log) -> None:
    log.decide()
    out = log.home / "out"
    out.mkdir()
    exported(log.environment, out)
    before = {path: path.read_bytes() for path in out.iterdir()}
    done = completed_here(log.environment, "export", "--out", str(out))
    assert (done.returncode, "already holds something" in done.stderr) == (2, True)
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    file = log.home / "file"
    file.touch()
    done = completed_here(log.environment, "export", "--out", str(file))
    assert (done.returncode, "is not a folder" in done.stderr) == (2, True)


def test_an_empty_log_is_no_export(log: Log) -> None:
    done = completed_here(log.environment, "export", "--out", str(log.home / "out"))
    assert (done.returncode, "holds no decision" in done.stderr) == (2, True)
    assert not (log.home / "out").exists()


def check_one_instant(log: Log) -> None:
    first = log.decide("A-1")
    log.decide("A-3")
    with snapshot(log.engine, Window()) as taken:
        assert taken.totals().decisions == 2
        log.decide("A-2")
        log.decide("A-1", 1, Override(first, "hardship", None))
        log.happen("contact", contact("C-6", account_id="A-3"))
        found = {seen.account_id: (list(seen.decided), seen.events) for seen in taken.accounts()}
    assert list(found) == ["A-1", "A-3"]
    ((once,), _), ((_,), events) = found["A-1"], found["A-3"]
    assert (once.superseded_by, events) == (None, [])


def test_it_is_of_one_instant_on_sqlite(log: Log) -> None:
    check_one_instant(log)


def test_it_is_of_one_instant_on_postgresql(postgres: Log) -> None:
    check_one_instant(postgres)


def test_accounts_are_read_in_parts_and_none_twice(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.log.exported.PAGE", 3)
    monkeypatch.setattr("curescore.exporting.sheets.GROUP_ROWS", 4)
    told = {f"ü {i}": 1 + i % 5 for i in range(9)}
    for number, (account, decisions) in enumerate(told.items()):
        for again in range(decisions):
            at = AT - timedelta(hours=again)
            log.decide(account, 100 * number + again, as_of=at, payments=[], contacts=[])
    out, _ = log.export()
    found = [row["account_id"] for row in rows(out, "decisions")]
    assert found == [account for account, decisions in told.items() for _ in range(decisions)]
    assert [row["account_id"] for row in rows(out, "accounts")] == list(told)
    assert pq.ParquetFile(out / "decisions.parquet").num_row_groups > 3


def test_without_what_trains_it_says_what_is_missing(log: Log, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden" / "pyarrow"
    hidden.mkdir(parents=True)
    missing = "raise ModuleNotFoundError(\"No module named 'pyarrow'\", name='pyarrow')"
    (hidden / "__init__.py").write_text(missing)
    path = os.pathsep.join([str(hidden.parent), os.environ.get("PYTHONPATH", "")])
    environment = log.environment | {"PYTHONPATH": path}
    done = completed(environment, "export", "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    said = "pyarrow is not installed; install what trains: pip install 'curescore[train]'"
    assert done.stderr.splitlines() == [f"cannot go on: {said}"]
