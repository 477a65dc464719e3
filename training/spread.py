"""Training spread over a cluster: features by parts of a panel, boosters by LightGBM's learner."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import lightgbm
import numpy as np
from lightgbm.basic import LightGBMError

from features.catalogue import BY_NAME, CATALOGUE
from features.errors import InputError
from features.feature import Feature
from features.matrix import matrix
from features.panel import Floats, Panel, View
from models.score.booster import booster_text
from training.cluster import OPTION, Cluster, ClusterError
from training.config import TrainingConfig
from training.learning import Learnt, Lesson, learn, share_of
from training.parts import parts_of, writable
from training.progress import Progress

if TYPE_CHECKING:
    from distributed import Future

ACCOUNTS = 2_000  # of a part: a few megabytes
AHEAD = 4  # parts of each worker that are on their way
PATIENCE = 30  # minutes that a process waits for what another has found
LOOKS = 1.0  # seconds between two looks at whether all are there
LEFT = 30  # seconds for those that are left to start anew
TOPIC = "curescore-learning"

_QUIET = {"verbosity": -1}


class Place(NamedTuple):
    """One of several processes that learn together.

    `machines` are the addresses at which they listen to each other, `rank` the position of this
    one, `port` where it listens.
    """

    machines: tuple[str, ...]
    rank: int
    port: int


class Told(NamedTuple):
    """What a process learnt; the text of the booster, which all have, from the first alone."""

    booster: str
    trees: int
    loss: float
    margin: Floats


class Spread:
    """Computes on the workers of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def matrix(self, history: Panel, view: View, progress: Progress, /) -> Floats:
        """What features.matrix computes, to the bit; the view's rows in the accounts' order.

        A part whose worker ends is done again by another. Raises ClusterError where that keeps on.
        """
        from distributed import CancelledError, KilledWorker, as_completed

        client, what = self._cluster.client, f"computing {len(CATALOGUE)} features: snapshots"
        out = np.empty((len(view.row), len(CATALOGUE)))
        parts, done = parts_of(history, view, ACCOUNTS), 0
        at: dict[Future, slice] = {}

        def submitted(most: int) -> list["Future"]:
            made = []
            for part in islice(parts, most):
                made.append(client.submit(features_of, part.panel, part.view, pure=False))
                at[made[-1]] = slice(part.start, part.stop)
            return made

        running = as_completed(submitted(AHEAD * len(self._cluster.workers)))
        try:
            for future in running:
                rows = at.pop(future)
                out[rows] = future.result()
                done += rows.stop - rows.start
                progress(what, done, len(out))
                running.update(submitted(1))
        except (KilledWorker, CancelledError, OSError) as error:
            raise ClusterError(f"the cluster lost what computes features: {error}") from None
        return out

    def learn(
        self,
        lesson: Lesson,
        catalogue: Sequence[Feature],
        parameters: dict[str, Any],
        config: TrainingConfig,
        progress: Progress,
        /,
    ) -> Learnt:
        """What training.learning.learn finds, each worker holding its share of the rows.

        Raises InputError where the rows are too few to share, ClusterError where a worker is lost.
        """
        client, workers = self._cluster.client, self._cluster.workers
        ports = self._cluster.on_each(free_port)
        machines = tuple(f"{urlsplit(worker).hostname}:{ports[worker]}" for worker in workers)
        together = {"tree_learner": "data", "num_machines": len(workers)}
        names = [feature.name for feature in catalogue]
        shares: list[Future] = []
        for rank, worker in enumerate(workers):
            progress("handing out the rows", rank, len(workers))
            share = share_of(lesson, rank, len(workers))
            _require_rows(share, len(workers))
            shares += client.scatter([share], workers=[worker], direct=True, hash=False)
        client.subscribe_topic(TOPIC, lambda event: progress(*event[1]))
        learning = [
            client.submit(
                learnt,
                share,
                names,
                parameters | together,
                config,
                Place(machines, rank, ports[worker]),
                workers=[worker],
                pure=False,
            )
            for rank, (share, worker) in enumerate(zip(shares, workers, strict=True))
        ]
        try:
            told = self._all(learning, workers)
        finally:
            client.unsubscribe_topic(TOPIC)
        margin = np.full(lesson.fitted, np.nan)
        for rank, each in enumerate(told):
            margin[rank :: len(workers)] = each.margin
        first = told[0]
        return Learnt(lightgbm.Booster(model_str=first.booster), first.trees, first.loss, margin)

    def _all(self, learning: list["Future"], workers: list[str]) -> list[Told]:
        """What each learnt; where one fails the others cannot go on, and are ended."""
        from distributed import CancelledError, TimeoutError, wait

        client, pending = self._cluster.client, set(learning)
        try:
            while pending:
                try:
                    done = wait(pending, LOOKS, return_when="FIRST_COMPLETED").done
                except TimeoutError:
                    done = set()
                if lost := sorted({*workers} - {*self._cluster.workers}):
                    raise ClusterError(_broke_off(f"{', '.join(lost)} ended"))
                for future in done:
                    future.result()
                pending -= done
        except (LightGBMError, CancelledError, OSError) as error:  # the last: no scheduler
            raise ClusterError(_broke_off(str(error))) from None
        finally:
            if pending:  # they would wait for each other
                with suppress(OSError):
                    client.cancel(learning)
                    left = sorted({*workers} & {*self._cluster.workers})
                    client.restart_workers(left, timeout=LEFT, raise_for_error=False)
        told: list[Told] = client.gather(learning)
        return told


def features_of(history: Panel, view: View) -> Floats:
    """The features of a part of a panel, on a worker."""
    return matrix(writable(history), writable(view))


def free_port() -> int:
    """A port of a worker's machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("", 0))
        return int(free.getsockname()[1])


def learnt(
    share: Lesson,
    names: Sequence[str],
    parameters: dict[str, Any],
    config: TrainingConfig,
    place: Place,
) -> Told:
    """What a worker learns from its share, together with the others of the place."""
    from distributed import get_worker

    worker = get_worker()

    def tell(what: str, done: int = 0, total: int | None = None, /) -> None:
        if place.rank == 0:
            worker.log_event(TOPIC, (what, done, total))

    catalogue = [BY_NAME[name] for name in names]
    with _network(place):
        found = learn(share, catalogue, parameters, config, tell)
    text = booster_text(found.booster) if place.rank == 0 else ""
    return Told(text, found.trees, found.loss, found.margin)


@contextmanager
def _network(place: Place) -> Iterator[None]:
    """LightGBM's own network among the places; what this thread fits meanwhile is fitted by all."""
    if len(place.machines) == 1:
        yield
        return
    nothing = lightgbm.Dataset(np.array([[0.0], [1.0]]), np.array([0, 1]), params=_QUIET)
    hub = lightgbm.Booster(_QUIET, nothing)
    with _nothing_printed():  # that it listens
        hub.set_network(",".join(place.machines), place.port, PATIENCE, len(place.machines))
    try:
        yield
    finally:
        hub.free_network()


@contextmanager
def _nothing_printed() -> Iterator[None]:
    """Drop what the process prints on stdout, where a command's answer may go."""
    kept = os.dup(1)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _require_rows(share: Lesson, workers: int) -> None:
    """Refuse shares that lack a fold, or one of its outcomes."""
    for fold in (*share.in_time, *share.across):
        label = share.label[fold.train]
        if len(label) == 0 or label.min() == label.max():
            raise InputError(
                OPTION,
                f"has {workers} workers, which are too many to share {share.fitted * workers} rows",
                "Use fewer, or leave the option out",
            )


def _broke_off(reason: str) -> str:
    return (
        f"fitting broke off, as LightGBM's learner cannot go on without one of its machines "
        f"({reason}); nothing was registered: start again, or without {OPTION}"
    )
