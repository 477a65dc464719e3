"""An export from end to end: a snapshot of the log into a folder of tables, whole or not at all."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from curescore.exporting.written import Written
from features.errors import InputError
from models.durable import new_folder
from service.log.exported import Totals, Window, snapshot

SCHEMA = 1
MANIFEST = "export.json"

Told = Callable[[str, int, int], None]  # what is gone through, how much of it, of how much


def export(engine: sa.Engine, out: Path, window: Window, told: Told) -> dict[str, Any]:
    """Write what the log holds of the window as tables into `out`, a new folder or an empty one.

    Returns the manifest, which is written beside them. InputError where `out` holds something, or
    the window no decision; DatabaseError for what is stored and cannot be read.
    """
    _check_free(out)
    with new_folder(out) as folder:
        with snapshot(engine, window) as log:
            read_at, totals = datetime.now(UTC), log.totals()
            if not totals.decisions:
                problem = "holds no decision that was made on these days"
                remedy = "Widen --from and --until, or name its database (CURESCORE_DATABASE_URL)"
                raise InputError("the decision log", problem, remedy)
            with Written(folder) as written:
                for seen in log.accounts():
                    written.add(seen)
                    told("decisions", written.seen["decisions"], totals.decisions)
        manifest = {
            "schema": SCHEMA,
            "code": version("curescore"),
            "read_at": read_at.isoformat(),
            "decided_from": window.start and window.start.isoformat(),
            "before": window.end and window.end.isoformat(),
            "rows": written.rows,
            "left_out": _told(written.left_out | _never_decided(written, totals)),
            "changed": _told(written.changed),
            "files": {path.name: _sha256(path) for path in sorted(folder.glob("*.parquet"))},
        }
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    return manifest


def _check_free(out: Path) -> None:
    remedy = "Name a new folder"
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(str(out), "is not a folder", remedy)
    held = sorted(path.name for path in out.iterdir()) if out.exists() else []
    if held:
        raise InputError(str(out), "already holds something", remedy, ", ".join(held[:3]))


def _never_decided(written: Written, totals: Totals) -> dict[str, int]:
    """What happened to accounts that have no decision in the window: tables cannot hold it."""
    return {
        f"{name}_of_accounts_not_decided": getattr(totals, name) - written.seen[name]
        for name in ("events", "steps")
    }


def _told(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in sorted(counts.items()) if count}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
