"""On what the figures were taken."""

import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from benchmarks.lines import PEERS, core

OURS = ("numpy", "numba", "lightgbm")
THEIRS = ("polars", "pandas", "numpy", "lightgbm", "shap", "fasttreeshap")

_VERSIONS = """
import importlib.metadata as m, sys
for name in sys.argv[1:]:
    try: print(name, m.version(name))
    except m.PackageNotFoundError: print(name, "not installed")
"""


def described() -> str:
    """Processor, core, and versions on both sides, as a paragraph."""
    pinned = core()
    where = f"pinned to core {pinned}" if pinned is not None else "not pinned to a core"
    ours = ", ".join(f"{name} {version(name)}" for name in OURS)
    return (
        f"{_processor()}, one thread {where}; Python {platform.python_version()}. "
        f"Ours: {ours}. Peers: {_peers()}."
    )


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", told.read_text(), re.M) if told.exists() else None
    return found[1] if found else platform.processor() or platform.machine()


def _peers() -> str:
    if not PEERS.exists():
        return "none, as build/peers is not there (`make bench` makes it)"
    told = subprocess.run(  # noqa: S603 (the text above)
        [PEERS, "-c", _VERSIONS, *THEIRS], capture_output=True, text=True, check=True
    )
    return ", ".join(told.stdout.split("\n")[:-1])
