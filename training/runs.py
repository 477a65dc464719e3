"""Rows sorted by account id on disk: runs that fit into memory are sorted, then merged."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import chain, count
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from training.rowgroups import PLACE, account_ids

COPIES = 3  # of a run that memory holds while it is sorted
FAN = 32  # runs that are merged at a time
BLOCK = 2**12  # rows of each of them that memory holds

Key = tuple[bytes, int, int]


def sorted_rows(tables: Iterable[pa.Table], folder: Path, memory: int) -> Iterator[pa.Table]:
    """Rows by the bytes of their account id (none is like an empty one), file and row.

    They come in that of file and row, the columns of PLACE. About `memory` bytes are held,
    however many rows there are; runs of them lie in `folder` meanwhile.
    """
    paths = (folder / f"{number}.arrow" for number in count())
    runs = [_written(_ordered(rows), next(paths)) for rows in _held(tables, memory // COPIES)]
    while len(runs) > FAN:
        parts = [runs[k : k + FAN] for k in range(0, len(runs), FAN)]
        runs = [_written(_merged(part), next(paths)) for part in parts]
    yield from _merged(runs)


def _held(tables: Iterable[pa.Table], size: int) -> Iterator[pa.Table]:
    """Tables in a row together, of about `size` bytes."""
    held, bytes_held = [], 0
    for table in tables:
        held.append(table)
        bytes_held += table.nbytes
        if bytes_held >= size:
            yield pa.concat_tables(held)
            held, bytes_held = [], 0
    if held:
        yield pa.concat_tables(held)


def _ordered(rows: pa.Table) -> Iterator[pa.Table]:
    """Stable, so that the rows of an account stay in their order."""
    rows = rows.combine_chunks()
    yield rows.take(pc.array_sort_indices(_ids(rows)))


def _ids(rows: pa.Table) -> pa.Array:
    return pc.fill_null(account_ids(rows), b"")


def _written(tables: Iterator[pa.Table], path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    first = next(tables)
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with (
        pa.OSFile(str(path), "wb") as file,
        pa.ipc.new_stream(file, first.schema, options=options) as stream,
    ):
        for rows in chain([first], tables):
            stream.write_table(rows.combine_chunks(), BLOCK)
    return path


class _Run:
    """A sorted run, of which one block is held; its file is removed at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = pa.OSFile(str(path))
        self._blocks = pa.ipc.open_stream(self._file)
        self._hold_next()

    def _hold_next(self) -> None:
        self._block: pa.Table | None = None
        self._at = 0
        for batch in self._blocks:
            self._block = pa.table(batch)
            self._ids = _ids(self._block)
            self._places = [self._block[name].to_numpy() for name in PLACE.names]
            return
        self._file.close()
        self._path.unlink()

    @property
    def is_read(self) -> bool:
        """Whether there are no more rows."""
        return self._block is None

    def key(self, row: int) -> Key:
        """What the block's row is sorted by."""
        file, number = self._places
        return self._ids[row].as_py(), int(file[row]), int(number[row])

    def end(self) -> Key:
        """The key of the block's last row."""
        return self.key(len(self._ids) - 1)

    def through(self, end: Key) -> pa.Table:
        """The block's next rows, to the last whose key is not after `end`."""
        assert self._block is not None
        stop = bisect_right(range(len(self._ids)), end, self._at, key=self.key)
        rows = self._block.slice(self._at, stop - self._at)
        self._at = stop
        if stop == len(self._ids):
            self._hold_next()
        return rows


def _merged(paths: list[Path]) -> Iterator[pa.Table]:
    """The rows of sorted runs, which follow each other by file and row, as one."""
    runs = [_Run(path) for path in paths]
    while runs := [run for run in runs if not run.is_read]:
        end = min(run.end() for run in runs)  # no run has a row before it that is not held
        yield from _ordered(pa.concat_tables([run.through(end) for run in runs]))
