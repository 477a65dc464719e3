"""Where a model comes from: the data it was trained on and the code that trained it."""

import hashlib
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from training.tables import Tables

_ROOT = Path(__file__).resolve().parent.parent


def data_sha256(tables: Tables) -> str:
    """SHA-256 over every table's columns and values, whatever the file format.

    Rows are in the order of the key there, so that of the files does not matter.
    """
    digest = hashlib.sha256()
    for name, table in sorted(vars(tables).items()):
        if table is None:
            continue
        digest.update(f"{name}:{','.join(table.columns)}:{len(table)}\n".encode())
        digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    return digest.hexdigest()


def package_version() -> str:
    """Version of the installed package; "unknown" where it is not installed."""
    try:
        return version("curescore")
    except PackageNotFoundError:
        return "unknown"


def code_version() -> str:
    """Package version, with the commit (and `.dirty`) where this is a checkout."""
    commit = _git("rev-parse", "--short=12", "HEAD") if (_ROOT / ".git").exists() else None
    if not commit:
        return package_version()
    dirty = ".dirty" if _git("status", "--porcelain", "--untracked-files=no") else ""
    return f"{package_version()}+g{commit}{dirty}"


def _git(*arguments: str) -> str | None:
    """What git printed; None where there is no git or it failed."""
    try:
        done = subprocess.run(  # nosec B603 B607  # noqa: S603 (fixed arguments, no shell)
            ["git", "-C", str(_ROOT), *arguments],  # noqa: S607 (the user's own git)
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
