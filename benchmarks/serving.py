"""The service beside MLServer and `mlflow models serve`, on the same booster."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import lightgbm
import numpy as np

from benchmarks import servers
from benchmarks.asked import Asked, asked, first
from benchmarks.boosters import Shape, fitted, grown, portfolio, write_booster, write_bundle
from benchmarks.databases import Database, private_server
from benchmarks.features import Say
from benchmarks.found import OURS, PEER, Figures, Found
from benchmarks.lines import Worker, core
from benchmarks.report import Topic
from benchmarks.served import topic
from benchmarks.servers import Server, ServerError

SHAPE = Shape(4, 15)
ONE = "/v1/decisions"
MANY = "/v1/decisions:batch"
WARM = 0.5  # seconds before each measurement
LEAST_MANY = 6.0  # seconds of batches: a few of them, on any server
TOLERANCE = 1e-9
Stream = tuple[str, Path, int]  # path, file of bodies, connections


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    rounds: int = 3
    seconds: float = 3.0  # of each measurement
    accounts: int = 1_000  # in one call
    fitted_on: int = 10_000  # accounts
    trees: int = 400
    connections: tuple[int, ...] = (1, 8, 32)


@dataclass(frozen=True)
class Contender:
    """A server, what it is asked, and how its answer to many gives the probabilities."""

    name: str
    start: Callable[[Path], Server]
    one: tuple[str, Path]
    many: tuple[str, Path]
    predictions: Callable[[Any], list[float]]


def measure(folder: Path, sizes: Sizes, say: Say) -> Topic:
    """Fit, save for each server, and measure them in turns."""
    say("simulating, fitting, and writing the requests")
    drawn = portfolio(folder / "fitted", sizes.fitted_on)
    booster = fitted(drawn, SHAPE, sizes.trees)
    write_bundle(drawn, booster, bundles(folder) / "cure")
    write_booster(booster, folder / "model.bst")
    requests = asked(folder, sizes.accounts)
    contenders = list(_contenders(folder, booster, requests))
    with (
        Worker(sys.executable, "benchmarks.load") as load,
        private_server() as database,
    ):
        measuring = Measuring(folder, sizes, load)
        say("comparing the answers")
        for contender in contenders:
            measuring.compare(contender, booster, requests)
        idle = measuring.trivial(requests)
        found = Found(sizes.accounts, sizes.seconds, idle, grown(booster), requests.events)
        for number in range(sizes.rounds):
            say(f"round {number + 1} of {sizes.rounds}")
            found.rounds.append(measuring.round(contenders, requests, database))
    if isinstance(database, str):
        found.missing.append(f"No PostgreSQL could be started here ({database}).")
    return topic(found)


def bundles(folder: Path) -> Path:
    """Where the bundle lies that our service loads."""
    return folder / "bundles"


def _contenders(folder: Path, booster: lightgbm.Booster, requests: Asked) -> Iterator[Contender]:
    """Those that are installed, ours first."""
    at = [server_core()]
    yield Contender(
        OURS,
        lambda where: servers.ours(where, bundles(folder), at),
        (ONE, requests.ours),
        (MANY, requests.ours_many),
        _probabilities,
    )
    if servers.MLSERVER.exists():
        path = "/v2/models/booster/infer"
        yield Contender(
            PEER,
            lambda where: servers.mlserver(where, folder / "model.bst", at),
            (path, requests.v2),
            (path, requests.v2_many),
            lambda answer: answer["outputs"][0]["data"],
        )
    _save(booster, folder / "mlflow")
    inputs = {
        "data frames": (requests.frame, requests.frame_many),
        "tensors": (requests.tensor, requests.tensor_many),
    }
    for kind, (one, many) in inputs.items():
        yield Contender(
            f"mlflow models serve, {kind}",
            lambda where: servers.mlflow(where, folder / "mlflow", at),
            ("/invocations", one),
            ("/invocations", many),
            lambda answer: answer["predictions"],
        )


def _save(booster: lightgbm.Booster, model: Path) -> None:
    """Without a signature, by which MLflow would check each of the columns of each request."""
    import mlflow.lightgbm

    mlflow.lightgbm.save_model(booster, str(model))


def _probabilities(answer: Any) -> list[float]:
    refused = [each["problem"] for each in answer["results"] if "decision" not in each]
    if refused:
        raise ServerError(f"refused, {len(refused)} accounts, the first: {refused[0]}")
    return [each["decision"]["score"]["probability"] for each in answer["results"]]


def server_core() -> int:
    """The core of the servers; the load has the last one, which is another where there is one."""
    return min(servers.cores())


class Measuring:
    """Measurements of one kind each; everything is written below the folder."""

    def __init__(self, folder: Path, sizes: Sizes, load: Worker) -> None:
        self._folder = folder / "running"
        self._sizes = sizes
        self._load = load

    def compare(self, contender: Contender, booster: lightgbm.Booster, requests: Asked) -> None:
        """ServerError where the answers are not those of the booster; warms what is cached."""
        path, file = contender.many
        with contender.start(self._empty()) as server:
            predicted = contender.predictions(server.ask(path, first(file)))
        off = np.abs(np.array(predicted) - booster.predict(requests.features)).max()
        if not off < TOLERANCE:
            raise ServerError(f"{contender.name} is off by {off}")

    def trivial(self, requests: Asked) -> dict[int, Figures]:
        """What the load itself can do, by connections."""
        with servers.trivial(self._empty(), [server_core()]) as server:
            return {
                count: self._closed(server, [("/", requests.ours, count)])[0]
                for count in self._sizes.connections
            }

    def round(
        self, contenders: list[Contender], requests: Asked, database: Database | str
    ) -> Figures:
        """Everything once."""
        found: Figures = {"servers": {}}
        for contender in contenders:
            with contender.start(self._empty()) as server:
                found["servers"][contender.name] = self._of(server, contender, requests)
        if isinstance(database, Database):
            found["workers"] = {
                workers: self._workers(workers, database, requests) for workers in (1, 2)
            }
        return found

    def _of(self, server: Server, contender: Contender, requests: Asked) -> Figures:
        found: Figures = {"ready": server.seconds}
        if contender.name == OURS:
            found["flush"] = self._load.ask("flush", folder=str(self._folder))
        found["ones"] = self._ones(server, *contender.one)
        if contender.name == OURS:
            found["eventful"] = self._ones(server, ONE, requests.eventful)
        seconds = max(self._sizes.seconds, min(LEAST_MANY, 2 * self._sizes.seconds))
        (found["many"],) = self._closed(server, [(*contender.many, 1)], seconds)
        if contender.name == OURS:
            streams = [(*contender.one, 1), (*contender.many, 1)]
            found["beside"] = self._closed(server, streams, seconds)
        largest, *others = server.memory()
        pss = largest.pss + sum(other.pss for other in others)
        return found | {"memory": {"pss": largest.pss, "rss": largest.rss, "all": pss}}

    def _ones(self, server: Server, path: str, file: Path) -> dict[int, Figures]:
        return {
            count: self._closed(server, [(path, file, count)])[0]
            for count in self._sizes.connections
        }

    def _workers(self, workers: int, database: Database, requests: Asked) -> Figures:
        """One worker on its core, or two on all cores, with so many connections to each."""
        at, everywhere = [server_core()], servers.cores()
        beside = set(everywhere) - set(at) or set(at)
        database.pin(beside if workers == 1 else set(everywhere))
        self._load.ask("pin", cores=sorted(beside) if workers == 1 else everywhere)
        server = servers.ours(
            self._empty(),
            bundles(self._folder.parent),
            at if workers == 1 else everywhere,
            workers,
            database.new(),
        )
        connections = max(self._sizes.connections) * workers
        with server:
            self._closed(server, [(ONE, requests.ours, connections)])  # every worker warm
            (found,) = self._closed(server, [(ONE, requests.ours, connections)])
            found["memory"] = sum(each.pss for each in server.memory())
        self._load.ask("pin", cores=[core() or 0])
        return found

    def _closed(
        self, server: Server, streams: list[Stream], seconds: float | None = None
    ) -> list[Figures]:
        """What each stream got, with the processor's seconds that the server took for it."""
        start, cpu = time.perf_counter(), server.cpu()
        found: list[Figures] = self._load.ask(
            "closed",
            port=server.port,
            streams=[(path, str(file), connections) for path, file, connections in streams],
            warm=WARM,
            seconds=seconds or self._sizes.seconds,
        )
        used = server.cpu() - cpu
        for each in found:
            each["cpu"] = used / each["answered"]
            each["cores"] = used / (time.perf_counter() - start)
        return found

    def _empty(self) -> Path:
        rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        return self._folder
