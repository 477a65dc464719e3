"""What the service counts and times while it works, in each process of its own.

A label's values are few and hold nothing personal: a route's template, a target, a stage, a level,
the id of a rule. Each series is looked up once.
"""

from collections import Counter as Counted
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from time import perf_counter
from typing import Any, Literal, NamedTuple, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from models.score.bundle import Bundle
from models.target import Target
from service.drift import Scores
from service.traces import PROBLEM, Trace

LaneName = Literal["small", "large", "told"]
Phase = Literal["queue", "decode", "unite", "decide", "encode", "write"]

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
GROUPS = (1, 2, 4, 8, 16, 32)
ROWS = (1, 2, 4, 8, 16, 32, 64, 125, 250, 500, 1_000)
TENTHS = tuple(step / 10 for step in range(1, 10))

Inc = Callable[[float], None]
Observe = Callable[[float], None]


class LaneNumbers(NamedTuple):
    """Of one lane: requests that are inside, and those refused because too many were."""

    waiting: Gauge
    overloaded: Counter


class _Instruments:
    """Makes instruments, all of one registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

    def counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(f"curescore_{name}", told, labels, registry=self.registry)

    def gauge(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(
            f"curescore_{name}",
            told,
            labels,
            registry=self.registry,
            multiprocess_mode="livesum",
        )

    def histogram(self, name: str, told: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"curescore_{name}", told, labels, buckets=buckets, registry=self.registry)


class Commits:
    """The numbers of the writer."""

    def __init__(self, made: _Instruments) -> None:
        self._rows = made.histogram(
            "commit_rows", "Decisions that were recorded in one transaction.", ROWS
        )
        self._seconds = made.histogram(
            "commit_seconds", "Time of a transaction of the log, its flush included.", SECONDS
        )
        self._failures = made.counter(
            "commit_failures", "Transactions that the database did not take."
        )
        self._queue = made.gauge("writer_queue", "Jobs that wait for the writer.")

    def waiting(self, jobs: int) -> None:
        """So many jobs wait for the writer."""
        self._queue.set(jobs)

    def recorded(self, rows: int, seconds: float) -> None:
        """A transaction has recorded so many decisions."""
        self._rows.observe(rows)
        self._seconds.observe(seconds)

    def failed(self) -> None:
        """A transaction was not taken."""
        self._failures.inc()


class Decided:
    """The numbers of what was decided, by all that a record tells without a name."""

    def __init__(self, made: _Instruments, scores: Scores) -> None:
        self._scores = scores
        probability = made.histogram(
            "decision_probability",
            "Probabilities of the target that were decided on.",
            TENTHS,
            "target",
            "stage",
        )
        levels = made.counter(
            "decisions", "Decisions made, by stage, level and arm.", "stage", "level", "arm"
        )
        rules = made.counter("rule_hits", "Decisions that a rule took something away from.", "rule")

        @cache
        def observe(target: str, stage: str) -> Observe:
            return probability.labels(target, stage).observe

        @cache
        def level(stage: str, level: int, arm: str) -> Inc:
            return levels.labels(stage, level, arm).inc

        @cache
        def rule(name: str) -> Inc:
            return rules.labels(name).inc

        self._probability, self._level, self._rule = observe, level, rule

    def count(
        self,
        bundles: Mapping[Target, Bundle],
        made: Iterable[tuple[Mapping[str, Any], Sequence[str]]],
    ) -> None:
        """Decisions were made by these bundles: of each its record, and the rules that bound."""
        scored: dict[Target, list[float]] = {}
        levels: Counted[tuple[str, int, str]] = Counted()
        hits: Counted[str] = Counted()
        for record, rules in made:
            score, intensity = record["score"], record["intensity"]
            target, stage = score["target"], score["stage"]
            self._probability(target, stage)(score["probability"])
            levels[stage, intensity["level"], intensity["arm"]] += 1
            for rule in rules:
                hits[rule] += 1
            scored.setdefault(target, []).append(score["log_odds"])
        # What many of a panel share is added once: each addition takes a lock.
        for of, times in levels.items():
            self._level(*of)(times)
        for rule, times in hits.items():
            self._rule(rule)(times)
        for target, log_odds in scored.items():
            self._scores.count(bundles[target], log_odds)


class Numbers:
    """The numbers of one process, `scores` among them.

    `group`: requests that are decided as one panel.
    """

    def __init__(self, scores: Scores) -> None:
        made = _Instruments()
        self.registry = made.registry
        self.scores = scores
        self.commits = Commits(made)
        self.decided = Decided(made, scores)
        self.group = made.histogram(
            "group_requests", "Requests that were decided together.", GROUPS
        )
        self._events = made.counter("events", "What was told to have happened.", "kind", "what")
        self._overrides = made.counter(
            "overrides", "Decisions that a reviewer decided on.", "action"
        )
        self._waiting = made.gauge(
            "requests_waiting",
            "Requests that decide or tell events and are being answered, by lane.",
            "lane",
        )
        self._overloaded = made.counter(
            "requests_overloaded",
            "Requests refused because more came than can be answered soon, by lane.",
            "lane",
        )
        self._problems = made.counter(
            "problems", "Requests and items of batches answered with a problem.", "of", "kind"
        )
        seconds = made.histogram(
            "request_seconds",
            "From the headers of a request to the end of its answer.",
            SECONDS,
            "route",
            "status",
        )
        phases = made.histogram(
            "phase_seconds",
            "What a panel took in each phase; of queue and write, whoever waited longest.",
            SECONDS,
            "phase",
        )
        self._phases = {phase: phases.labels(phase).observe for phase in get_args(Phase)}

        @cache
        def answer(route: str, hundreds: int) -> Observe:
            return seconds.labels(route, f"{hundreds}xx").observe

        self._answer = answer

    def lane(self, name: LaneName) -> LaneNumbers:
        """The numbers of a lane."""
        return LaneNumbers(self._waiting.labels(name), self._overloaded.labels(name))

    def answered(self, trace: Trace, status: int, seconds: float) -> None:
        """A request was answered."""
        self._answer(trace.route, status // 100)(seconds)
        kind = trace.scope.get(PROBLEM)
        if kind is not None:
            self.problem("request", kind)

    def problem(self, of: Literal["request", "item"], kind: str) -> None:
        """A request, or an item of a batch, was answered with a problem of this kind."""
        self._problems.labels(of, kind).inc()

    def happened(self, kind: str, *, new: int, corrected: int, known: int) -> None:
        """Events of a kind were told: so many that were new, were corrected or were known."""
        for what, times in (("new", new), ("corrected", corrected), ("known", known)):
            self._events.labels(kind, what).inc(times)

    def overridden(self, action: Literal["override", "approve"], done: bool) -> None:
        """A reviewer decided, where it was `done`, not only told again."""
        self._overrides.labels(action).inc(done)

    def spent(self, phase: Phase, seconds: float) -> None:
        """A panel was so long in a phase."""
        self._phases[phase](seconds)


class Stopwatch:
    """Times the phases of a panel, one after the other."""

    def __init__(self, numbers: Numbers, began: float | None = None) -> None:
        """`began` is when the first phase did, by time.perf_counter; None: now."""
        self._numbers = numbers
        self._began = perf_counter() if began is None else began

    def lap(self, phase: Phase) -> None:
        """A phase ends, the next begins."""
        now = perf_counter()
        self._numbers.spent(phase, now - self._began)
        self._began = now

    def skip(self) -> None:
        """What was done since the last phase is none."""
        self._began = perf_counter()
