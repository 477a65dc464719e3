"""/metrics: what it tells, to whom, and that several workers add up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI

from models.generation import Generation
from service.metrics import SHARED, Metrics
from service.security import Keys, Scope
from service.served.following import unwatched
from tests.scraped import samples
from tests.servers import ROOT
from tests.service.conftest import Client


def test_it_tells_what_is_served_and_what_is_waiting(generation: Generation) -> None:
    metrics = Metrics(unwatched(lambda: generation))
    metrics.lane("small").waiting.inc()
    metrics.group.observe(3)
    metrics.lane("large").overloaded.inc(2)
    told = samples(metrics.text().decode())
    sha256 = generation.bundles["cure"].sha256
    assert told["curescore_served_info", "cure", sha256] == 1
    assert told["curescore_served_info", "policy", generation.policy.sha256] == 1
    assert told[("curescore_refused",)] == 0
    assert told["curescore_requests_waiting", "small"] == 1
    assert told["curescore_requests_overloaded_total", "large"] == 2
    assert told["curescore_group_requests_bucket", "2.0"] == 0
    assert told["curescore_group_requests_bucket", "4.0"] == 1
    assert ("curescore_registry_answers",) not in told  # there is none to ask


@pytest.mark.parametrize(("scope", "status"), [("score", 403), ("review", 403), ("admin", 200)])
def test_only_an_admin_may_read_it(
    keyed_app: FastAPI, keys: Keys, scope: Scope, status: int
) -> None:
    headers = {"Authorization": f"Bearer {keys.add('reader', scope)}"}
    answered = Client(keyed_app, headers).get("/metrics")
    assert answered.status_code == status
    assert Client(keyed_app).get("/metrics").status_code == 401
    if status == 200:
        assert answered.headers["content-type"].startswith("text/plain; version=")
        assert "curescore_served_info" in answered.text


def test_several_workers_add_up(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from service.metrics import Metrics\n"
        "metrics = Metrics(lambda: None)\n"
        "metrics.lane('small').overloaded.inc()\n"
        "metrics.lane('small').waiting.inc()\n"
        "sys.stdout.write(metrics.requests().decode())\n"
    )
    environment = os.environ | {SHARED: str(tmp_path)}
    for workers in (1, 2):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        told = samples(done.stdout)
        assert told["curescore_requests_overloaded_total", "small"] == workers
        assert told["curescore_requests_waiting", "small"] == 1  # of those that live
