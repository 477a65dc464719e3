"""Two servers with homes of their own, as on two machines: one log, one registry."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from models.score.bundle import load
from service.bodies import examples
from service.database import connect, upgrade
from service.security.keys import Keys
from tests.postgres import new_database
from tests.registries import Store, other_bundle, store_in
from tests.servers import serving
from tests.waits import until

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # mlflow's use of SQLAlchemy
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),
]


class Replicas:
    """Clients of two servers that share PostgreSQL and the registry of `store`."""

    def __init__(self, store: Store, clients: list[httpx.Client]) -> None:
        self.store = store
        self.clients = clients

    def decide(self, i: int, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        answered = self.clients[i].post("/v1/decisions", json=body, headers=headers)
        assert answered.status_code == 200, answered.text
        return dict(answered.json())

    def bundles(self) -> list[str]:
        told = [client.get("/readyz").json() for client in self.clients]
        return [each["models"]["bundles"]["cure"]["sha256"] for each in told]


@pytest.fixture(scope="module")
def replicas(
    bundle_dir: Path, tmp_path_factory: pytest.TempPathFactory, postgres_server: sa.URL
) -> Iterator[Replicas]:
    with new_database(postgres_server) as url:
        yield from _started(bundle_dir, tmp_path_factory.mktemp("replicas"), url)


def _started(bundle_dir: Path, tmp_path: Path, postgres_url: str) -> Iterator[Replicas]:
    upgrade(postgres_url)
    engine = connect(postgres_url)
    token = Keys(engine).add("strategy", "admin")
    engine.dispose()
    first = tmp_path / "first"
    first.mkdir()
    store = store_in(first, bundle_dir)
    with ExitStack() as stack:
        clients = []
        for name in ("first", "second"):
            home = tmp_path / name
            home.mkdir(exist_ok=True)
            environment = {
                "CURESCORE_HOME": str(home),
                "CURESCORE_DATABASE_URL": postgres_url,
                "CURESCORE_TRACKING_URI": store.settings.tracking,
                "CURESCORE_RELOAD_SECONDS": "0.2",
            }
            server = stack.enter_context(serving(environment, home / "output.txt"))
            headers = {"Authorization": f"Bearer {token}"}
            client = httpx.Client(base_url=server.address, headers=headers, timeout=30)
            clients.append(stack.enter_context(client))
        yield Replicas(store, clients)


def test_they_share_the_log_and_follow_one_registry(replicas: Replicas, tmp_path: Path) -> None:
    body = examples.decision("USD")
    made = [replicas.decide(i, body) for i in (0, 1)]
    for i, record in enumerate(made):
        other = replicas.clients[1 - i].get(f"/v1/decisions/{record['decision_id']}")
        assert other.json() == record
    account = {"account_id": body["account"]["account_id"]}
    found = [
        client.post("/v1/decisions:search", json=account).json() for client in replicas.clients
    ]
    assert found[0] == found[1]
    assert {each["decision_id"] for each in found[0]["decisions"]} == {
        record["decision_id"] for record in made
    }

    keyed = {"Idempotency-Key": "once"}
    assert replicas.decide(0, body, **keyed) == replicas.decide(1, body, **keyed)

    second = other_bundle(tmp_path / "other", 1)
    replicas.store.champion(second)
    sha256 = load(second).sha256
    until(lambda: replicas.bundles() == [sha256, sha256])
    after = [replicas.decide(i, body) for i in (0, 1)]
    assert [record["versions"]["bundle_sha256"] for record in after] == [sha256, sha256]
    told = [{**r, "decision_id": "", "decided_at": ""} for r in after]
    assert told[0] == told[1]


def test_what_one_is_told_counts_at_the_other_at_once(replicas: Replicas) -> None:
    body = examples.decision("USD")
    body["account"]["account_id"] = account_id = "A-called"
    before = replicas.decide(1, body)
    calls = [
        {
            "contact_id": f"call-{i}",
            "account_id": account_id,
            "at": f"2025-07-01T{9 + i:02}:00:00-04:00",
            "channel": "call",
            "direction": "out",
            "outcome": "no_answer",
        }
        for i in range(7)
    ]
    told = replicas.clients[0].post("/v1/contacts", json=calls)
    assert told.json() == {"received": 7, "new": 7, "corrected": 0, "known": 0}
    assert replicas.clients[1].post("/v1/contacts", json=calls).json()["known"] == 7
    after = replicas.decide(1, body)
    assert used(before, "us.reg_f.calls") + 7 == used(after, "us.reg_f.calls")
    assert "call" not in after["intensity"]["channels"]


def used(record: dict[str, Any], rule: str) -> int:
    (limit,) = [each for each in record["intensity"]["limits"] if each["rule"] == rule]
    return int(limit["used"])


def test_a_key_sent_to_both_at_once_decides_once(replicas: Replicas) -> None:
    body = examples.decision("USD")

    def send(i: int, key: str) -> tuple[int, str | None]:
        headers = {"Idempotency-Key": key}
        answered = replicas.clients[i].post("/v1/decisions", json=body, headers=headers)
        return answered.status_code, answered.json().get("decision_id")

    with ThreadPoolExecutor(2) as pool:
        for n in range(10):
            answers = list(pool.map(send, (0, 1), (f"key {n}".replace(" ", "-"),) * 2))
            assert [status for status, _ in answers] == [200, 200]
            assert answers[0][1] == answers[1][1]
