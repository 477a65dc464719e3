"""What choosing a level takes of deciding: `python -m benchmarks.ours.intensity BUNDLE`.

The functions that choosing adds to a score are timed where deciding calls them, so that caches
are as cold as they are then: `PARTS`, and the fingerprints of a capacity plan.
"""

import gc
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.alone import AS_OF, ONES, alone
from benchmarks.lines import serve
from benchmarks.measures import ALONE
from curescore.nightly.chunks import chunks_of
from curescore.nightly.manifest import read_manifest
from curescore.nightly.run import reader_of
from curescore.nightly.worker import Worker, collect_between_chunks
from features.panel import known_at
from models import assessed, decide
from models.decision import Decision
from models.fingerprint import fingerprints
from models.generation import Generation
from models.intensity.ladder import RESOURCES
from models.intensity.plan import Plan, Terms
from models.intensity.policy import load_policy
from models.score.bundle import load
from training.portfolio import check_columns

REASONS = 5
PLANNED = 1_000_000  # accounts of the plan
MINUTE = 0.05  # price of an agent's minute under the plan, low enough to leave the levels
# Where choosing is called from, and the names that it is called by.
CHOOSING: dict[str, tuple[Any, tuple[str, ...]]] = {
    "facts": (assessed, ("facts",)),
    "counts of rules": (assessed, ("count",)),
    "fingerprint": (assessed, ("fingerprints",)),
    "choose": (decide, ("asked_of", "scarcity_of", "choose")),
}
SCORING = {"score and explain": (assessed, ("scored",))}


class Watch:
    """Adds up the seconds of calls, by part."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, whose seconds count for the part."""

        def call(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            result = function(*arguments, **named)
            self.seconds[part] += time.perf_counter() - start
            return result

        return call

    def put(self, parts: dict[str, tuple[Any, tuple[str, ...]]]) -> None:
        """Time the parts wherever they are called from now on."""
        for part, (module, names) in parts.items():
            for name in names:
                setattr(module, name, self.timed(part, getattr(module, name)))

    def taken(self) -> dict[str, float]:
        """Seconds by part since the last time."""
        found, self.seconds = dict(self.seconds), defaultdict(float)
        return found


class Ours:
    """Decides accounts by the bundle, the packaged policy and, where asked, a plan."""

    def __init__(self, bundle: Path) -> None:
        self._plain = Generation(
            {"cure": load(bundle)}, {"cure": "cure/1"}, load_policy(), code="ours", tzdata="ours"
        )
        self._watch = Watch()
        self._watch.put(CHOOSING | SCORING)

    def one(self, name: str, planned: bool) -> dict[str, float]:
        """Median seconds of deciding that account, and of each part that choosing adds."""
        account, history = alone(name)
        view = known_at(history, np.zeros(1, np.int64), np.array([AS_OF]))
        current = self._plain
        if planned:
            salt = assessed.salt(current, current.bundles["cure"])
            (key,) = fingerprints([account], history, view, [salt])
            current = replace(current, plan=_plan(key))

        def call() -> Decision:
            (decided,) = decide.decide(current, [account], history, view, REASONS)
            assert isinstance(decided, Decision)
            return decided

        decided = call()
        assert {rule.rule for rule in decided.intensity.binding_rules} >= ONES[name].binding
        assert decided.intensity.planned == planned
        return self._medians(call)

    def night(self, run: str, data: str) -> dict[str, float]:
        """Seconds of each part of a run on one core, and how many accounts it decided."""
        folder = Path(run)
        portfolio = check_columns(Path(data))
        reader = reader_of(portfolio, read_manifest(folder).as_of, folder / "arranged")
        worker = Worker(folder, reader)
        watch = self._watch
        read, whole = watch.timed("read", worker.read), watch.timed("decide", worker.decide)
        write = watch.timed("write", worker.write)
        collect_between_chunks()
        decided = 0
        for chunk in chunks_of(reader.bounds(worker.run.chunk)):
            rows = read(chunk)
            outcomes = whole(rows)
            write(chunk, rows, outcomes)
            decided += sum(isinstance(each, Decision) for each in outcomes)
            watch.timed("rest", gc.collect)()
        gc.enable()
        return self._apart(watch.taken()) | {"decided": decided}

    def _medians(self, call: Callable[[], Any]) -> dict[str, float]:
        whole = self._watch.timed("decide", call)
        found: list[dict[str, float]] = []
        until = time.perf_counter() + ALONE
        while time.perf_counter() < until or len(found) < 3:
            whole()
            found.append(self._apart(self._watch.taken()))
        return {part: float(np.median([each[part] for each in found])) for part in found[0]}

    @staticmethod
    def _apart(taken: dict[str, float]) -> dict[str, float]:
        """`choosing` together and `decide` without what was timed in it, beside the parts."""
        choosing = {part: taken[part] for part in CHOOSING if part in taken}
        rest = taken["decide"] - sum(choosing.values()) - taken["score and explain"]
        rest += taken.get("rest", 0.0)
        return taken | {"choosing": sum(choosing.values()), "rest": rest}


def _plan(key: np.uint64) -> Plan:
    """A plan of many accounts, among them that of the key, which it leaves the level it has."""
    rng = np.random.default_rng(1)
    keys = np.unique(np.append(rng.integers(0, 2**64, PLANNED, np.uint64), key))
    nothing = dict.fromkeys(RESOURCES, 0.0)
    terms = Terms.model_validate(
        {
            "run_id": "benchmark",
            "as_of": "2026-11-22T00:00:00Z",
            "decided_at": "2026-11-22T00:00:00Z",
            "prices": nothing | {"agent_minutes": MINUTE},
            "capacity": nothing,
            "use": nothing,
            "value": 0.0,
            "bound": 0.0,
            "keeps_minimum": True,
            "bundles": {"cure": "0"},
            "policy_sha256": "0" * 64,
            "currencies": {},
            "rules": "0",
            "n": len(keys),
        },
        strict=False,
    )
    return Plan("0" * 64, terms, keys, np.full(len(keys), 4, np.uint8))


def main(bundle: str) -> None:
    """Serve the measurements."""
    ours = Ours(Path(bundle))
    serve({"one": ours.one, "night": ours.night})


if __name__ == "__main__":
    main(*sys.argv[1:])
