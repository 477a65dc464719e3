"""Metrics in Prometheus' text format. Labels never hold what is personal.

With several workers (PROMETHEUS_MULTIPROC_DIR is set, which prometheus_client reads when it is
imported) each writes its own numbers into that folder, and whichever is asked tells the sums.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from service.drift import Scores
from service.numbers import Numbers
from service.readiness import Readiness
from service.served.following import ModelsStatus

SHARED = "PROMETHEUS_MULTIPROC_DIR"
MEDIA_TYPE = CONTENT_TYPE_LATEST


def shared_folder() -> Path | None:
    """The folder in which several workers add up their numbers; None: there is one process."""
    shared = os.environ.get(SHARED)
    return None if shared is None else Path(shared)


class Metrics:
    """All that `/metrics` tells; `numbers` are those of requests."""

    def __init__(
        self, numbers: Numbers, models: Callable[[], ModelsStatus], readiness: Readiness
    ) -> None:
        self.numbers = numbers
        self._now = CollectorRegistry()
        self._now.register(_Models(models))
        self._now.register(_State(readiness))
        self._now.register(_Drift(numbers.scores, models))

    def text(self) -> bytes:
        """All metrics: of requests those of every worker, of what is served this one's."""
        return requests(self.numbers) + generate_latest(self._now)


def requests(numbers: Numbers) -> bytes:
    """The metrics of requests, of all workers together."""
    shared = shared_folder()
    return generate_latest(numbers.registry if shared is None else _of_workers(shared))


def _of_workers(shared: Path) -> CollectorRegistry:
    for path in shared.glob("gauge_live*_*.db"):
        pid = int(path.stem.rpartition("_")[2])
        if not Path(f"/proc/{pid}").exists():
            mark_process_dead(pid, str(shared))  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(shared))  # type: ignore[no-untyped-call]
    return registry


class _Models(Collector):
    """What is served, what is refused, and the registry: the same for every worker."""

    def __init__(self, models: Callable[[], ModelsStatus]) -> None:
        self._status = models

    def collect(self) -> Iterator[Metric]:
        """The numbers as of now."""
        status = self._status()
        yield from _served(status)
        if status.watched is None:
            return
        watched = status.watched
        yield GaugeMetricFamily(
            "curescore_registry_answers",
            "Whether the model registry answered when it was last looked at.",
            float(watched.answers),
        )
        if watched.looked_at is not None:
            yield GaugeMetricFamily(
                "curescore_registry_looked_timestamp_seconds",
                "When the model registry was last looked at.",
                watched.looked_at.timestamp(),
            )
        yield CounterMetricFamily(
            "curescore_generations_published",
            "Generations that were verified and published to all workers.",
            watched.published,
        )
        refusals = CounterMetricFamily(
            "curescore_versions_refused",
            "Versions that were named to be served and are not, by the step at which they failed.",
            labels=["kind"],
        )
        for kind, count in watched.refusals.items():
            refusals.add_metric([kind], count)
        yield refusals


def _served(status: ModelsStatus) -> Iterator[Metric]:
    served, generation = status.served, status.served.generation
    info = GaugeMetricFamily(
        "curescore_served_info",
        "What is served, by the SHA-256 of each part; always 1.",
        labels=["part", "sha256"],
    )
    for target, bundle in generation.bundles.items():
        info.add_metric([target, bundle.sha256], 1)
    info.add_metric(["policy", generation.policy.sha256], 1)
    if generation.challenger is not None:
        info.add_metric(["challenger", generation.challenger.sha256], 1)
    yield info
    yield GaugeMetricFamily(
        "curescore_served_timestamp_seconds",
        "Since when this worker serves it.",
        served.since.timestamp(),
    )
    if served.sequence is not None:
        yield GaugeMetricFamily(
            "curescore_served_sequence",
            "Number of the published generation that this worker serves.",
            served.sequence,
        )
    yield GaugeMetricFamily(
        "curescore_refused", "Parts that are refused at this moment.", len(status.refused)
    )
    yield CounterMetricFamily(
        "curescore_reloads", "Generations that this worker swapped in.", status.reloads
    )
    yield CounterMetricFamily(
        "curescore_reload_failures",
        "Generations that were published and this worker could not load.",
        status.failures,
    )


class _State(Collector):
    """Whether decisions can be made and recorded, and the capacity plan they are made under."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    def collect(self) -> Iterator[Metric]:
        """As of now."""
        failed = self._readiness.failed(self._readiness.log())
        yield GaugeMetricFamily(
            "curescore_ready", "Whether decisions can be made and recorded.", float(not failed)
        )
        prices = self._readiness.prices()
        if prices is None:
            return
        yield GaugeMetricFamily(
            "curescore_prices_age_days",
            "Age of the capacity plan in force, from its as_of.",
            prices.age_days,
        )
        yield GaugeMetricFamily(
            "curescore_prices_valid_days",
            "Days after which the capacity plan is stale.",
            prices.valid_days,
        )
        yield GaugeMetricFamily(
            "curescore_prices_fit",
            "Whether the plan was made with the models, policy and rules that are served.",
            float(prices.fits),
        )


class _Drift(Collector):
    """How far the scores of the last day lie from those of training."""

    def __init__(self, scores: Scores, models: Callable[[], ModelsStatus]) -> None:
        self._scores = scores
        self._models = models

    def collect(self) -> Iterator[Metric]:
        """By target; without a PSI where decisions are too few."""
        psi = GaugeMetricFamily(
            "curescore_score_psi",
            "Population stability index of the last day's scores against training.",
            labels=["target"],
        )
        counted = GaugeMetricFamily(
            "curescore_score_psi_decisions",
            "Decisions of the last day that the index is of.",
            labels=["target"],
        )
        for target, bundle in self._models().served.generation.bundles.items():
            drift = self._scores.drift(bundle)
            counted.add_metric([target], drift.decisions)
            if drift.psi is not None:
                psi.add_metric([target], drift.psi)
        yield psi
        yield counted
