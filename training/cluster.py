"""A Dask cluster: reached by its scheduler's address, and used where it runs what this does.

Dask is imported here alone, and only where a cluster is asked for.
"""

import hashlib
import logging
import platform
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from features.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

OPTION = "--dask"
ADDRESS = "tcp://HOST:PORT, tls://HOST:PORT or local:N"
REACHED_WITHIN = 8  # seconds
STARTED_WITHIN = 60  # seconds, for processes of our own
TOLD = 4  # differences in a message

# What numbers and files depend on, and what must understand each other.
LIBRARIES = (
    "cloudpickle",
    "dask",
    "distributed",
    "lightgbm",
    "msgpack",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "tzdata",
)
PACKAGES = ("features", "models", "training", "service", "curescore")

Found = TypeVar("Found")


class ClusterError(Exception):
    """A cluster that cannot go on with what it was given."""


class Cluster:
    """Workers that have been looked at: each is one process with one thread, of our versions."""

    def __init__(self, client: "Client", address: str) -> None:
        self.client = client
        self.address = address

    @property
    def workers(self) -> list[str]:
        """The addresses of the workers that there are now, in order."""
        return sorted(self.client.scheduler_info()["workers"])

    def on_each(self, function: Callable[..., Found], *arguments: object) -> dict[str, Found]:
        """What the function says on each worker, at once, beside their tasks."""
        found: dict[str, Found] = self.client.run(function, *arguments)
        return found


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """The cluster whose scheduler is at the address; `local:N` starts N processes here meanwhile.

    Raises InputError where there is none, it has no workers, or they run other versions.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise InputError(
            OPTION, "needs Dask, which is not installed", "pip install 'curescore[dask]'"
        ) from None
    count = re.fullmatch(r"local:([1-9]\d?)", address)
    if count is None and not re.fullmatch(r"(tcp|tls)://\S+:\d+", address):
        raise InputError(OPTION, "is not the address of a cluster", f"Give {ADDRESS}", address)
    with _scheduler(address, count and int(count[1])) as where:
        try:
            client = Client(where, timeout=REACHED_WITHIN, set_as_default=False)
        except (OSError, TypeError, ValueError) as error:
            # TypeError, ValueError: an address that TLS is not set up for, or that is none.
            raise InputError(
                OPTION,
                f"names a scheduler that cannot be reached ({_reason(error)})",
                "Start it (dask scheduler), or name its address; tls:// needs Dask's TLS settings",
                address,
            ) from None
        with client, client.as_current():
            cluster = Cluster(client, address)
            check(cluster, versions())
            yield cluster


@contextmanager
def _scheduler(address: str, workers: int | None) -> Iterator[Any]:
    """What a client connects to: a scheduler's address, or so many processes of our own."""
    if workers is None:
        yield address
        return
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,  # what matters is told here
        memory_limit=0,  # as of processes without Dask: what there is
    ) as local:
        local.wait_for_workers(workers, timeout=STARTED_WITHIN)
        yield local


def check(cluster: Cluster, ours: Mapping[str, str]) -> None:
    """InputError where a worker would not do what this process does, of versions `ours`."""
    if not cluster.workers:
        raise InputError(
            OPTION,
            "names a scheduler that has no workers",
            f"Start some: dask worker {cluster.address} --nthreads 1 --nworkers N",
            cluster.address,
        )
    threads = cluster.client.nthreads()
    many = sorted(worker for worker, number in threads.items() if number != 1)
    if many:
        raise InputError(
            OPTION,
            f"has workers of several threads: {_first(many)}",
            "Start them with --nthreads 1, and more of them with --nworkers",
        )
    try:
        theirs = cluster.on_each(versions)
    except ModuleNotFoundError as error:
        raise InputError(
            OPTION,
            f"has workers on which this is not installed: {error}",
            "Install the same versions on every machine of the cluster",
        ) from None
    others = [
        f"{name} is {found[name]} on {worker}, {own} here"
        for worker, found in sorted(theirs.items())
        for name, own in ours.items()
        if found.get(name) != own
    ]
    if others:
        raise InputError(
            OPTION,
            f"has workers of other versions: {_first(others)}",
            "Install the same versions on every machine of the cluster",
        )


def versions() -> dict[str, str]:
    """Versions of Python, of the libraries that matter and of our own code, with its digest."""
    libraries = {name: version(name) for name in LIBRARIES}
    python = platform.python_version()
    return {"python": python, **libraries, "curescore": f"{version('curescore')} {_code()}"}


def host() -> str:
    """The machine's name."""
    return socket.gethostname()


def _code() -> str:
    """The first digits of the digest of all our code."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        spec = find_spec(package)
        assert spec is not None
        for root in map(Path, spec.submodule_search_locations or ()):
            for path in sorted(root.rglob("*.py")):
                digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _first(told: list[str]) -> str:
    more = len(told) - TOLD
    return "; ".join(told[:TOLD]) + (f"; {more} more" if more > 0 else "")


def _reason(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
