"""Each part of a nightly run alone: `python -m benchmarks.ours.nightly DATA RUN`."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.lines import serve
from curescore.nightly.chunks import chunks_of
from curescore.nightly.manifest import read_manifest
from curescore.nightly.run import reader_of
from curescore.nightly.worker import Chunk, Read, Worker
from features.matrix import matrix
from features.panel import Flags, Floats
from models.decision import Decision
from models.score.scores import score_matrix
from training.portfolio import check_columns

PARTS = ("read", "features", "score and explain", "level and reasons", "write")

Result = TypeVar("Result")


class Parts:
    """The parts of a run that is done, each measured by itself on every chunk.

    Features and scores are those of the accounts that the run decided. What is left of
    deciding without them is the part `level and reasons`.
    """

    def __init__(self, data: Path, run: Path) -> None:
        as_of = read_manifest(run).as_of
        self._reader = reader_of(check_columns(data), as_of, run / "arranged")
        self._worker = Worker(run, self._reader)
        (self._bundle,) = self._worker.generation.bundles.values()
        self._chunks = chunks_of(self._reader.bounds(self._worker.run.chunk))

    def seconds(self) -> dict[str, float]:
        """Seconds of each part, over all chunks."""
        total = dict.fromkeys(PARTS, 0.0)
        for chunk in self._chunks:
            for part, seconds in self._of(chunk).items():
                total[part] += seconds
        return total

    def _of(self, chunk: Chunk) -> dict[str, float]:
        worker = self._worker
        reading, read = _timed(lambda: worker.read(chunk))
        deciding, outcomes = _timed(lambda: worker.decide(read))
        decided = np.array([isinstance(outcome, Decision) for outcome in outcomes], np.bool_)
        computing, features = _timed(lambda: self._features(read, decided))
        scoring, _ = _timed(lambda: score_matrix(self._bundle, features))
        writing, _ = _timed(lambda: worker.write(chunk, read, outcomes))
        rest = deciding - computing - scoring
        return dict(zip(PARTS, (reading, computing, scoring, rest, writing), strict=True))

    def _features(self, read: Read, decided: Flags) -> Floats:
        view = self._worker.view(read.panel).take(decided)
        return matrix(read.panel, view)[:, self._bundle.columns]


def _timed(call: Callable[[], Result]) -> tuple[float, Result]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def main(data: str, run: str) -> None:
    """Serve the measurements."""
    parts = Parts(Path(data), Path(run))
    serve({"seconds": parts.seconds})


if __name__ == "__main__":
    main(*sys.argv[1:])
