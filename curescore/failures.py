"""Failures that are nobody's input: told in one line, with exit code 1."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from curescore.console import err
from features.errors import InputError

FAILED = 1
# What the extra `train` installs, by the names that it is imported by.
_TRAINS = {"matplotlib", "optuna", "pandas", "pandera", "pyarrow", "scipy", "sklearn"}


@contextmanager
def told() -> Iterator[None]:
    """Tell what keeps a file, the database or the models from being used; exit with code 1."""
    try:
        yield
    except InputError:  # told elsewhere, with its own exit code
        raise
    except Exception as error:
        reason = _reason(error)
        if reason is None:
            raise
        err.print(reason, markup=False, soft_wrap=True)
        raise typer.Exit(FAILED) from error


def _reason(error: Exception) -> str | None:
    """The line that says why; None for a defect of ours, which deserves its traceback."""
    if isinstance(error, ModuleNotFoundError) and error.name in _TRAINS:
        remedy = "install what trains: pip install 'curescore[train]'"
        return f"cannot go on: {error.name} is not installed; {remedy}"
    from sqlalchemy.exc import SQLAlchemyError

    from curescore.nightly.manifest import RunError
    from models.intensity.plan import PlanError
    from models.score.manifest import BundleError
    from service.database import DatabaseError
    from service.replay.making import ReplayError
    from service.reports.store import ReportError
    from service.served.registry import ModelsError
    from training.cluster import ClusterError

    if isinstance(error, OSError):
        return f"cannot go on: {_system(error)}"
    told = DatabaseError | ModelsError | BundleError | PlanError | RunError | ClusterError
    if isinstance(error, told | ReportError):
        return f"cannot go on: {error}"
    if isinstance(error, ReplayError):
        return f"cannot be replayed: {error}"
    if isinstance(error, SQLAlchemyError):
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        return f"the database cannot be used: {reason}"
    return _tracking(error)


def _system(error: OSError) -> str:
    """The file and the system's word for it; no other text, which may quote a file."""
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def _tracking(error: Exception) -> str | None:
    if "mlflow" not in sys.modules:  # slow to import, and not where this comes from
        return None
    from mlflow.exceptions import MlflowException

    if not isinstance(error, MlflowException):
        return None
    return f"MLflow cannot be used: {(str(error).strip() or type(error).__name__).splitlines()[0]}"
