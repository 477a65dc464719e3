"""/metrics: what it tells, to whom, and that several workers add up."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from models.generation import Generation
from models.intensity.rules.book import RULES
from models.intensity.words.overrides import OVERRIDES
from models.score.bundle import Bundle
from service.database import upgrade
from service.drift import HOURS, LEAST, Scores
from service.numbers import Numbers, Stopwatch
from service.security.callers import Scope
from service.security.keys import Keys
from tests.scraped import samples
from tests.servers import serving
from tests.service.conftest import Client
from training.reference import psi

HOUR = 3_600.0
SECRET = "account-of-somebody"


def scraped(client: Client) -> dict[tuple[str, ...], float]:
    return samples(client.get("/metrics").text)


def test_it_tells_of_real_requests_by_route_and_never_by_path(
    client: Client, body: dict[str, Any]
) -> None:
    body["account"]["account_id"] = SECRET
    client.post("/v1/decisions", json=body)
    client.get(f"/v1/decisions/{SECRET}")
    client.get(f"/{SECRET}")
    text = client.get("/metrics").text
    told = samples(text)
    for route, status in (
        ("/v1/decisions", "2xx"),
        ("/v1/decisions/{decision_id}", "4xx"),
        ("none", "4xx"),
    ):
        assert told["curescore_request_seconds_count", route, status] == 1
        assert told["curescore_request_seconds_bucket", "+Inf", route, status] == 1
    assert told["curescore_problems_total", "not-found", "request"] == 2
    assert SECRET not in text


def test_it_tells_what_was_decided_and_what_each_phase_took(
    client: Client, body: dict[str, Any]
) -> None:
    first = client.post("/v1/decisions", json=body).json()
    items = [body, body, body | {"statements": []}, body | {"account": {}}]
    answered = client.post("/v1/decisions:batch", json={"items": items}).json()
    assert answered["scored"] == 2
    kinds = [each["problem"]["type"] for each in answered["results"] if "problem" in each]
    told = scraped(client)
    score, intensity = first["score"], first["intensity"]
    stage, level, arm = score["stage"], str(intensity["level"]), intensity["arm"]
    assert told["curescore_decisions_total", arm, level, stage] == 3
    of = stage, score["target"]
    assert told["curescore_decision_probability_count", *of] == 3
    assert told["curescore_decision_probability_sum", *of] == pytest.approx(
        3 * score["probability"]
    )
    hits = {
        rule for name, *labels in told for rule in labels if name == "curescore_rule_hits_total"
    }
    assert hits == {each["rule"] for each in intensity["binding_rules"]}
    for phase in ("decode", "unite", "decide", "encode"):
        assert told["curescore_phase_seconds_count", phase] == 2
    assert told["curescore_phase_seconds_count", "queue"] == 1  # no batch waits for others
    assert told["curescore_group_requests_count",] == 1
    assert told["curescore_commit_rows_sum",] == 3
    assert told["curescore_commit_seconds_count",] == told["curescore_commit_rows_count",]
    assert told["curescore_phase_seconds_count", "write"] == told["curescore_commit_rows_count",]
    assert told["curescore_writer_queue",] == 0
    assert told["curescore_commit_failures_total",] == 0
    for kind in kinds:
        name = kind.rpartition(":")[2]
        assert told["curescore_problems_total", name, "item"] == kinds.count(kind)
    assert told["curescore_score_psi_decisions", "cure"] == 3
    assert ("curescore_score_psi", "cure") not in told  # of three that would be chance


def test_a_rule_that_binds_is_counted_by_its_id(client: Client, body: dict[str, Any]) -> None:
    body["account"]["cease_contact"] = True
    decided = client.post("/v1/decisions", json=body).json()
    bound = {each["rule"] for each in decided["intensity"]["binding_rules"]}
    assert bound
    assert bound <= {rule.id for rule in RULES}  # a bounded set, so that it may be a label
    told = scraped(client)
    for rule in bound:
        assert told["curescore_rule_hits_total", rule] == 1


def test_it_tells_what_is_served_and_that_it_is_ready(
    client: Client, generation: Generation
) -> None:
    told = scraped(client)
    sha256 = generation.bundles["cure"].sha256
    assert told["curescore_served_info", "cure", sha256] == 1
    assert told["curescore_served_info", "policy", generation.policy.sha256] == 1
    assert told["curescore_refused",] == 0
    assert told["curescore_ready",] == 1
    assert ("curescore_registry_answers",) not in told  # there is none to ask
    assert ("curescore_prices_age_days",) not in told  # there is no plan


def test_lanes_tell_who_waits_and_who_was_refused() -> None:
    numbers = Numbers(Scores(None))
    numbers.lane("small").waiting.inc()
    numbers.lane("large").overloaded.inc(2)
    numbers.group.observe(3)
    numbers.happened("payment", new=0, corrected=2, known=1)
    numbers.overridden("approve", True)
    numbers.overridden("approve", False)
    told = samples(generate(numbers))
    assert told["curescore_requests_waiting", "small"] == 1
    assert told["curescore_requests_overloaded_total", "large"] == 2
    assert told["curescore_group_requests_bucket", "2.0"] == 0
    assert told["curescore_group_requests_bucket", "4.0"] == 1
    assert told["curescore_events_total", "payment", "corrected"] == 2
    assert told["curescore_events_total", "payment", "known"] == 1
    assert told["curescore_overrides_total", "approve"] == 1


def test_a_stopwatch_counts_no_time_between_phases(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((1.0, 1.5, 9.0, 9.25))
    monkeypatch.setattr("service.numbers.perf_counter", lambda: next(clock))
    numbers = Numbers(Scores(None))
    watch = Stopwatch(numbers)
    watch.lap("decide")
    watch.skip()
    watch.lap("encode")
    told = samples(generate(numbers))
    assert told["curescore_phase_seconds_sum", "decide"] == 0.5
    assert told["curescore_phase_seconds_sum", "encode"] == 0.25


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
        told = samples(answered.text)
        assert told["curescore_served_info", "policy", *_policy(told)] == 1
    admin = {"Authorization": f"Bearer {keys.add('admin', 'admin')}"}
    told = samples(Client(keyed_app, admin).get("/metrics").text)
    assert told["curescore_problems_total", "unauthorised", "request"] == 1
    assert told.get(("curescore_problems_total", "forbidden", "request"), 0) == (status == 403)


def _policy(told: dict[tuple[str, ...], float]) -> tuple[str]:
    (sha256,) = (of[2] for of in told if of[:2] == ("curescore_served_info", "policy"))
    return (sha256,)


def generate(numbers: Numbers) -> str:
    from service.metrics import requests

    return requests(numbers).decode()


class Now:
    """A clock that is set by hand, in seconds."""

    def __init__(self) -> None:
        self.seconds = 1_000_000 * HOUR

    def __call__(self) -> float:
        return self.seconds


def test_drift_is_the_index_of_training_and_absent_for_few(generation: Generation) -> None:
    bundle, scores = generation.bundles["cure"], Scores(None)
    drawn = np.random.default_rng(1).normal(0.5, 1.0, LEAST)
    scores.count(bundle, drawn[:-1].tolist())
    assert scores.drift(bundle) == (LEAST - 1, None)
    scores.count(bundle, drawn[-1:].tolist())
    told = scores.drift(bundle)
    assert told.decisions == LEAST
    assert told.psi == pytest.approx(psi(bundle.reference["score"], drawn))


def test_scores_that_shift_drift(generation: Generation) -> None:
    bundle = generation.bundles["cure"]
    score = bundle.reference["score"]
    edges = np.array([score["edges"][0] - 1, *score["edges"]])
    counts = np.rint(np.array(score["shares"]) * 10_000).astype(int)
    as_trained = np.repeat(edges + 1e-9, counts)
    for shift, high in ((0.0, 0.01), (np.inf, None)):
        scores = Scores(None)
        scores.count(bundle, (as_trained + shift).tolist())
        found = scores.drift(bundle).psi
        assert found is not None
        assert found < high if high else found > 0.25


def test_drift_forgets_a_day_and_another_bundle(generation: Generation) -> None:
    bundle, now = generation.bundles["cure"], Now()
    scores = Scores(None, now)
    scores.count(bundle, [0.0] * 10)
    now.seconds += (HOURS - 1) * HOUR
    scores.count(bundle, [0.0] * 5)
    assert scores.drift(bundle).decisions == 15
    now.seconds += HOUR
    assert scores.drift(bundle).decisions == 5
    other: Bundle = replace(bundle, sha256="f" * 64)
    assert scores.drift(other).decisions == 0
    scores.count(other, [0.0])
    assert scores.drift(other).decisions == 1
    now.seconds -= HOUR
    assert scores.drift(bundle).decisions == 5  # of the hour before


def test_drift_is_of_all_processes(generation: Generation, tmp_path: Path) -> None:
    bundle = generation.bundles["cure"]
    here, there = Scores(tmp_path), Scores(tmp_path)
    here.count(bundle, [0.0, 1.0])
    path = next(tmp_path.glob("scores_*.counts"))
    shutil.copy(path, tmp_path / "scores_1.counts")  # as another process would have it
    assert there.drift(bundle).decisions == 4


@pytest.fixture
def two_workers(tmp_path: Path, bundle_dir: Path, postgres_url: str) -> Iterator[str]:
    """The address of a service of two processes."""
    upgrade(postgres_url)
    here = {
        "CURESCORE_HOME": str(tmp_path),
        "CURESCORE_MODELS": str(bundle_dir),
        "CURESCORE_DATABASE_URL": postgres_url,
        "CURESCORE_AUTH": "off",
    }
    with serving(here, tmp_path / "output.txt", "serve", "--workers", "2") as server:
        yield server.address


def test_workers_add_up(two_workers: str, body: dict[str, Any]) -> None:
    calls = 60

    def decide(_: int) -> int:  # each by a connection of its own: it may come to either worker
        return httpx.post(f"{two_workers}/v1/decisions", json=body, timeout=60).status_code

    with ThreadPoolExecutor(8) as callers:
        assert set(callers.map(decide, range(calls))) == {200}
    for _ in range(4):  # whichever worker is asked
        told = samples(httpx.get(f"{two_workers}/metrics", timeout=60).text)
        assert told["curescore_request_seconds_count", "/v1/decisions", "2xx"] == calls
        assert sum(v for k, v in told.items() if k[0] == "curescore_decisions_total") == calls
        assert told["curescore_commit_rows_sum",] == calls
        assert told["curescore_requests_waiting", "small"] == 0
        assert told["curescore_score_psi_decisions", "cure"] == calls
        assert told["curescore_ready",] == 1


def test_what_happened_and_what_reviewers_do_is_counted(
    client: Client, body: dict[str, Any]
) -> None:
    payment = {
        "payment_id": "P-1", "account_id": SECRET, "received_at": "2025-07-01T10:00:00Z",
        "amount": 10.0, "reversed": False,
    }  # fmt: skip
    for amount in (10.0, 10.0, 11.0):
        client.post("/v1/payments", json=payment | {"amount": amount})
    decided = client.post("/v1/decisions", json=body).json()
    override = {"level": 0, "reason": next(iter(OVERRIDES)), "text": "told on the phone"}
    path = f"/v1/decisions/{decided['decision_id']}:override"
    assert client.post(path, json=override).status_code == 200
    text = client.get("/metrics").text
    told = samples(text)
    for what in ("new", "corrected", "known"):
        assert told["curescore_events_total", "payment", what] == 1
    assert told["curescore_overrides_total", "override"] == 1
    assert SECRET not in text
