"""The world that the pages are walked in: a service with keys, and decisions recorded over HTTP."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

from curescore.bodies import bodies, late_accounts
from curescore.failures import FAILED
from tests.browser.prepared import prepare
from tests.nights import decisions
from tests.replayed import followed, tell
from tests.servers import (
    Server,
    completed_here,
    curescore_here,
    curescore_json_here,
    serving,
)
from training.tables import read_tables

SCOPES = {"anna": "review", "ben": "review", "strategy": "score"}
LONG_ID = "L" * 63 + "1"  # as long as an id may be
LONG_TEXT = ("As agreed with the branch on the phone. " * 13)[:500]  # as long as a text may be

Json = dict[str, Any]


class World(NamedTuple):
    """Where the service is, keys by name, and the decisions of now, in the order of the log.

    `proposed` wait for a reviewer; `odd` has an id and amounts as long as may be, and
    little else; `overridden` took the place of another, with a text as long as may be; `visit` is
    planned.
    """

    address: str
    keys: dict[str, str]
    decided: list[Json]
    proposed: list[Json]
    odd: Json
    overridden: Json
    visit: str


class Desk:
    """Those who call the service, and its answers."""

    def __init__(self, server: Server, keys: dict[str, str]) -> None:
        self.clients = {
            name: httpx.Client(
                base_url=server.address, headers={"Authorization": f"Bearer {key}"}, timeout=60
            )
            for name, key in keys.items()
        }

    def post(self, name: str, path: str, body: Any) -> Json:
        answered = self.clients[name].post(path, json=body)
        assert answered.status_code == 200, answered.text
        return dict(answered.json())

    def decided(self, sent: Sequence[Json]) -> list[Json]:
        """The decisions on these bodies, of which a few cannot be decided."""
        results = self.post("strategy", "/v1/decisions:batch", {"items": sent})["results"]
        return [each["decision"] for each in results if each["decision"]]

    def overridden(self, record: Json, level: int, text: str) -> Json:
        body = {"level": level, "reason": "local_knowledge", "text": text}
        return self.post("anna", f"/v1/decisions/{record['decision_id']}:override", body)

    def close(self) -> None:
        for client in self.clients.values():
            client.close()


@contextmanager
def world(home: Path) -> Iterator[World]:
    """A service on a copy of the folder `home`, which is prepared if it is not there yet."""
    if not home.is_dir():
        prepare(home)
    here = home.with_name(f"{home.name}-served")
    shutil.rmtree(here, ignore_errors=True)
    shutil.copytree(home, here)
    environment = {"CURESCORE_HOME": str(here), "CURESCORE_AUTH": "keys"}
    keys = {name: _key(environment, name, scope) for name, scope in SCOPES.items()}
    with serving(environment, here / "output.txt") as server:
        desk = Desk(server, keys)
        made = _made(desk, server, keys, here)
        desk.close()
        _publish(environment, here)
        yield made


def _key(environment: dict[str, str], name: str, scope: str) -> str:
    return str(curescore_json_here(environment, "keys", "add", name, "--scope", scope)["key"])


def _made(desk: Desk, server: Server, keys: dict[str, str], home: Path) -> World:
    """Decide every late account, and some of them otherwise; tell what came of the nightly run."""
    tables, now = read_tables(home / "tables"), datetime.now(UTC)
    night = decisions(home / "night")
    last = dict(zip(night["account_id"], night["as_of"].dt.to_pydatetime(), strict=True))
    tell(desk.clients["strategy"], followed(tables, last))
    sent = list(bodies(tables, late_accounts(tables), now))
    decided = desk.decided(sent)
    by_id = {body["account"]["account_id"]: body for body in sent}
    ordinary = next(each for each in decided if each["status"] == "effective")
    visited, *waiting = [each for each in decided if each["status"] == "proposed"]
    return World(
        address=server.address,
        keys=keys,
        decided=decided,
        proposed=waiting,
        odd=desk.decided([_odd(sent[0])])[0],
        overridden=desk.overridden(ordinary, other_level(ordinary), LONG_TEXT),
        visit=_visit(desk, by_id[visited["account_id"]], now),
    )


def other_level(record: Json) -> int:
    """Another level that the rules leave, below the one that needs an approval."""
    levels = record["intensity"]["levels"]
    return next(
        each["level"]
        for each in levels
        if each["taken_by"] is None and each["level"] not in (4, record["intensity"]["level"])
    )


def _odd(body: Json) -> Json:
    """The body with an id and amounts as long as may be, and without what may be unknown."""
    amounts = {"balance": 123_456_789_012.34, "past_due_amount": 98_765_432_109.87}
    account = body["account"] | amounts | {"account_id": LONG_ID}
    kept = {"as_of": body["as_of"], "statements": body["statements"]}
    return kept | {"account": account}


def _visit(desk: Desk, body: Json, now: datetime) -> str:
    """Plan a visit on an approved decision, to an appointment that the debtor agreed to."""
    account_id, visit_id = body["account"]["account_id"], str(uuid4())
    agreed = {
        "contact_id": "agreed",
        "account_id": account_id,
        "at": (now - timedelta(hours=1)).isoformat(),
        "channel": "call",
        "direction": "in",
        "outcome": "conversation",
        "appointment_at": _noon_after(now, body["account"]["timezone"]).isoformat(),
    }
    desk.post("strategy", "/v1/contacts", agreed)
    (proposed,) = desk.decided([body])
    approved = desk.post("ben", f"/v1/decisions/{proposed['decision_id']}:approve", {})
    planned = {
        "visit_id": visit_id,
        "account_id": account_id,
        "step": "planned",
        "at": datetime.now(UTC).isoformat(),
        "decision_id": approved["decision_id"],
        "contact_id": "agreed",
        "place": "home",
    }
    desk.post("strategy", "/v1/visits", planned)
    return visit_id


def _noon_after(now: datetime, timezone: str) -> datetime:
    """Noon of the day after, where the debtor lives."""
    there = now.astimezone(ZoneInfo(timezone)) + timedelta(days=1)
    return there.replace(hour=12, minute=0, second=0, microsecond=0)


def _publish(environment: dict[str, str], home: Path) -> None:
    """The reports of the portfolio page; so few decisions break a bound of drift."""
    seen, out = str(home / "seen"), str(home / "kpi")
    curescore_here(environment, "export", "--out", seen)
    curescore_here(environment, "kpi", "--data", seen, "--out", out, "--publish")
    compared = ("--data", str(home / "night"), "--outcomes", str(home / "tables"))
    done = completed_here(environment, "monitor", *compared, "--publish")
    assert done.returncode == FAILED, done.stderr
