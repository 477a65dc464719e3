"""A folder of tables that appears whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.errors import InputError
from features.tables import TABLES

OURS = frozenset(
    {"truth.parquet"}
    | set(TABLES)
    | {f"{name}.{suffix}" for name in TABLES for suffix in ("parquet", "csv")}
)


@contextmanager
def whole_folder(out: Path, *, force: bool) -> Iterator[Path]:
    """A folder beside `out` to write into, which takes the place of `out` on success.

    Raises InputError where `out` holds something: with `force` only where it holds something
    else than tables, which would be lost.
    """
    _check(out, force=force)
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    folder.chmod(0o755)
    try:
        yield folder
        if out.exists():
            shutil.rmtree(out)
        folder.rename(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check(out: Path, *, force: bool) -> None:
    if not out.exists():
        return
    if out.is_symlink() or not out.is_dir():
        raise InputError(str(out), "is not a folder", "Name a folder that does not exist yet")
    held = sorted(path.name for path in out.iterdir())
    others = [name for name in held if name not in OURS]
    if others:
        remedy = "Name a new folder: this one holds other things than tables"
        raise InputError(str(out), "would be replaced", remedy, ", ".join(others[:3]))
    if held and not force:
        remedy = "Name a new folder, or give --force to replace these tables"
        raise InputError(str(out), "already holds tables", remedy, ", ".join(held[:3]))
