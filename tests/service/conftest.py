"""The service under test: a real bundle, a real database, requests through the real app."""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from features.panel import known_at
from models.decide import decide
from models.decision import Decision
from models.generation import Generation
from service.app import create_app
from service.bodies import examples
from service.bodies.panels import panel_of
from service.bodies.schemas import DecisionBody
from service.database import connect, upgrade
from service.security.keys import Keys
from service.served.reload import load_generation
from service.settings import Settings
from tests.service.evidences import Told, told_in

NOW = datetime(2025, 7, 3, 12, tzinfo=UTC)
BASE = "http://127.0.0.1"


class Client:
    """Requests to an app, answered in this process."""

    def __init__(self, app: FastAPI, headers: dict[str, str] | None = None) -> None:
        self.app = app
        self._headers = headers or {}

    def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        return asyncio.run(self._request(method, path, **kwargs))

    def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.request("POST", path, **kwargs)

    async def _request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with (
            self.app.router.lifespan_context(self.app),
            httpx.AsyncClient(transport=transport, base_url=BASE, headers=self._headers) as client,
        ):
            return await client.request(method, path, **kwargs)


@pytest.fixture(autouse=True)
def _home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the developer's own `var` is none of a test's business."""
    monkeypatch.setenv("CURESCORE_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def generation(bundle_dir: Path) -> Generation:
    return load_generation(Settings(models=bundle_dir))


@pytest.fixture(scope="session")
def decision(generation: Generation) -> Decision:
    """The decision of the example's account."""
    body = DecisionBody.model_validate(examples.decision("USD"))
    panel = panel_of([body])
    assert body.as_of is not None
    view = known_at(panel, np.zeros(1, np.int64), np.array([body.as_of.timestamp()]))
    made = decide(generation, [body.account.account()], panel, view)[0]
    assert isinstance(made, Decision)
    return made


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A home whose registry tells of models and policies, with the evidence in its cache."""
    return told_in(tmp_path_factory.mktemp("told"))


@pytest.fixture(scope="session")
def evidence_cache(told: Told) -> Path:
    """The cache with the evidence of `told`."""
    return told.cache


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def database_url(tmp_path: Path, empty_database: Path) -> str:
    """A SQLite database with all tables, empty."""
    return f"sqlite:///{shutil.copy(empty_database, tmp_path / 'decisions.db')}"


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    made = connect(database_url)
    yield made
    made.dispose()


@pytest.fixture
def client(engine: sa.Engine, generation: Generation) -> Client:
    """A client of a service without keys, whose clock stands at NOW."""
    return Client(create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW))


@pytest.fixture
def keyed_app(engine: sa.Engine, generation: Generation) -> FastAPI:
    return create_app(Settings(auth="keys"), engine, lambda: generation, lambda: NOW)


@pytest.fixture
def keys(engine: sa.Engine) -> Keys:
    return Keys(engine)


@pytest.fixture
def body() -> dict[str, Any]:
    """A body that is decided: change one thing and see."""
    return examples.decision("USD")
