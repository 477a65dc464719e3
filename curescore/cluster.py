"""The option --dask: a cluster on which a command works."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.cluster import Cluster
    from training.computing import Computing

Dask = Annotated[
    str | None,
    typer.Option(
        "--dask",
        metavar="ADDRESS",
        help="Work on a Dask cluster: the address of its scheduler, such as tcp://10.0.0.1:8786; "
        "local:2 tries it with two processes here.",
        show_default=False,
    ),
]


@contextmanager
def cluster_at(address: str | None) -> Iterator["Cluster | None"]:
    """The cluster at the address, while it is used; None where none is asked for."""
    if address is None:
        yield None
        return
    from training.cluster import connected

    with connected(address) as cluster:
        yield cluster


@contextmanager
def computing_at(address: str | None) -> Iterator["Computing | None"]:
    """Where training computes: on the cluster at the address, or here (None)."""
    with cluster_at(address) as cluster:
        if cluster is None:
            yield None
            return
        from training.spread import Spread

        yield Spread(cluster)
