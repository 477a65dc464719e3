"""Features in polars or pandas, measured: `python -m benchmarks.peers.frames LIBRARY FOLDER`."""

import sys
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.arrays import ONE_BY_ONE, each, read
from benchmarks.lines import serve
from benchmarks.measures import cpu_seconds, median_seconds, peak_memory

WARM = 3


class Frames:
    """The statements in the folder as a frame of one library."""

    def __init__(self, library: str, folder: Path) -> None:
        self._version = f"{library} {version(library)}"
        self._library = import_module(f"benchmarks.peers.{library}_features")
        statements = read(folder, "statements")
        self._as_of = float(np.load(folder / "as_of.npy"))
        accounts = int(statements["account"][-1]) + 1
        self._alone = each(statements, min(ONE_BY_ONE, accounts))
        self._statements = self._library.frame(statements)
        for one in self._alone[:WARM]:
            self._one(one)

    def names(self) -> list[str]:
        """The features computed."""
        return list(self._one(self._alone[0]).columns)

    def version(self) -> str:
        """Name and version of the library."""
        return self._version

    def values(self, names: list[str], path: str) -> None:
        """Write accounts × those features to the path."""
        computed = self._every()[names]
        np.save(path, np.column_stack([np.asarray(computed[n], np.float64) for n in names]))

    def seconds(self) -> float:
        """Seconds from the frame of all statements to the frame of features."""
        return cpu_seconds(self._every)

    def one(self) -> float:
        """Median seconds from the arrays of one account to its frame of features."""
        return median_seconds([partial(self._one, one) for one in self._alone])

    def memory(self) -> tuple[float, float] | None:
        """MB before computing all features, and by how many the peak is above."""
        return peak_memory(self._every)

    def _every(self) -> Any:
        return self._library.features(self._statements, self._as_of)

    def _one(self, arrays: dict[str, Any]) -> Any:
        return self._library.features(self._library.frame(arrays), self._as_of)


def main(library: str, folder: str) -> None:
    """Serve the measurements."""
    frames = Frames(library, Path(folder))
    serve(
        {
            "names": frames.names,
            "version": frames.version,
            "values": frames.values,
            "seconds": frames.seconds,
            "one": frames.one,
            "memory": frames.memory,
        }
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
