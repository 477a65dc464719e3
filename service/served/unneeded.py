"""What training has installed, and serving leaves alone."""

import sys

TRAINING_ONLY = ("pandas", "sklearn", "pyarrow", "dask")


def leave_out() -> None:
    """Keep LightGBM and MLflow from importing, where it is there, what no request needs.

    It would take a second and 120 MB. For a process that serves, before it imports either; in the
    service's image these packages are absent.
    """
    for name in TRAINING_ONLY:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # as where it is absent
