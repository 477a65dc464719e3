"""What a nightly run is asked to do, and who is told how far it is."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from models.intensity.capacity import Capacity
from training.cluster import Cluster


class Told(NamedTuple):
    """Who is told of the run: what is being prepared; what is done to accounts, how many before
    and in all; and of those done.
    """

    status: Callable[[str], None]
    begin: Callable[[str, int, int], None]
    done: Callable[[int], None]


class Terms(NamedTuple):
    """What a run is asked to do.

    `as_of` None is the moment at which it begins; `reasons` None keeps every one; `chunk` is
    the number of accounts done together, which bounds the memory of a worker; `capacity` None
    does not look at it; `publish` lets the service use the plan that follows from it; `record`
    puts the decisions into the service's decision log too. On a `cluster`, whose machines share the
    folders, its workers do the chunks; None: processes of this machine.
    """

    data: Path
    out: Path
    as_of: datetime | None
    reasons: int | None
    chunk: int
    workers: int
    capacity: Capacity | None = None
    publish: bool = True
    record: bool = False
    cluster: Cluster | None = None

    @property
    def per_day(self) -> dict[str, float | None] | None:
        """The capacity as the run's manifest tells it."""
        return None if self.capacity is None else self.capacity.per_day.model_dump()
