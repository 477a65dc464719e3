"""Processes that are another's: they end when it does."""

import os
import threading
from multiprocessing import connection, parent_process


def end_with_parent() -> None:
    """From now on, end this process at once when the one that started it ends, however that was."""
    threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)
