"""Two reviewers at the pages of a service that keeps what it served."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from models.generation import Generation
from service.app import create_app
from service.bodies import examples
from service.log.records import Record
from service.security.keys import Keys
from service.served.kept import keep_bundle, keep_policy
from service.settings import Settings
from tests.service.conftest import NOW, Client
from tests.service.pages import Browser, signed_in


def settings_of(home: Path, bundle_dir: Path) -> Settings:
    """Of a service that has kept what it served."""
    made = Settings(home=home)
    keep_bundle(made.cache, bundle_dir)
    keep_policy(made.cache, None)
    return made


@dataclass
class Reviewers:
    """Anna and Ben, signed in, and the system that decides; clock and generation may change."""

    engine: sa.Engine
    settings: Settings
    generation: Generation
    now: datetime = NOW
    anna: Browser = field(init=False)
    ben: Browser = field(init=False)
    strategy: Client = field(init=False)

    def __post_init__(self) -> None:
        app = create_app(self.settings, self.engine, lambda: self.generation, lambda: self.now)
        add = Keys(self.engine).add
        self.strategy = Client(app, {"Authorization": f"Bearer {add('strategy', 'score')}"})
        self.anna = signed_in(app, add("anna", "review"))
        self.ben = signed_in(app, add("ben", "review"))

    def decided(self, **account: Any) -> Record:
        """The decision on the example's account, with changes."""
        body = examples.decision("USD")
        body["account"] |= account
        return self.decided_on(body)

    def decided_on(self, body: Record) -> Record:
        """The decision on a body."""
        answered = self.strategy.post("/v1/decisions?reasons=all", json=body)
        assert answered.status_code == 200, answered.text
        record: Record = answered.json()
        return record

    def read(self, decision_id: str) -> Record:
        """A record as the API has it."""
        record: Record = self.strategy.get(f"/v1/decisions/{decision_id}?reasons=all").json()
        return record


def rows_of(engine: sa.Engine) -> dict[str, list[Any]]:
    """Every row of every table."""
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: sorted(connection.execute(sa.select(table)).all(), key=repr)
            for table in tables.sorted_tables
        }
