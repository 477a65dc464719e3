"""A copy of SQLite's database, taken while decisions are being recorded."""

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from features.errors import InputError
from models.durable import sync
from service.database import DatabaseError, connect


class Copy(NamedTuple):
    """A copy that was read back: its decisions, and its length in bytes."""

    decisions: int
    size: int


def backup(url: str, target: Path) -> Copy:
    """Copy the database to `target`, a new file that only its owner may read, and check it.

    The copy holds every decision that was recorded when it began, and no pages that pruning
    has freed. It appears under its name when it is whole and on the disk. InputError where
    there is such a file, or the database is PostgreSQL's; DatabaseError for a copy that is
    damaged or lacks decisions; OSError.
    """
    if not url.startswith("sqlite"):
        remedy = "Use pg_dump, as docs/operations.md shows"
        raise InputError("the database", "is PostgreSQL's, which has tools for this", remedy)
    if target.exists():
        raise InputError("FILE", "is there already", "Name a new file", str(target))
    engine = connect(url)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    partial = Path(name)
    try:
        before = _decisions(engine)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM INTO :name"), {"name": name})
        copy = _checked(partial, before)
        os.fsync(handle)
        partial.rename(target)
        sync(target.parent)
    finally:
        engine.dispose()
        os.close(handle)
        partial.unlink(missing_ok=True)
    return copy


def _checked(path: Path, before: int) -> Copy:
    """What the copy at `path` holds; DatabaseError unless it is sound and has all of `before`."""
    # Not `connect`: it would switch the copy to a journal of its own, which is further files.
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))
    with engine.connect() as connection:
        said = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
    decisions = _decisions(engine)
    engine.dispose()
    if said != "ok" or decisions < before:
        raise DatabaseError(
            f"the copy is not sound ({said}) or lacks decisions ({decisions} of {before}); check "
            "the disk, and the database with: PRAGMA integrity_check"
        )
    return Copy(decisions, path.stat().st_size)


def _decisions(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM decisions").scalar_one())
