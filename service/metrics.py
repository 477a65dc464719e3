"""Metrics in Prometheus' text format. Labels never hold what is personal.

With several workers (PROMETHEUS_MULTIPROC_DIR is set, which prometheus_client reads when it is
imported) each writes its own numbers into that folder, and whichever is asked tells the sums.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from service.served.following import ModelsStatus

LaneName = Literal["small", "large"]

SHARED = "PROMETHEUS_MULTIPROC_DIR"
MEDIA_TYPE = CONTENT_TYPE_LATEST
GROUPS = (1, 2, 4, 8, 16, 32)


class LaneNumbers(NamedTuple):
    """Of one lane: requests that are inside, and those refused because too many were."""

    waiting: Gauge
    overloaded: Counter


class Metrics:
    """The numbers of one process, and all that `/metrics` tells.

    `group`: requests that are decided as one panel.
    """

    def __init__(self, models: Callable[[], ModelsStatus]) -> None:
        registry = CollectorRegistry()
        self._waiting = Gauge(
            "curescore_requests_waiting",
            "Requests to decide that are being answered, by lane.",
            ["lane"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.group = Histogram(
            "curescore_group_requests",
            "Requests that were decided together.",
            buckets=GROUPS,
            registry=registry,
        )
        self._overloaded = Counter(
            "curescore_requests_overloaded",
            "Requests refused because more came than can be answered soon, by lane.",
            ["lane"],
            registry=registry,
        )
        self._own = registry
        self._models = _Models(models)

    def lane(self, name: LaneName) -> LaneNumbers:
        """The numbers of a lane."""
        return LaneNumbers(self._waiting.labels(name), self._overloaded.labels(name))

    def text(self) -> bytes:
        """All metrics: of requests those of every worker, of what is served this one's."""
        models = CollectorRegistry()
        models.register(self._models)
        return self.requests() + generate_latest(models)

    def requests(self) -> bytes:
        """The metrics of requests, of all workers together."""
        shared = os.environ.get(SHARED)
        return generate_latest(self._own if shared is None else _of_workers(Path(shared)))


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
