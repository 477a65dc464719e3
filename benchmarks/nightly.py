"""The nightly run: a large portfolio and a tenth of it, and the run beside its parts alone."""

import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from benchmarks.boosters import MONTHS, SEED, Shape, fitted, portfolio, write_bundle
from benchmarks.features import Say
from benchmarks.lines import ROOT, Worker, core
from benchmarks.measures import spread
from benchmarks.processes import held, of_session
from benchmarks.recorded import BOTH, Recorded, recorded_runs, recorded_table, write_both
from benchmarks.report import Table, Topic, rounded, times
from curescore.bodies import last_known
from training.sources.simulate import simulate
from training.tables import read_tables

FITTED_ON = 10_000  # accounts
SHAPE = Shape(4, 15)
TREES = 400
LOOKS = 0.1  # seconds between two looks at the memory


class Run(NamedTuple):
    """Seconds of a run, and the most memory that its processes held together, in MB."""

    seconds: float
    megabytes: float


def measure(folder: Path, accounts: int, rounds: int, say: Say) -> Topic:
    """Simulate both portfolios into the folder, and decide them in turns."""
    say(f"simulating {accounts:,} accounts, and a tenth of them")
    sizes = {"large": accounts, "small": accounts // 10}
    for name, size in sizes.items():
        simulate(folder / name, size, MONTHS, SEED)
    drawn = portfolio(folder / "fitted", FITTED_ON)
    write_bundle(drawn, fitted(drawn, SHAPE, TREES), folder / "bundles" / "cure")
    as_of = last_known(read_tables(folder / "fitted")) + timedelta(days=1)
    night = Night(folder, as_of.isoformat())
    write_both(folder, FITTED_ON, SHAPE, TREES)
    recorded: dict[str, list[Recorded]] = {}
    runs: dict[str, list[Run]] = {"small": [], "large": [], "large, one worker": []}
    parts: list[dict[str, float]] = []
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        runs["small"].append(night.run("small", cores()))
        runs["large"].append(night.run("large", cores()))
        runs["large, one worker"].append(night.run("large", 1))
        parts.append(night.parts("large"))
        for where, found in recorded_runs(folder, night.recorded):
            recorded.setdefault(where, []).append(found)
    topic = _topic(sizes, runs, parts)
    return replace(
        topic,
        tables=[*topic.tables, recorded_table(sizes["small"], recorded)],
        figures=topic.figures | {"recorded": recorded},
    )


def cores() -> int:
    """Processes of a run, one for each core."""
    return len(os.sched_getaffinity(0))


class Night:
    """Runs on the portfolios in a folder."""

    def __init__(self, folder: Path, as_of: str) -> None:
        self._folder = folder
        self._as_of = as_of

    def run(
        self, name: str, workers: int, models: str = "bundles", record: str | None = None
    ) -> Run:
        """Decide the portfolio from the beginning; one worker and its parent share a core.

        `models` is the folder of the bundles, `record` the URL of the decision log, if any.
        """
        out = self._folder / "run"
        shutil.rmtree(out, ignore_errors=True)
        words = ["score", "--data", str(self._folder / name), "--out", str(out)]
        words += ["--as-of", self._as_of, "--workers", str(workers)]
        settings = {
            "CURESCORE_HOME": str(self._folder / "home"),
            "CURESCORE_MODELS": str(self._folder / models),
        }
        if record is not None:
            words.append("--record")
            settings["CURESCORE_DATABASE_URL"] = record
        start = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 (our own command)
            [*_pinned(workers), sys.executable, "-m", "curescore.main", *words],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        memory = Memory(process.pid)
        code = process.wait()
        seconds = time.perf_counter() - start
        if code != 0:
            raise RuntimeError(f"curescore score ended with code {code}")
        return Run(seconds, memory.most())

    def recorded(self, database: str | None) -> float:
        """Seconds of a run on the small portfolio that records there, if anywhere."""
        return self.run("small", cores(), BOTH, database).seconds

    def parts(self, name: str) -> dict[str, float]:
        """Seconds of each part of the last run, alone, on one core."""
        run = str(self._folder / "run")
        data = str(self._folder / name)
        with Worker(sys.executable, "benchmarks.ours.nightly", data, run) as worker:
            return dict(worker.ask("seconds"))


def _pinned(workers: int) -> list[str]:
    return ["taskset", "--cpu-list", str(core())] if workers == 1 else []


class Memory:
    """Watches what the processes of a session hold, shared pages counted once, in MB."""

    def __init__(self, session: int) -> None:
        self._session = session
        self._most = 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def most(self) -> float:
        """The most that was seen; to be asked when the session has ended."""
        self._thread.join()
        return self._most

    def _watch(self) -> None:
        while found := of_session(self._session):
            self._most = max(self._most, sum(held(pid).pss for pid in found))
            time.sleep(LOOKS)


def _topic(
    sizes: dict[str, int], runs: dict[str, list[Run]], parts: list[dict[str, float]]
) -> Topic:
    seconds = {name: [run.seconds for run in each] for name, each in runs.items()}
    sums = [sum(each.values()) for each in parts]
    rows = [
        (
            f"{sizes[name]:,} accounts, {cores()} workers",
            f"{spread(seconds[name])}",
            f"{rounded(sizes[name] / spread(seconds[name]).median):,}",
            f"{max(run.megabytes for run in runs[name]):,.0f}",
        )
        for name in ("small", "large")
    ]
    grown = times(seconds["large"], seconds["small"])
    whole = times(seconds["large, one worker"], sums)
    each = [(part, f"{spread([one[part] for one in parts])}") for part in parts[0]]
    return Topic(
        "The nightly run",
        [
            f"Simulated accounts × {MONTHS} months, read, checked, decided with 5 reasons and "
            f"written, start and end included; {len(parts)} rounds; booster of {TREES} trees, "
            f"{SHAPE}. Memory is that of all processes together.",
            f"Ten times the accounts take {grown} times as long. One worker on one core takes "
            f"{whole} times as long as the parts of its work alone, on that core.",
        ],
        [
            Table(("run", "seconds", "accounts/s", "most memory, MB"), rows),
            Table(
                ("part alone, one core", "seconds"),
                [*each, ("together", f"{spread(sums)}")],
                f"{sizes['large']:,} accounts:",
            ),
        ],
        {"runs": {name: [run._asdict() for run in each] for name, each in runs.items()}}
        | {"parts": parts},
    )
