"""The service as its callers use it for visits, and the steps of one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import sqlalchemy as sa
from fastapi import FastAPI

from models.generation import Generation
from service.app import create_app
from service.database import connect, upgrade
from service.security.keys import Keys
from service.settings import Settings
from service.tables import EVENTS, VISITS
from tests.service.conftest import NOW, Client

ALL = ("planned", "made", "recorded", "followed_up", "closed")
ACCOUNT = "A-1001"
AGREED = {
    "contact_id": "C-agreed",
    "account_id": ACCOUNT,
    "at": "2025-07-01T15:00:00-04:00",
    "channel": "call",
    "direction": "in",
    "outcome": "conversation",
    "appointment_at": "2025-07-03T12:30:00Z",
}

Json = dict[str, Any]


class Desk:
    """The service, asked by whoever decides and by a reviewer."""

    def __init__(self, app: FastAPI, engine: sa.Engine, prefix: str = "") -> None:
        keys = Keys(engine)
        self.app, self.engine = app, engine
        self.strategy, self.reviewer = (
            Client(app, {"Authorization": f"Bearer {keys.add(prefix + name, scope)}"})
            for name, scope in (("strategy", "score"), ("reviewer", "review"))
        )

    def tell(self, *steps: Json) -> httpx.Response:
        return self.strategy.post("/v1/visits", json=list(steps))

    def told(self, *steps: Json) -> Json:
        answered = self.tell(*steps)
        assert answered.status_code == 200, answered.text
        return dict(answered.json())

    def refused(self, kind: str, *steps: Json) -> Json:
        before = self.rows()
        answered = self.tell(*steps)
        assert answered.json()["type"] == f"urn:curescore:problem:{kind}", answered.text
        assert self.rows() == before
        return dict(answered.json()["errors"][0])

    def rows(self) -> list[int]:
        with self.engine.connect() as connection:
            return [
                connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for table in (VISITS, EVENTS)
            ]

    def find(self, **conditions: Any) -> list[Json]:
        found = self.reviewer.post("/v1/visits:search", json=conditions)
        assert found.status_code == 200, found.text
        return list(found.json()["visits"])


@contextmanager
def desk_on(url: str, generation: Generation) -> Iterator[Desk]:
    """A service on that database, which gets its tables."""
    upgrade(url)
    engine = connect(url)
    app = create_app(Settings(auth="keys"), engine, lambda: generation, lambda: NOW)
    yield Desk(app, engine)
    engine.dispose()


def so_late(body: Json) -> Json:
    """The body of an account that is so late that somebody may go there."""
    del body["as_of"]
    body["account"] |= {"days_past_due": 123, "past_due_amount": 4200.0, "balance": 4400.0}
    for i, statement in enumerate(body["statements"]):
        statement["days_past_due"] = 30 * i + 30
    return body


def approved(desk: Desk, late: Json) -> str:
    """An approved decision that allows a visit."""
    assert desk.strategy.post("/v1/contacts", json=AGREED).status_code == 200
    proposed = desk.strategy.post("/v1/decisions", json=late).json()
    assert (proposed["status"], proposed["intensity"]["level"]) == ("proposed", 4), proposed
    assert "visit" in proposed["intensity"]["channels"]
    path = f"/v1/decisions/{proposed['decision_id']}:approve"
    answered = desk.reviewer.post(path, json={})
    assert answered.status_code == 200, answered.text
    return str(answered.json()["decision_id"])


def steps_on(decision_id: str) -> Callable[..., Json]:
    """A step of one visit: what is told of it, as it would be, with changes."""
    visit_id = str(uuid4())
    own: dict[str, Json] = {
        "planned": {"decision_id": decision_id, "contact_id": "C-agreed", "place": "home"},
        "made": {"met": "debtor"},
        "recorded": {
            "attitude": "cooperative",
            "outcome": "promise",
            "reason": "lost_job",
            "promised_amount": 200.0,
            "promised_on": "2025-07-10",
        },
        "followed_up": {"by": "call"},
        "closed": {"result": "promise_kept"},
    }

    def made(name: str, **changes: Any) -> Json:
        at = "2025-07-03T08:00:00-04:00"
        told = {"visit_id": visit_id, "account_id": ACCOUNT, "step": name, "at": at}
        whole = told | own[name] | changes
        return {key: value for key, value in whole.items() if value is not ...}

    return made
