"""A Dask cluster of two processes for tests, on loopback."""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from training.cluster import Cluster

WORKERS = 2


@contextmanager
def local_cluster(
    workers: int = WORKERS, threads: int = 1, *, processes: bool = True
) -> Iterator[str]:
    """The address of the scheduler of a cluster of our own."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers,
        threads_per_worker=threads,
        processes=processes,
        protocol="tcp",
        dashboard_address="127.0.0.1:0",
        memory_limit=0,
        silence_logs=logging.CRITICAL,
    ) as local:
        if workers:
            local.wait_for_workers(workers)
        yield local.scheduler_address


class Killer:
    """Kills a worker of the cluster without warning, when it is first called."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.has_killed = False

    def __call__(self, *_: object) -> None:
        if not self.has_killed:
            self.has_killed = True
            pids = self._cluster.on_each(os.getpid)
            os.kill(pids[self._cluster.workers[-1]], signal.SIGKILL)
