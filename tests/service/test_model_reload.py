"""The service as a process, whose models are replaced and damaged, and whose registry goes away."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from models.score.bundle import load
from service.database import upgrade
from tests import plain
from tests.registries import Store, other_bundle, store_in
from tests.servers import Server, completed, serving
from tests.waits import until

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # mlflow's use of SQLAlchemy
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),
]


@pytest.fixture(scope="module")
def second_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return other_bundle(tmp_path_factory.mktemp("bundles") / "second", 1)


@pytest.fixture
def store(bundle_dir: Path, tmp_path: Path, empty_database: Path) -> Store:
    shutil.copy(empty_database, tmp_path / "decisions.db")
    return store_in(tmp_path, bundle_dir)


def environment(store: Store) -> dict[str, str]:
    return {
        "CURESCORE_HOME": str(store.home),
        "CURESCORE_AUTH": "off",
        "CURESCORE_RELOAD_SECONDS": "0.2",
    }


@contextmanager
def started(store: Store) -> Iterator[Server]:
    with serving(environment(store), store.home / "output.txt") as server:
        yield server


def models(server: Server) -> dict[str, Any]:
    answered = plain.get(f"{server.address}/readyz")
    assert answered.status_code == 200
    told: dict[str, Any] = answered.json()["models"]
    return told


def metric(server: Server, name: str) -> float:
    lines = plain.get(f"{server.address}/metrics").text.splitlines()
    (found,) = [line for line in lines if line.startswith(f"{name} ")]
    return float(found.rpartition(" ")[2])


def serves(server: Server, bundle: Path) -> bool:
    return bool(models(server)["bundles"]["cure"]["sha256"] == load(bundle).sha256)


def test_a_champion_is_served_without_a_restart_and_a_bad_one_never(
    store: Store, bundle_dir: Path, second_dir: Path, body: dict[str, Any]
) -> None:
    with started(store) as server:
        assert serves(server, bundle_dir)
        store.champion(second_dir)
        until(lambda: serves(server, second_dir))
        record = plain.post(f"{server.address}/v1/decisions", json=body).json()
        assert record["versions"]["model"] == "cure/2"
        assert record["versions"]["bundle_sha256"] == load(second_dir).sha256

        store.champion(bundle_dir, damaged="booster.txt")
        until(lambda: len(models(server)["refused"]) == 1)
        (told,) = models(server)["refused"]
        assert (told["what"], told["kind"]) == ("cure/3", "unsound")
        assert told["since"]
        assert serves(server, second_dir)
        assert metric(server, "curescore_refused") == 1
        assert metric(server, 'curescore_versions_refused_total{kind="unsound"}') == 1
        assert metric(server, "curescore_reloads_total") == 1

        store.champion(bundle_dir)
        until(lambda: serves(server, bundle_dir))
        assert models(server)["refused"] == []


def test_a_registry_that_goes_away_is_told_and_what_is_served_goes_on(
    store: Store, bundle_dir: Path, body: dict[str, Any]
) -> None:
    with started(store) as server:
        assert models(server)["registry"] == "answers"
        (store.home / "mlflow.db").rename(store.home / "away.db")
        until(lambda: models(server)["registry"] == "does not answer")
        assert metric(server, "curescore_registry_answers") == 0
        assert plain.post(f"{server.address}/v1/decisions", json=body).status_code == 200
    with started(store) as server:  # from the cache
        assert serves(server, bundle_dir)
        assert models(server)["registry"] == "does not answer"
        assert "what was last served is served again" in server.output.read_text()
        assert plain.post(f"{server.address}/v1/decisions", json=body).status_code == 200
        (store.home / "away.db").rename(store.home / "mlflow.db")
        until(lambda: models(server)["registry"] == "answers")


def test_a_cache_that_was_damaged_is_mended_at_the_start(store: Store, bundle_dir: Path) -> None:
    folder = store.cache / load(bundle_dir).sha256
    (folder / "booster.txt").write_text("tree\n")
    with started(store) as server:
        assert serves(server, bundle_dir)
        assert models(server)["refused"] == []


def test_who_watches_is_started_anew_and_ends_with_the_service(
    store: Store, second_dir: Path
) -> None:
    with started(store) as server:
        (first,) = watchers(server)
        os.kill(first, signal.SIGKILL)
        until(lambda: bool(watchers(server)) and watchers(server) != [first])
        store.champion(second_dir)
        until(lambda: serves(server, second_dir))
        (second,) = watchers(server)
        server.process.kill()
        server.process.wait()
        until(lambda: not is_running(second))


def test_two_workers_follow_one_generation(
    store: Store, bundle_dir: Path, second_dir: Path, postgres_url: str
) -> None:
    upgrade(postgres_url)
    env = environment(store) | {"CURESCORE_DATABASE_URL": postgres_url}
    arguments = ("serve", "--workers", "2")
    with serving(env, store.home / "output.txt", *arguments) as server:
        until(lambda: each_worker_serves(server, bundle_dir))
        store.champion(second_dir)
        until(lambda: each_worker_serves(server, second_dir))
        name = "curescore_group_requests_count"  # of both, from their shared folder
        assert name in plain.get(f"{server.address}/metrics").text
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(60)


def each_worker_serves(server: Server, bundle: Path) -> bool:
    """Whether both workers, which are told by since when they serve it, serve the bundle."""
    told = [models(server) for _ in range(20)]
    digests = {each["bundles"]["cure"]["sha256"] for each in told}
    return digests == {load(bundle).sha256} and len({each["since"] for each in told}) == 2


def watchers(server: Server) -> list[int]:
    """The processes that the service has started, and that are no helpers of Python's."""
    threads = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    children = " ".join(path.read_text() for path in threads).split()
    return [int(child) for child in children if b"spawn_main" in command_of(int(child))]


def command_of(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def is_running(process: int) -> bool:
    return b"spawn_main" in command_of(process)


def test_a_policy_of_the_settings_with_a_mistake_stops_the_start(store: Store) -> None:
    policy = store.file("own")
    policy.write_text(policy.read_text() + "nonsense = 1\n")
    done = completed(environment(store) | {"CURESCORE_POLICY": str(policy)}, "serve")
    assert done.returncode == 2
    assert "CURESCORE_POLICY" in done.stderr
    assert "nonsense" in done.stderr
    assert "Traceback" not in done.stderr
